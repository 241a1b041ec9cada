"""Takes the encoder out of a run: weights anybody can load with timm, and a card that says what they are."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import CheckpointError, StoreError
from engine.jobs.keeper import Keeper
from engine.method import Method
from engine.nn.encoders import ENCODERS, make_encoder
from engine.nn.vit import LAYER_NORM_EPS
from engine.parts import make_method
from engine.recipe import Recipe
from engine.store import Run, Store, add_artifact, get_run

CHECK_PICTURES = 4
TOLERANCE = 1e-5

SNIPPET = '''"""Loads the exported encoder with timm; needs torch, timm and safetensors."""

import json
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer

here = Path(__file__).parent
card = json.loads((here / "config.json").read_text())
network = card["network"]
encoder = VisionTransformer(
    **{name: value for name, value in network.items() if name != "layer_norm_eps"},
    num_classes=0,
    norm_layer=partial(torch.nn.LayerNorm, eps=network["layer_norm_eps"]),
)
encoder.load_state_dict(load_file(here / "encoder.safetensors"))
encoder.eval()

# Pictures in 0..1, shape (B, C, H, W), then: (pictures - mean) / std with the card's "mean" and "std".
size = network["img_size"]
with torch.no_grad():
    tokens = encoder.forward_features(torch.zeros(1, network["in_chans"], size, size))
print(card["title"], "gives tokens of shape", tuple(tokens.shape), "- the first is the class token")
'''


def export_run(store: Store, run_id: int, out: Path) -> Path:
    """Write a run's encoder as ``encoder.safetensors``, ``config.json`` and ``load_encoder.py``.

    The exported weights are loaded again and must give the features of the checkpoint.

    Args:
        store: Where the run is.
        run_id: Which run.
        out: Folder to write to; made where it is missing.

    Returns:
        The folder.

    Raises:
        EngineError: If the run has no checkpoint or the folder cannot be written.
    """
    run = get_run(store, run_id)
    recipe = Recipe.model_validate(run.recipe)
    content, _ = Keeper(store, run_id, keep=1, total_steps=run.total_steps).newest()
    if content is None:
        raise CheckpointError(
            f"Run {run_id} has no checkpoint to export.", "Train it first, or press Save now."
        )
    method = make_method(recipe, num_classes=int(content.get("num_classes", 0))).eval()
    method.load_state_dict(content["trainer"]["method"])
    weights = {
        name: value.contiguous() for name, value in method.evaluated_encoder.network.state_dict().items()
    }
    _check(recipe, method, weights)
    _write(out, weights, _card(run, recipe, method, int(content["step"])))
    size = sum(file.stat().st_size for file in out.iterdir() if file.is_file())
    add_artifact(store, run_id, kind="export", path=out.absolute(), step=int(content["step"]), size=size)
    return out


def _write(out: Path, weights: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write the three files, all of them or none."""
    names = ("encoder.safetensors", "config.json", "load_encoder.py")
    beside = {name: out / f"{name}.tmp" for name in names}
    try:
        out.mkdir(parents=True, exist_ok=True)
        save_file(weights, beside["encoder.safetensors"])
        beside["config.json"].write_text(json.dumps(card, indent=1), encoding="utf-8")
        beside["load_encoder.py"].write_text(SNIPPET, encoding="utf-8")
        for name, file in beside.items():
            file.replace(out / name)
    except (OSError, SafetensorError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else problem
        raise StoreError(
            f"The encoder cannot be written to {out}: {reason}.", "Free some space, or choose another folder."
        ) from problem
    finally:
        for file in beside.values():
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _card(run: Run, recipe: Recipe, method: Method, step: int) -> dict[str, Any]:
    """Everything that is needed to build the network, to feed it, and to know where it comes from."""
    size, normalise = ENCODERS[recipe.encoder.name], method.normalise(recipe.data.channels)
    return {
        "title": f"{size.title} pretrained with {method.title}",
        "network": {
            "img_size": recipe.encoder.image_size,
            "patch_size": recipe.encoder.patch_size,
            "in_chans": recipe.data.channels,
            "embed_dim": size.width,
            "depth": size.depth,
            "num_heads": size.heads,
            "layer_norm_eps": LAYER_NORM_EPS,
        },
        "mean": normalise.mean.flatten().tolist(),
        "std": normalise.std.flatten().tolist(),
        "run": {
            "id": run.id,
            "name": run.name,
            "step": step,
            "seed": run.seed,
            "data fingerprint": run.fingerprint,
            "versions": run.versions,
        },
        "recipe": recipe.model_dump(),
    }


def _check(recipe: Recipe, method: Method, weights: dict[str, Tensor]) -> None:
    """Load the weights into a fresh network and compare its features with the run's own."""
    fresh = make_encoder(recipe.encoder, channels=recipe.data.channels).eval()
    fresh.network.load_state_dict(weights)
    side = recipe.encoder.image_size
    images = torch.randn(CHECK_PICTURES, recipe.data.channels, side, side)
    with torch.no_grad():
        difference = (fresh.features(images) - method.features(images)).abs().max()
    if difference > TOLERANCE:
        raise CheckpointError(
            f"The exported encoder differs from the run's by {difference:.1e}.", "Please report this."
        )
