"""Weights on an encoder of other sizes: positions resampled, first layers adapted, and all of it said."""

import pytest
import torch

from engine.errors import CheckpointError, SettingsError
from engine.nn.encoders import make_encoder
from engine.nn.positions import resize_positions
from engine.recipe import EncoderSettings
from engine.weights.fitting import fit
from engine.weights.reading import fit_to_itself, recognise
from engine.weights.report import Fate

SMALL = {"name": "vit_48x2x3", "image_size": 32, "patch_size": 8}


@pytest.fixture
def recognised(hand_vit, tmp_path):
    torch.save(hand_vit.weights, tmp_path / "weights.pth")
    return recognise(tmp_path / "weights.pth")


def test_the_encoder_is_read_from_the_shapes(recognised):
    settings, channels, _ = fit_to_itself(recognised, heads=3)
    assert (settings.name, settings.image_size, settings.patch_size, channels) == ("vit_48x2x3", 32, 8, 3)
    assert settings.layer_scale == 0


def test_layer_scale_is_read_as_well(hand_vit, tmp_path):
    torch.save({"model": hand_vit.scaled()}, tmp_path / "weights.pth")
    settings, _, _ = fit_to_itself(recognise(tmp_path / "weights.pth"), heads=3)
    assert settings.layer_scale > 0


def test_positions_are_resampled_for_other_pictures(recognised, hand_vit):
    settings, channels, fitted = fit_to_itself(recognised, heads=3, image_size=48)
    expected = resize_positions(hand_vit.weights["pos_embed"], 6, 6)
    assert torch.equal(fitted.state["pos_embed"], expected)
    [row] = fitted.report.of(Fate.RESHAPED)
    assert (row.key, row.name) == ("pos_embed", "pos_embed")
    assert "1x17x48 resampled (bicubic) to 1x37x48" in row.reason
    encoder = make_encoder(settings, channels=channels)
    encoder.network.load_state_dict(fitted.state)
    assert encoder.features(torch.zeros(1, 3, 48, 48)).shape == (1, 48)


def test_a_size_that_patches_do_not_divide_is_refused(recognised):
    with pytest.raises(SettingsError, match="does not divide"):
        fit_to_itself(recognised, heads=3, image_size=50)


def test_grey_pictures_get_the_summed_first_layer(recognised, hand_vit):
    grey = make_encoder(EncoderSettings(**SMALL), channels=1).eval()
    fitted = fit(recognised.mapped, grey)
    grey.network.load_state_dict(fitted.state)
    [row] = fitted.report.of(Fate.RESHAPED)
    assert row.reason == "colour channels 3 -> 1"
    picture = torch.randn(1, 1, 32, 32)
    with torch.no_grad():
        features = grey.tokens(picture)
    torch.testing.assert_close(features, hand_vit.tokens(picture.expand(-1, 3, -1, -1)), atol=2e-5, rtol=0)


def test_colour_pictures_get_the_repeated_first_layer(make_hand_vit, tmp_path):
    hand = make_hand_vit(channels=1)
    torch.save(hand.weights, tmp_path / "weights.pth")
    weights = recognise(tmp_path / "weights.pth")
    assert fit_to_itself(weights, heads=3)[1] == 1
    colour = make_encoder(EncoderSettings(**SMALL), channels=3).eval()
    colour.network.load_state_dict(fit(weights.mapped, colour).state)
    picture = torch.randn(1, 1, 32, 32)
    with torch.no_grad():
        features = colour.tokens(picture.expand(-1, 3, -1, -1))
    torch.testing.assert_close(features, hand.tokens(picture), atol=2e-5, rtol=0)


@pytest.mark.parametrize(
    "change", [{"patch_size": 16}, {"name": "vit_48x3x3"}, {"name": "vit_96x2x3"}, {"name": "resnet_nano"}]
)
def test_an_encoder_of_another_shape_is_refused(change, recognised):
    other = make_encoder(EncoderSettings(**{**SMALL, **change}))
    with pytest.raises(CheckpointError, match=r"have no place in this one|of the encoder's"):
        fit(recognised.mapped, other)


def test_what_a_file_lacks_starts_afresh_and_is_said(recognised, hand_vit, tmp_path):
    weights = {name: value for name, value in hand_vit.weights.items() if not name.startswith("norm.")}
    torch.save({"model": weights}, tmp_path / "without-norm.pth")
    _, _, fitted = fit_to_itself(recognise(tmp_path / "without-norm.pth"), heads=3)
    assert {row.name for row in fitted.report.of(Fate.MISSING)} == {"norm.weight", "norm.bias"}
    assert torch.equal(fitted.state["norm.weight"], torch.ones(48))
    assert str(fitted.report).startswith("28 of 30 tensors of the encoder filled (28 matched, 2 missing")
