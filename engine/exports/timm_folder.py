"""A folder that ``timm.create_model("local-dir:FOLDER", pretrained=True)`` loads, with a script that does so."""

import json
from pathlib import Path
from typing import Any, cast

import timm
import torch
from safetensors.torch import save_file
from torch import nn

from engine.errors import SettingsError
from engine.exports.subject import Subject, check_features
from engine.nn.encoders import encoder_size
from engine.nn.normalise import name_of
from engine.nn.resnet import choose_stem
from engine.nn.vit import ViTEncoder
from engine.passport import Passport, write_passport

WEIGHTS, CONFIG, SCRIPT = "model.safetensors", "config.json", "load_encoder.py"
# timm builds any transformer from this name and the dimensions beside it.
ANY_VIT = "vit_base_patch16_224"
_OTHER_STEM = """
# The first layer is one for small pictures, which timm has no name for.
model.conv1 = torch.nn.Conv2d({channels}, 64, 3, stride={stride}, padding=1, bias=False)
model.maxpool = torch.nn.Identity()
model.load_state_dict(safetensors.torch.load_file(here / "model.safetensors"))
"""

SCRIPT_TEXT = '''"""Loads the exported encoder with timm; needs torch, timm and safetensors."""

import json
from pathlib import Path

import safetensors.torch
import timm
import torch

here = Path(__file__).resolve().parent
config = json.loads((here / "config.json").read_text(encoding="utf-8"))
model = timm.create_model(f"local-dir:{here}", pretrained=%(pretrained)s)
%(stem)smodel.eval()

# Pictures in 0..1, shape (B, C, H, W), then: (pictures - mean) / std.
mean = torch.tensor(config["pretrained_cfg"]["mean"]).view(1, -1, 1, 1)
std = torch.tensor(config["pretrained_cfg"]["std"]).view(1, -1, 1, 1)
pictures = (torch.zeros(1, *config["pretrained_cfg"]["input_size"]) - mean) / std
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
    stem = (
        ""
        if stride is None
        else _OTHER_STEM.format(channels=subject.encoder.channels, stride=stride).lstrip()
    )
    script = SCRIPT_TEXT % {"pretrained": stride is None, "stem": stem}
    (folder / SCRIPT).write_text(script, encoding="utf-8")
    pictures = subject.check_pictures()
    with torch.no_grad():
        return check_features(subject, _load(subject, folder, stride)(pictures), pictures, "timm's copy")


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
    )


def _load(subject: Subject, folder: Path, stride: int | None) -> nn.Module:
    """The folder as timm loads it, as the script does."""
    model = cast("nn.Module", timm.create_model(f"local-dir:{folder}", pretrained=stride is None))
    if stride is not None:
        model.conv1 = nn.Conv2d(subject.encoder.channels, 64, 3, stride=stride, padding=1, bias=False)
        model.maxpool = nn.Identity()
        model.load_state_dict(subject.state())
    return model.eval()


def other_stride(subject: Subject) -> int | None:
    """Stride of a first layer that timm does not know; None where timm builds the whole network by itself."""
    encoder = subject.recipe.encoder
    stem = choose_stem(encoder.stem, encoder.image_size)
    return None if subject.family == "vit" or stem == "large" else 1 if stem == "small" else 2


def _config(subject: Subject) -> dict[str, Any]:
    """What timm reads (architecture, model_args, pretrained_cfg), and beside it what the studio knows."""
    architecture, arguments = _architecture(subject)
    return {
        "architecture": architecture,
        "num_classes": 0,
        "num_features": subject.encoder.width,
        "global_pool": _pool(subject),
        "model_args": arguments,
        "pretrained_cfg": {
            "input_size": list(subject.picture_shape),
            "fixed_input_size": subject.family == "vit",
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": subject.mean,
            "std": subject.std,
            "num_classes": 0,
            "pool_size": None,
            "first_conv": "patch_embed.proj" if subject.family == "vit" else "conv1",
            "classifier": "head" if subject.family == "vit" else "fc",
        },
        "studio": {"title": subject.title, "recipe": subject.recipe.model_dump(), **subject.facts},
    }


def _pool(subject: Subject) -> str:
    """What timm calls the encoder's way to one vector."""
    return "token" if subject.family == "vit" and subject.encoder.pooling == "cls" else "avg"


def _architecture(subject: Subject) -> tuple[str, dict[str, Any]]:
    """What timm calls the network, and the arguments that make it this one."""
    encoder, settings = subject.encoder, subject.recipe.encoder
    if not isinstance(encoder, ViTEncoder):
        if settings.name == "resnet_nano":
            sizes = {"layers": [1, 1, 1, 1], "channels": [32, 64, 128, 256]}
            return "resnet18", {"in_chans": encoder.channels, **sizes}
        return settings.name, {"in_chans": encoder.channels}
    return ANY_VIT, {
        "img_size": settings.image_size,
        "patch_size": encoder.patch_size,
        "in_chans": encoder.channels,
        "embed_dim": encoder.width,
        "depth": len(encoder.vit.blocks),
        "num_heads": encoder_size(settings.name).heads,
        "mlp_ratio": encoder_size(settings.name).mlp_ratio,
        "init_values": settings.layer_scale or None,
        "global_pool": _pool(subject),
        "fc_norm": False,  # the mean is taken of normalised patches
    }
