"""SimCLR v2 as the torch port names it: every key has its place, and the features are the official structure's."""

import pytest
import torch
from torch.nn import functional as F

from engine.encoder_names import SimclrDimensions
from engine.errors import SettingsError
from engine.nn.encoders import encoder_size, make_encoder
from engine.nn.simclr_resnet import Bottleneck
from engine.recipe import EncoderSettings
from engine.weights.reading import fit_to_itself, recognise
from engine.weights.report import Fate

BLOCKS = (1, 1, 1, 1)


class HandResNet:
    """SimCLR v2's ResNet as a dictionary of the port's names, evaluated without a module (tf2/resnet.py)."""

    def __init__(self, width, selective):
        self.width, self.selective = width, selective
        self.generator = torch.Generator().manual_seed(width + selective)
        self.weights = {}
        self._make()

    def _conv(self, name, rows, columns, kernel):
        fan_in = columns * kernel * kernel
        drawn = torch.randn(rows, columns, kernel, kernel, generator=self.generator)
        self.weights[f"{name}.weight"] = drawn * (2 / fan_in) ** 0.5

    def _norm(self, name, width):
        for part, around in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0)):
            self.weights[f"{name}.{part}"] = torch.randn(width, generator=self.generator) * 0.1 + around
        self.weights[f"{name}.running_var"] = torch.rand(width, generator=self.generator) + 0.5
        self.weights[f"{name}.num_batches_tracked"] = torch.tensor(9)

    def _make(self):
        first = 64 * self.width
        stem = [(first // 2, 3, 3), (first // 2, first // 2, 3), (first, first // 2, 3)]
        for number, (rows, columns, kernel) in enumerate(stem if self.selective else [(first, 3, 7)]):
            self._conv(f"net.0.{2 * number}", rows, columns, kernel)
            self._norm(f"net.0.{2 * number + 1}.0", rows)
        width_in = first
        for group in range(4):
            inner, at = first * 2**group, f"net.{group + 1}.blocks.0"
            self._conv(f"{at}.projection.shortcut{'.2' if self.selective else ''}", 4 * inner, width_in, 1)
            self._norm(f"{at}.projection.bn.0", 4 * inner)
            self._conv(f"{at}.net.0", inner, width_in, 1)
            self._norm(f"{at}.net.1.0", inner)
            if self.selective:
                middle = max(int(inner * 0.0625), 32)
                self._conv(f"{at}.net.2.main_conv.0", 2 * inner, inner, 3)
                self._norm(f"{at}.net.2.main_conv.1.0", 2 * inner)
                self._conv(f"{at}.net.2.mixing_conv.0", middle, inner, 1)
                self._norm(f"{at}.net.2.mixing_conv.1.0", middle)
                self._conv(f"{at}.net.2.mixing_conv.2", 2 * inner, middle, 1)
            else:
                self._conv(f"{at}.net.2", inner, inner, 3)
                self._norm(f"{at}.net.3.0", inner)
            last = 3 if self.selective else 4
            self._conv(f"{at}.net.{last}", 4 * inner, inner, 1)
            self._norm(f"{at}.net.{last + 1}.0", 4 * inner)
            width_in = 4 * inner
        self.weights |= {"fc.weight": torch.zeros(1000, width_in), "fc.bias": torch.zeros(1000)}

    def _apply(self, x, name, stride=1, norm=None, relu=True):
        weight = self.weights[f"{name}.weight"]
        x = F.conv2d(x, weight, stride=stride, padding=(weight.shape[-1] - 1) // 2)
        if norm is None:
            return x
        mean, var, scale, shift = (
            self.weights[f"{norm}.{part}"].view(1, -1, 1, 1)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / (var + 1e-5).sqrt() * scale + shift
        return x.relu() if relu else x

    def features(self, x):
        for number in range(3 if self.selective else 1):
            x = self._apply(x, f"net.0.{2 * number}", 2 if number == 0 else 1, f"net.0.{2 * number + 1}.0")
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), 3, 2)  # SAME of an even side
        for group in range(4):
            x = self._block(x, f"net.{group + 1}.blocks.0", 1 if group == 0 else 2)
        return x.mean(dim=(2, 3))

    def _block(self, x, at, stride):
        shortcut = x
        if self.selective:
            # With a stride an even side is halved as it is; without one, each place averages what exists of 2x2.
            ones = torch.ones_like(x)
            summed, count = (F.avg_pool2d(F.pad(part, (0, 1, 0, 1)), 2, stride) for part in (x, ones))
            shortcut = summed / count
        name = f"{at}.projection.shortcut{'.2' if self.selective else ''}"
        shortcut = self._apply(
            shortcut, name, 1 if self.selective else stride, f"{at}.projection.bn.0", relu=False
        )
        x = self._apply(x, f"{at}.net.0", norm=f"{at}.net.1.0")
        if self.selective:
            one, two = self._apply(x, f"{at}.net.2.main_conv.0", stride, f"{at}.net.2.main_conv.1.0").chunk(
                2, 1
            )
            seen = (one + two).mean(dim=(2, 3), keepdim=True)
            seen = self._apply(seen, f"{at}.net.2.mixing_conv.0", norm=f"{at}.net.2.mixing_conv.1.0")
            left, right = self._apply(seen, f"{at}.net.2.mixing_conv.2").chunk(2, 1)
            share = (left - right).sigmoid()  # the softmax of two
            x = one * share + two * (1 - share)
        else:
            x = self._apply(x, f"{at}.net.2", stride, f"{at}.net.3.0")
        last = 3 if self.selective else 4
        return (
            self._apply(x, f"{at}.net.{last}", norm=f"{at}.net.{last + 1}.0", relu=False) + shortcut
        ).relu()


@pytest.mark.parametrize(
    ("width", "selective", "name"),
    [(1, False, "simclr_resnet14_1x"), (1, True, "simclr_resnet14_1x_sk")],
)
def test_the_port_is_imported_with_identical_features(width, selective, name, tmp_path):
    hand = HandResNet(width, selective)
    head = {"layers.0.weight": torch.zeros(4, 4), "layers.1.running_var": torch.ones(4)}
    path = tmp_path / "r14.pth"
    torch.save({"resnet": hand.weights, "head": head}, path)
    weights = recognise(path)
    settings, channels, fitted = fit_to_itself(weights)
    assert (weights.known.name, settings.name, channels) == ("simclr", name, 3)
    assert weights.known.expects.name == "unit"
    encoder = make_encoder(settings, channels=channels).eval()
    encoder.network.load_state_dict(fitted.state)
    pictures = torch.rand(2, 3, 64, 64)
    expected = hand.features(pictures)
    with torch.no_grad():
        features = encoder.features(pictures)
    torch.testing.assert_close(features, expected, atol=1e-5 * float(expected.abs().max()), rtol=0)
    assert fitted.report.share == 1
    dropped = {row.key for row in fitted.report.of(Fate.DROPPED)}
    assert dropped == {
        "head/layers.0.weight",
        "head/layers.1.running_var",
        "resnet/fc.weight",
        "resnet/fc.bias",
    }
    assert not fitted.report.of(Fate.UNEXPECTED, Fate.MISSING, Fate.RESHAPED)


@pytest.mark.parametrize(("depth", "width", "millions"), [(50, 1, 35), (50, 2, 140), (152, 3, 795)])
def test_selective_networks_are_as_large_as_published(depth, width, millions):
    """README of SimCLR v2, table of pretrained models: parameters in millions."""
    name = SimclrDimensions(depth, width, selective=True).name
    assert encoder_size(name).params_m == pytest.approx(millions, abs=0.5)
    assert encoder_size(name).width == 2048 * width


def test_a_fresh_block_passes_its_input_on():
    """The last gamma starts at zero, so that a branch adds nothing at first."""
    block = Bottleneck(256, 64, 1, selective=True, changes=False).eval()
    x = torch.rand(2, 256, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(block(x), x)


def test_small_pictures_keep_their_resolution():
    encoder = make_encoder(EncoderSettings(name="simclr_resnet14_1x", image_size=32)).eval()
    with torch.no_grad():
        assert encoder.resnet.forward_features(torch.rand(1, 3, 32, 32)).shape == (1, 2048, 4, 4)
        assert encoder.features(torch.rand(2, 3, 32, 32)).shape == (2, encoder.width)


@pytest.mark.parametrize(
    "name", ["simclr_resnet51_1x", "vit_48x2x5", "vit_0x2x3", "simclr_resnet50_9x", "nothing"]
)
def test_names_that_say_no_encoder_are_refused(name):
    with pytest.raises(SettingsError, match="There is no encoder"):
        encoder_size(name)
