"""Which encoder a set of weights belongs to, read from the shapes of its tensors."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from engine.encoder_names import USUAL_RATIO, SimclrDimensions, VitDimensions
from engine.errors import CheckpointError, SettingsError
from engine.nn.resnet import RESNET_SIZES, make_resnet
from engine.nn.simclr_resnet import BLOCKS
from engine.nn.vit import VIT_SIZES
from engine.recipe import EncoderSettings

RESNET_PICTURES = 224  # px, what published ResNets were trained with
SMALL_PICTURES = 32
USUAL_HEADS = {size.width: size.heads for size in VIT_SIZES.values()}
LEAST_LAYER_SCALE = 1e-5

Shapes = Mapping[str, tuple[int, ...]]


def infer_encoder(
    tensors: Mapping[str, Tensor], *, heads: int | None = None, known_heads: Mapping[int, int] | None = None
) -> tuple[EncoderSettings, int]:
    """Read the encoder from its weights.

    Args:
        tensors: Name in timm -> tensor.
        heads: Attention heads, where the person says so: no shape tells them.
        known_heads: Width -> heads of the format, where they differ from the usual ones; 0 asks the person.

    Returns:
        The encoder as the weights were trained, and its colour channels.

    Raises:
        CheckpointError: If it is no encoder that can be built, or the heads must be said.
    """
    if "patch_embed.proj.weight" in tensors:
        return _infer_vit(tensors, heads, known_heads or {})
    if "stem.0.weight" in tensors:
        return _infer_simclr(tensors)
    return _infer_resnet(tensors)


def _infer_vit(
    tensors: Mapping[str, Tensor], heads: int | None, known_heads: Mapping[int, int]
) -> tuple[EncoderSettings, int]:
    patch = tensors["patch_embed.proj.weight"]
    _check_vit(tensors, patch)
    width, depth, side = patch.shape[0], _count(tensors, r"blocks\.(\d+)\."), patch.shape[-1]
    dimensions = VitDimensions(width, depth, _heads(width, heads, known_heads), _hidden(tensors, width))
    name = next(
        (
            name
            for name, size in VIT_SIZES.items()
            if dimensions.is_usual
            and (size.width, size.depth, size.heads) == (width, depth, dimensions.heads)
        ),
        dimensions.name,
    )
    grid = _grid(tensors["pos_embed"])
    gammas = [value for key, value in tensors.items() if key.endswith("ls1.gamma")]
    start = max(float(gammas[0].float().abs().mean()), LEAST_LAYER_SCALE) if gammas else 0.0
    try:
        settings = EncoderSettings(
            name=name, image_size=grid * side, patch_size=side, layer_scale=min(round(start, 6), 1.0)
        )
    except ValueError as problem:
        raise CheckpointError(
            f"A transformer for pictures of {grid * side} px in patches of {side} px is beyond what can be built here.",
            "Pictures of 16 to 1024 px in patches of 1 to 64 px can.",
        ) from problem
    return settings, patch.shape[1]


def _check_vit(tensors: Mapping[str, Tensor], patch: Tensor) -> None:
    """Refuse a transformer that only looks like ours."""
    for needed, what in (("cls_token", "class token"), ("pos_embed", "table of positions")):
        if needed not in tensors or tensors[needed].ndim != 3:
            raise CheckpointError(
                f"The transformer in the file has no {what}.", "Such an encoder cannot be built here."
            )
    is_square = patch.ndim == 4 and patch.shape[2] == patch.shape[3]
    if not is_square or tensors["cls_token"].shape[-1] != patch.shape[0]:
        raise CheckpointError(
            "The patch embedding in the file has a shape that no known transformer has.",
            "Choose another file.",
        )


def _hidden(tensors: Mapping[str, Tensor], width: int) -> int:
    """Width of the hidden layers; the usual one where a file has none, which fitting tells then."""
    first = tensors.get("blocks.0.mlp.fc1.weight")
    return int(first.shape[0]) if first is not None and first.numel() else USUAL_RATIO * width


def _grid(table: Tensor) -> int:
    """Side of the square grid of a position table (1, 1 + N, D)."""
    places = table.shape[1] - 1
    side: int = round(max(places, 0) ** 0.5)
    if side < 1 or side * side != places:
        raise CheckpointError(
            f"The file has positions for {table.shape[1]} tokens, which is no class token and a square of patches.",
            "Only square grids can be read.",
        )
    return side


def _heads(width: int, asked: int | None, known: Mapping[int, int]) -> int:
    """Attention heads: as the person says, as the format has them, or as all published networks of this width."""
    heads: int = asked or known.get(width, USUAL_HEADS.get(width, 0))
    if not heads:
        raise SettingsError(
            f"Weights of width {width} do not say how many attention heads they are for.",
            f"Give the number, such as --heads {max(width // 64, 1)}.",
            field="heads",
        )
    if width % heads:
        raise SettingsError(
            f"{heads} heads do not divide a width of {width}.", "Give a number that does.", field="heads"
        )
    return heads


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """Blocks of a stage or of a transformer: one more than the highest number."""
    numbers = [int(found[1]) for name in tensors if (found := re.match(pattern, name))]
    return max(numbers, default=-1) + 1


def _infer_simclr(tensors: Mapping[str, Tensor]) -> tuple[EncoderSettings, int]:
    blocks = tuple(_count(tensors, rf"layer{group}\.(\d+)\.") for group in range(1, 5))
    depth = next((depth for depth, known in BLOCKS.items() if known == blocks), None)
    first = tensors.get("layer1.0.conv1.weight")
    if depth is None or first is None or first.shape[0] % 64:
        raise CheckpointError(
            f"No SimCLR ResNet has {', '.join(map(str, blocks))} blocks.", "The file may be incomplete."
        )
    selective = any(".conv2.paths." in name for name in tensors)
    dimensions = SimclrDimensions(depth, first.shape[0] // 64, selective)
    stem = tensors["stem.0.weight"]
    is_small = stem.shape[-1] == 3 and "stem.2.weight" not in tensors
    return _resnet_settings(dimensions.name, is_small=is_small), stem.shape[1]


def _infer_resnet(tensors: Mapping[str, Tensor]) -> tuple[EncoderSettings, int]:
    stem = tensors.get("conv1.weight")
    if stem is None or stem.ndim != 4:
        raise CheckpointError("The file has no first layer of a known form.", "It may be incomplete.")
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    name = max(RESNET_SIZES, key=lambda name: _likeness(name, shapes))
    return _resnet_settings(name, is_small=stem.shape[-1] == 3), stem.shape[1]


def _likeness(name: str, shapes: Shapes) -> int:
    """How many tensors of a ResNet are in the file with their shape, less those that are only in one of the two."""
    with torch.device("meta"):  # compared without a byte of memory
        state = make_resnet(name).network.state_dict()
    same = sum(shapes.get(key) == tuple(value.shape) for key, value in state.items())
    return 2 * same - len(state) - len(shapes)


def _resnet_settings(name: str, *, is_small: bool) -> EncoderSettings:
    size = SMALL_PICTURES if is_small else RESNET_PICTURES
    return EncoderSettings(name=name, image_size=size, stem="small" if is_small else "large")
