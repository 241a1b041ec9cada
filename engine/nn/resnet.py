"""Residual networks of timm, with stems that fit small pictures.

Source of the sizes: He et al., https://arxiv.org/abs/1512.03385, table 1; nano is ours, for trying things on a CPU.
"""

from collections.abc import Mapping
from typing import Literal, cast

import torch
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import Tensor, nn
from typing_extensions import override

from engine.nn.encoder import Encoder, EncoderSize

Stem = Literal["auto", "large", "small", "fast"]
SMALL_PICTURES = 32  # px; SimCLR, official file tf2/model.py: CIFAR stem iff image_size <= 32

RESNET_SIZES: Mapping[str, EncoderSize] = {
    "resnet_nano": EncoderSize("ResNet-nano", "resnet", 256, 10, 0, 1.2),
    "resnet18": EncoderSize("ResNet-18", "resnet", 512, 18, 0, 11.2),
    "resnet34": EncoderSize("ResNet-34", "resnet", 512, 34, 0, 21.3),
    "resnet50": EncoderSize("ResNet-50", "resnet", 2048, 50, 0, 23.5),
    "resnet101": EncoderSize("ResNet-101", "resnet", 2048, 101, 0, 42.5),
}

# Kind of block, blocks of each stage, channels of the first stage.
_LAYOUTS: Mapping[str, tuple[type[nn.Module], tuple[int, ...], int]] = {
    "resnet_nano": (BasicBlock, (1, 1, 1, 1), 32),
    "resnet18": (BasicBlock, (2, 2, 2, 2), 64),
    "resnet34": (BasicBlock, (3, 4, 6, 3), 64),
    "resnet50": (Bottleneck, (3, 4, 6, 3), 64),
    "resnet101": (Bottleneck, (3, 4, 23, 3), 64),
}


class ResNetEncoder(Encoder):
    """A timm residual network; its features are the mean over places of the last stage."""

    @property
    @override
    def width(self) -> int:
        return int(cast("ResNet", self.network).num_features)

    @property
    @override
    def channels(self) -> int:
        return int(cast("ResNet", self.network).conv1.in_channels)

    @override
    def features(self, images: Tensor, *, pooling: str = "") -> Tensor:
        features: Tensor = self.network(images)
        return features


def choose_stem(stem: Stem, image_size: int) -> Stem:
    """Resolve "auto": small pictures keep their resolution, as in SimCLR's official code."""
    if stem != "auto":
        return stem
    return "small" if image_size <= SMALL_PICTURES else "large"


def make_resnet(name: str, *, stem: Stem = "large", channels: int = 3) -> ResNetEncoder:
    """Build an untrained residual network; names inside equal timm's and torchvision's.

    The last norm of every branch starts at zero (SimCLR, official file tf2/resnet.py; Goyal et al., sec. 5.1).

    Args:
        name: One of ``RESNET_SIZES``.
        stem: "large" is a 7x7 convolution of stride 2 and a max-pool, "small" a 3x3 of stride 1 and "fast" a 3x3 of
            stride 2, both without pool.
        channels: C.
    """
    block, layers, first = _LAYOUTS[name]
    widths = tuple(first * 2**stage for stage in range(4))
    network = ResNet(
        block, layers, num_classes=0, in_chans=channels, channels=widths, zero_init_last=True, stem_width=32
    )
    if stem != "large":
        network.conv1 = nn.Conv2d(
            channels, 64, kernel_size=3, stride=1 if stem == "small" else 2, padding=1, bias=False
        )
        nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
        network.maxpool = nn.Identity()
    # Channels last in memory: a third less time for a step on a CPU, and what tensor cores want.
    return ResNetEncoder(network.to(memory_format=torch.channels_last))
