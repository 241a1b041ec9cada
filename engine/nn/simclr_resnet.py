"""SimCLR v2's ResNet: a width multiplier, and selective kernels that turn it into a ResNet-D.

Structure: google-research/simclr, tf2/resnet.py; selective kernels: arXiv 1903.06586; ResNet-D: arXiv 1812.01187.
TensorFlow's padding is kept, as the published weights were trained with it.
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from engine.encoder_names import SimclrDimensions
from engine.nn.encoder import Encoder, EncoderSize

BLOCKS: Mapping[int, tuple[int, int, int, int]] = {
    14: (1, 1, 1, 1),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
"""Depth -> blocks of each group; 14 is ours, for trying things on a CPU."""
BATCH_NORM_EPS = 1e-5  # tf2/resnet.py, BATCH_NORM_EPSILON
SK_RATIO = 0.0625  # README of SimCLR v2, --sk_ratio for all SK models
SK_LEAST = 32  # tf2/resnet.py, min_dim
EXPANSION = 4


class SelectiveKernel(nn.Module):
    """Two 3x3 paths in one convolution, mixed by weights that the sum of both decides.

    Args:
        width: Channels in and out.
        stride: Of the paths.
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        middle = max(int(width * SK_RATIO), SK_LEAST)
        self.paths = _conv(width, 2 * width, 3, stride)
        self.bn = _norm(2 * width)
        self.squeeze = _conv(width, middle, 1)
        self.squeeze_bn = _norm(middle)
        self.choose = _conv(middle, 2 * width, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H / stride, W / stride)."""
        paths = torch.stack(self.bn(self.paths(images)).relu().chunk(2, dim=1))  # (2, B, C, h, w)
        seen = paths.sum(dim=0).mean(dim=(2, 3), keepdim=True)  # (B, C, 1, 1)
        choice = self.choose(self.squeeze_bn(self.squeeze(seen)).relu())  # (B, 2C, 1, 1)
        return (paths * torch.stack(choice.chunk(2, dim=1)).softmax(dim=0)).sum(dim=0)


class Downsample(nn.Module):
    """The shortcut of a block that changes the shape: 1x1 convolution, after average pooling with selective kernels."""

    def __init__(self, width_in: int, width_out: int, stride: int, *, selective: bool) -> None:
        super().__init__()
        self.stride, self.selective = stride, selective
        self.conv = _conv(width_in, width_out, 1, 1 if selective else stride)
        self.bn = _norm(width_out)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        if self.selective:
            # Beside the edge TensorFlow averages what is there: the same as repeating the edge. With a stride the
            # official code pads zeros itself.
            mode = "replicate" if self.stride == 1 else "constant"
            images = F.avg_pool2d(F.pad(images, (0, 1, 0, 1), mode=mode), 2, self.stride)
        shortcut: Tensor = self.bn(self.conv(images))
        return shortcut


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride) and 1x1 convolutions beside a shortcut; the last gamma starts at zero."""

    def __init__(self, width_in: int, width: int, stride: int, *, selective: bool, changes: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(width_in, width, 1), _norm(width)
        self.conv2 = SelectiveKernel(width, stride) if selective else _conv(width, width, 3, stride)
        self.bn2 = nn.Identity() if selective else _norm(width)
        self.conv3, self.bn3 = _conv(width, EXPANSION * width, 1), _norm(EXPANSION * width)
        nn.init.zeros_(self.bn3.weight)
        self.downsample = (
            Downsample(width_in, EXPANSION * width, stride, selective=selective) if changes else nn.Identity()
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, 4 width, H / stride, W / stride)."""
        inner = self.bn2(self.conv2(self.bn1(self.conv1(images)).relu())).relu()
        out: Tensor = (self.bn3(self.conv3(inner)) + self.downsample(images)).relu()
        return out


class SimclrResNet(nn.Module):
    """The network up to its average pooling.

    Args:
        depth: One of ``BLOCKS``.
        width: Multiplies the channels of every layer.
        selective: True replaces every 3x3 convolution by selective kernels, and the stem and shortcuts by ResNet-D's.
        channels: C, colour channels of a picture.
        small_stem: True for pictures of 32 px or less: one 3x3 convolution, no stride, no pooling (cifar_stem).
    """

    def __init__(
        self,
        depth: int = 50,
        *,
        width: int = 1,
        selective: bool = False,
        channels: int = 3,
        small_stem: bool = False,
    ) -> None:
        super().__init__()
        first = 64 * width
        self.small_stem, self.channels = small_stem, channels
        self.stem = _stem(channels, first, selective=selective, small=small_stem)
        width_in = first
        for group, count in enumerate(BLOCKS[depth]):
            stage, inner = [], first * 2**group
            for number in range(count):
                stride = 2 if group and not number else 1
                stage.append(Bottleneck(width_in, inner, stride, selective=selective, changes=not number))
                width_in = EXPANSION * inner
            setattr(self, f"layer{group + 1}", nn.Sequential(*stage))
        self.num_features = width_in
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                _variance_scaling(module.weight)

    def forward_features(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to the last map (B, D, h, w)."""
        images = self.stem(images)
        if not self.small_stem:
            images = _max_pool_same(images)
        for group in range(1, 5):
            images = getattr(self, f"layer{group}")(images)
        return images

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to features (B, D), D = 2048 times the width."""
        return self.forward_features(images).mean(dim=(2, 3))


class SimclrEncoder(Encoder):
    """SimCLR v2's ResNet as an encoder; its features are the mean over places of the last group."""

    @property
    def resnet(self) -> SimclrResNet:
        """The network by its own type."""
        return cast("SimclrResNet", self.network)

    @property
    @override
    def width(self) -> int:
        return self.resnet.num_features

    @property
    @override
    def channels(self) -> int:
        return self.resnet.channels

    @override
    def features(self, images: Tensor, *, pooling: str = "") -> Tensor:
        features: Tensor = self.network(images)
        return features


SIMCLR_SIZES: Mapping[str, EncoderSize] = {
    "simclr_resnet50_1x_sk": EncoderSize("SimCLR ResNet-50 SK", "simclr_resnet", 2048, 50, 0, 35.2),
    "simclr_resnet50_2x_sk": EncoderSize("SimCLR ResNet-50 (2x) SK", "simclr_resnet", 4096, 50, 0, 140.3),
    "simclr_resnet152_3x_sk": EncoderSize("SimCLR ResNet-152 (3x) SK", "simclr_resnet", 6144, 152, 0, 794.7),
}
"""The ones that are offered; others have their dimensions in their names (``engine.encoder_names``)."""


def simclr_size(dimensions: SimclrDimensions) -> EncoderSize:
    """What is known of a ResNet of SimCLR v2 by its dimensions."""
    if dimensions.name in SIMCLR_SIZES:
        return SIMCLR_SIZES[dimensions.name]
    with torch.device("meta"):  # counted without a byte of memory
        network = make_simclr_resnet(dimensions).network
    millions = round(sum(weight.numel() for weight in network.parameters()) / 1e6, 1)
    title = f"SimCLR ResNet-{dimensions.depth} ({dimensions.width}x){' SK' if dimensions.selective else ''}"
    return EncoderSize(title, "simclr_resnet", 2048 * dimensions.width, dimensions.depth, 0, millions)


def make_simclr_resnet(
    dimensions: SimclrDimensions, *, channels: int = 3, small_stem: bool = False
) -> SimclrEncoder:
    """Build an untrained one."""
    network = SimclrResNet(
        dimensions.depth,
        width=dimensions.width,
        selective=dimensions.selective,
        channels=channels,
        small_stem=small_stem,
    )
    return SimclrEncoder(network.to(memory_format=torch.channels_last))


def _conv(width_in: int, width_out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(width_in, width_out, kernel, stride, padding=(kernel - 1) // 2, bias=False)


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=BATCH_NORM_EPS)


def _stem(channels: int, width: int, *, selective: bool, small: bool) -> nn.Sequential:
    """The layers before the pooling, each convolution followed by its norm and a ReLU."""
    if small:
        convolutions = [_conv(channels, width, 3)]
    elif selective:
        half = width // 2
        convolutions = [_conv(channels, half, 3, 2), _conv(half, half, 3), _conv(half, width, 3)]
    else:
        convolutions = [_conv(channels, width, 7, 2)]
    stem = nn.Sequential()
    for number, convolution in enumerate(convolutions):
        stem.add_module(str(2 * number), convolution)
        stem.add_module(str(2 * number + 1), nn.Sequential(_norm(convolution.out_channels), nn.ReLU()))
    return stem


def _max_pool_same(images: Tensor) -> Tensor:
    """3x3 pooling with stride 2 and TensorFlow's SAME padding: an even side is padded at its end only."""
    height, width = images.shape[-2:]
    top, left = height % 2, width % 2
    # After a ReLU nothing is below zero, so that zeros never win over a picture.
    return F.max_pool2d(F.pad(images, (left, 1, top, 1)), 3, 2)


def _variance_scaling(weight: Tensor) -> None:
    """TensorFlow's VarianceScaling (fan in, normal truncated at two deviations), the official initialiser."""
    fan_in = weight[0].numel()
    std = (1 / fan_in) ** 0.5 / 0.87962566103423978  # the deviation that truncation leaves of a unit normal
    if weight.is_meta:
        return
    with torch.no_grad():
        weight.normal_(0, std)
        # Drawing again what is too large is many times faster than trunc_normal_: there may be 800 million weights.
        while (large := weight.abs() > 2 * std).any():
            weight[large] = torch.randn(int(large.sum()), device=weight.device) * std
