"""What timm calls an encoder, with the arguments that make it this one."""

from typing import Any

from engine.exports.subject import Subject
from engine.nn.encoders import encoder_size
from engine.nn.resnet import choose_stem
from engine.nn.vit import ViTEncoder

# timm builds any transformer from this name and the dimensions beside it.
ANY_VIT = "vit_base_patch16_224"


def architecture(subject: Subject) -> tuple[str, dict[str, Any]]:
    """Name and arguments for ``timm.create_model``; not for SimCLR v2's networks, which timm has not."""
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
        "global_pool": subject.view.timm_pool,
        "fc_norm": encoder.norms_after_pooling,  # else the mean is taken of normalised patches
    }


def other_stride(subject: Subject) -> int | None:
    """Stride of a first layer that timm does not know; None where timm builds the whole network by itself."""
    encoder = subject.recipe.encoder
    stem = choose_stem(encoder.stem, encoder.image_size)
    return None if subject.family == "vit" or stem == "large" else 1 if stem == "small" else 2


def stem_lines(subject: Subject, network: str) -> list[str]:
    """Lines of Python that give timm's network the first layer for small pictures; none where it needs none."""
    stride = other_stride(subject)
    if stride is None:
        return []
    channels = subject.encoder.channels
    return [
        "# The first layer is one for small pictures, which timm has no name for.",
        f"{network}.conv1 = torch.nn.Conv2d({channels}, 64, 3, stride={stride}, padding=1, bias=False)",
        f"{network}.maxpool = torch.nn.Identity()",
    ]
