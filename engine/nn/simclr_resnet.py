"""SimCLR v2's ResNet: a width multiplier, and selective kernels that turn it into a ResNet-D.

Structure: google-research/simclr, tf2/resnet.py; selective kernels: arXiv 1903.06586; ResNet-D: arXiv 1812.01187.
TensorFlow's padding is kept, as the published weights were trained with it.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCKS: Mapping[int, tuple[int, int, int, int]] = {
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
"""Depth -> blocks of each group."""
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
        depth: 50, 101, 152 or 200.
        width: Multiplies the channels of every layer.
        selective: True replaces every 3x3 convolution by selective kernels, and the stem and shortcuts by ResNet-D's.
        channels: C, colour channels of a picture.
        small_stem: True for pictures of 32 px or less: one 3x3 convolution, no stride, no pooling (cifar_stem).
        blocks: Blocks of each group, instead of the depth's own.
    """

    def __init__(
        self,
        depth: int = 50,
        *,
        width: int = 1,
        selective: bool = False,
        channels: int = 3,
        small_stem: bool = False,
        blocks: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        first = 64 * width
        self.small_stem = small_stem
        self.stem = _stem(channels, first, selective=selective, small=small_stem)
        width_in = first
        for group, count in enumerate(blocks or BLOCKS[depth]):
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
        stem.add_module(
            str(2 * number + 1), nn.Sequential(_norm(convolution.out_channels), nn.ReLU())
        )
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
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
