"""A folder that ``timm.create_model("local-dir:FOLDER", pretrained=True)`` loads, with a script that does so."""

import json
from pathlib import Path
from typing import Any, cast

import timm
import torch
from safetensors.torch import save_file
from torch import nn

from engine.errors import SettingsError
from engine.exports.snippets import read_function
from engine.exports.subject import Subject, check_features
from engine.exports.timm_architecture import architecture, other_stride, stem_lines
from engine.nn.encoders import encoder_size
from engine.nn.normalise import name_of
from engine.passport import Passport, write_passport

FILES = WEIGHTS, CONFIG, SCRIPT = ("model.safetensors", "config.json", "load_encoder.py")

SCRIPT_TEXT = '''"""Loads the exported encoder with timm, and pictures as it expects them; needs timm, safetensors."""

import json
from pathlib import Path

%(numpy)simport safetensors.torch
import timm
import torch
from PIL import Image, ImageOps

here = Path(__file__).resolve().parent
config = json.loads((here / "config.json").read_text(encoding="utf-8"))
model = timm.create_model(f"local-dir:{here}", pretrained=%(pretrained)s)
%(stem)smodel.eval()
# The view of config.json: resized, cut, brought to 0..1, normalised.
transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))


%(read)s


if __name__ == "__main__":
    pictures = torch.zeros(1, *config["pretrained_cfg"]["input_size"])  # or torch.stack([read("picture.jpg")])
    with torch.no_grad():
        features = model(pictures)
    print(config["studio"]["title"], "gives features of shape", tuple(features.shape))
'''


def write_timm_folder(subject: Subject, folder: Path) -> float:
    """Write weights, config and script, load them with timm and compare; returns the relative difference.

    Raises:
        SettingsError: If timm has no such network.
    """
    if subject.family == "simclr_resnet":
        raise SettingsError(
            "timm has no ResNet of SimCLR v2's kind.",
            "Export it as state-dict, onnx or torch-export.",
            field="format",
        )
    stride = other_stride(subject)
    save_file(subject.state(), folder / WEIGHTS, write_passport(_passport(subject)))
    (folder / CONFIG).write_text(json.dumps(_config(subject), indent=1), encoding="utf-8")
    (folder / SCRIPT).write_text(_script(subject, stride), encoding="utf-8")
    pictures = subject.check_pictures()
    with torch.no_grad():
        return check_features(subject, _load(subject, folder, stride)(pictures), pictures, "timm's copy")


def _script(subject: Subject, stride: int | None) -> str:
    return SCRIPT_TEXT % {
        "numpy": "import numpy\n" if subject.view.deep_range else "",
        "pretrained": stride is None,
        "stem": _stem(subject),
        "read": read_function(subject, "transform"),
    }


def _stem(subject: Subject) -> str:
    """Lines of the script for a first layer that timm does not know."""
    lines = stem_lines(subject, "model")
    load = f'model.load_state_dict(safetensors.torch.load_file(here / "{WEIGHTS}"))'
    return "".join(f"{line}\n" for line in [*lines, load]) if lines else ""


def _passport(subject: Subject) -> Passport:
    """What an import of the file could not tell from its tensors."""
    origin = subject.facts.get("origin") or {}
    return Passport(
        normalise=name_of(subject.normalise),
        width=subject.encoder.width,
        heads=encoder_size(subject.recipe.encoder.name).heads,
        licence=origin.get("licence", ""),
        is_restricted=bool(origin.get("restricted", False)),
        licence_note=origin.get("licence_note", ""),
        pooling=subject.view.pooling if subject.family == "vit" else "",
    )


def _load(subject: Subject, folder: Path, stride: int | None) -> nn.Module:
    """The folder as timm loads it, as the script does."""
    model = cast("nn.Module", timm.create_model(f"local-dir:{folder}", pretrained=stride is None))
    if stride is not None:
        model.conv1 = nn.Conv2d(subject.encoder.channels, 64, 3, stride=stride, padding=1, bias=False)
        model.maxpool = nn.Identity()
        model.load_state_dict(subject.state())
    return model.eval()


def _config(subject: Subject) -> dict[str, Any]:
    """What timm reads (architecture, model_args, pretrained_cfg), and beside it what the studio knows."""
    name, arguments = architecture(subject)
    view = subject.view
    return {
        "architecture": name,
        "num_classes": 0,
        "num_features": subject.encoder.width,
        "global_pool": view.timm_pool,
        "model_args": arguments,
        "pretrained_cfg": {
            "input_size": list(view.shape),
            "fixed_input_size": subject.family == "vit",
            "interpolation": view.interpolation,
            "crop_pct": view.crop_share,
            "crop_mode": view.crop_mode,
            "mean": list(view.mean),
            "std": list(view.std),
            "num_classes": 0,
            "pool_size": None,
            "first_conv": "patch_embed.proj" if subject.family == "vit" else "conv1",
            "classifier": "head" if subject.family == "vit" else "fc",
        },
        "studio": {
            "title": subject.title,
            "recipe": subject.disclosed_recipe,
            "evaluation": view.as_dict(),
            **subject.disclosed_facts,
        },
    }
