"""Networks written out by hand: random weights under official names, and what a direct evaluation makes of them."""

import pytest
import torch
from torch.nn import functional as F
from torchvision.models import resnet18, resnet50

WIDTH, DEPTH, HEADS, PATCH, SIDE = 48, 2, 3, 8, 32


def randomised(module):
    """Every tensor of a network visibly random, running statistics included."""
    generator = torch.Generator().manual_seed(3)
    state = module.state_dict()
    for name, value in state.items():
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator) * 0.2
            value.copy_(noise.abs() + 0.5 if name.endswith("running_var") else noise)
            if value.ndim == 1 and name.endswith("weight"):
                value.add_(1)
            elif value.ndim > 1:
                value.mul_(5 / value[0].numel() ** 0.5)
    return module.eval()


class HandVit:
    """A vision transformer as a dictionary of official names, and its forward pass without a module."""

    def __init__(
        self, width=WIDTH, depth=DEPTH, heads=HEADS, patch=PATCH, side=SIDE, channels=3, mlp_ratio=4
    ):
        self.heads, self.patch = heads, patch
        generator = torch.Generator().manual_seed(width + depth)

        def draw(*shape, scale=0.3, around=0.0):
            return torch.randn(*shape, generator=generator) * scale + around

        tokens = (side // patch) ** 2 + 1
        self.weights = {
            "cls_token": draw(1, 1, width),
            "pos_embed": draw(1, tokens, width),
            "patch_embed.proj.weight": draw(width, channels, patch, patch, scale=0.1),
            "patch_embed.proj.bias": draw(width),
        }
        for block in range(depth):
            for name, rows, columns in (
                ("attn.qkv", 3 * width, width),
                ("attn.proj", width, width),
                ("mlp.fc1", int(mlp_ratio * width), width),
                ("mlp.fc2", width, int(mlp_ratio * width)),
            ):
                self.weights[f"blocks.{block}.{name}.weight"] = draw(rows, columns, scale=0.1)
                self.weights[f"blocks.{block}.{name}.bias"] = draw(rows)
            for name in ("norm1", "norm2"):
                self.weights[f"blocks.{block}.{name}.weight"] = draw(width, around=1.0)
                self.weights[f"blocks.{block}.{name}.bias"] = draw(width)
        self.weights |= {"norm.weight": draw(width, around=1.0), "norm.bias": draw(width)}
        self.depth, self.width = depth, width

    def scaled(self):
        """The same weights in CAE's and BEiT's manner: LayerScale as gamma, biases of queries and values apart."""
        weights = dict(self.weights)
        for block in range(self.depth):
            bias = weights.pop(f"blocks.{block}.attn.qkv.bias")
            bias[self.width : 2 * self.width] = 0
            weights[f"blocks.{block}.attn.q_bias"] = bias[: self.width]
            weights[f"blocks.{block}.attn.v_bias"] = bias[2 * self.width :]
            for number in (1, 2):
                gamma = torch.linspace(0.1, 0.9, self.width) * (block + number)
                weights[f"blocks.{block}.gamma_{number}"] = gamma
        return weights

    def tokens(self, images, gammas=False):
        w = self.weights
        patches = F.conv2d(
            images, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=self.patch
        )
        x = patches.flatten(2).transpose(1, 2)
        x = torch.cat([w["cls_token"].expand(len(x), -1, -1), x], dim=1) + w["pos_embed"]
        for block in range(self.depth):
            scales = [
                torch.linspace(0.1, 0.9, self.width) * (block + number) if gammas else 1.0
                for number in (1, 2)
            ]
            x = x + scales[0] * self._attention(self._norm(x, f"blocks.{block}.norm1"), block)
            hidden = F.gelu(self._linear(self._norm(x, f"blocks.{block}.norm2"), f"blocks.{block}.mlp.fc1"))
            x = x + scales[1] * self._linear(hidden, f"blocks.{block}.mlp.fc2")
        return self._norm(x, "norm")

    def _norm(self, x, name):
        return F.layer_norm(
            x, (self.width,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], 1e-6
        )

    def _linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _attention(self, x, block):
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self._linear(x, f"blocks.{block}.attn.qkv").chunk(3, dim=-1)
        )
        weights = (q @ k.transpose(-1, -2) * (self.width // self.heads) ** -0.5).softmax(dim=-1)
        return self._linear((weights @ v).transpose(1, 2).flatten(2), f"blocks.{block}.attn.proj")


@pytest.fixture
def hand_vit():
    return HandVit()


@pytest.fixture
def make_hand_vit():
    return HandVit


@pytest.fixture
def images():
    return torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def torchvision_resnet18():
    return randomised(resnet18(weights=None))


@pytest.fixture(scope="session")
def torchvision_resnet50():
    return randomised(resnet50(weights=None))


def pooled(resnet, images):
    """Features of a torchvision ResNet before its classifier."""
    fc, resnet.fc = resnet.fc, torch.nn.Identity()
    try:
        with torch.no_grad():
            return resnet(images)
    finally:
        resnet.fc = fc


@pytest.fixture
def pooled_features():
    return pooled
