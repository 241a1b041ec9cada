"""What a run takes, as far as its recipe tells: work, memory, room for checkpoints. Rough, and said to be.

Arithmetic of transformers after Korthikanti et al., https://arxiv.org/abs/2205.05198, section 4; the work of ResNets
is that of their papers at 224 px, and goes with the pixels.
"""

from engine.declared.catalogue import EncoderEntry, load_catalogue
from engine.plan import Plan
from engine.recipe import Recipe

WEIGHT_BYTES = 4
SPREAD_CHECKPOINTS = 11  # the best one and ten over the run stay as well
MOMENTS = {"adamw": 2, "sgd": 1, "lars": 1}
PASSES = 3  # forward once, backward twice the work
# Of a core in fp32: 15 to 35 by the quick recipes (README's table); bf16, where there is, is 2.7 times as fast.
CORE_FLOPS = 25e9
SPREAD = 3  # how far off the time may be, either way
RESNET_GIGAFLOPS_PER_M = 0.17  # ResNet-50: 4.1 for 23.5 million weights at 224 px
RESNET_PX = 224


def moments(recipe: Recipe) -> int:
    """Numbers that the optimizer keeps for each weight."""
    return MOMENTS[recipe.training.optimizer]


def weights(recipe: Recipe) -> float:
    """Weights of the encoder; what a method adds is not counted."""
    return load_catalogue().encoder(recipe.encoder.name).params_m * 1e6


def checkpoint_bytes(recipe: Recipe) -> float:
    """Room that one checkpoint takes at least: the encoder's weights and its optimizer's moments."""
    return weights(recipe) * WEIGHT_BYTES * (1 + moments(recipe))


def most_checkpoints(recipe: Recipe, plan: Plan | None = None) -> int:
    """Checkpoints that a run keeps at most; a short one has no more than its steps and its start."""
    most = recipe.training.keep_checkpoints + SPREAD_CHECKPOINTS
    return most if plan is None else min(most, plan.total_steps + 1)


def memory_bytes(recipe: Recipe) -> float:
    """Memory of the device that training needs at least: weights, gradients and moments of the encoder."""
    return weights(recipe) * WEIGHT_BYTES * (2 + moments(recipe))


def seconds_on_cores(recipe: Recipe, plan: Plan, cores: int) -> float:
    """Time on so many cores of a processor; right within a factor of ``SPREAD``."""
    seen = plan.total_batches * recipe.training.batch_size
    return seen * picture_flops(recipe) * PASSES / (max(cores, 1) * CORE_FLOPS)


def picture_flops(recipe: Recipe) -> float:
    """Work of one pass of all views of a picture through the encoder."""
    entry, encoder = load_catalogue().encoder(recipe.encoder.name), recipe.encoder
    whole = _view_flops(entry, encoder.image_size, encoder.patch_size)
    method = load_catalogue().method(recipe.method)
    if method.needs_tokens:  # hidden patches are left to a light decoder
        return whole * (1 - float(recipe.settings.get("mask_ratio", 0.0)))
    local = int(recipe.settings.get("local_crops", 0))
    side = int(recipe.settings.get("local_size", 0))
    views = 1 if method.needs_labels else 2
    return views * whole + local * _view_flops(entry, side, encoder.patch_size)


def _view_flops(entry: EncoderEntry, side: int, patch: int) -> float:
    if entry.family == "vit":
        tokens = max(side // max(patch, 1), 1) ** 2
        return 2 * tokens * entry.params_m * 1e6 + 4 * tokens**2 * entry.width * entry.depth
    return 1e9 * RESNET_GIGAFLOPS_PER_M * entry.params_m * (side / RESNET_PX) ** 2
