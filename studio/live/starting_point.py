"""A run as the start of another one: the settings that build the same encoder and begin with its weights."""

from typing import Any

from engine.store import Run

_SAME = ("name", "image_size", "patch_size", "stem", "layer_scale")


def changes_to_start_from(run: Run) -> dict[str, Any]:
    """What a new run must set to start from the encoder of this one.

    Args:
        run: One that has a checkpoint.

    Returns:
        Dotted setting name -> value.
    """
    recipe = run.recipe
    encoder, data = recipe.get("encoder", {}), recipe.get("data", {})
    changes = {f"encoder.{name}": encoder[name] for name in _SAME if name in encoder}
    changes |= {f"data.{name}": data[name] for name in ("channels", "normalise") if name in data}
    return {**changes, "encoder.weights": f"run:{run.id}"}
