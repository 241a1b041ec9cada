"""Encoders: what every family offers, and stems that fit small pictures."""

import pytest
import torch

from engine.encoder_names import VitDimensions, read_name
from engine.errors import SettingsError
from engine.nn.encoders import ENCODERS, make_encoder
from engine.nn.resnet import make_resnet
from engine.nn.vit import make_vit
from engine.recipe import EncoderSettings

SMALL = [name for name, size in ENCODERS.items() if size.params_m < 12]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_encoder_gives_one_vector_of_its_declared_width(name, channels):
    encoder = make_encoder(EncoderSettings(name=name, image_size=32, patch_size=8), channels=channels).eval()
    size = ENCODERS[name]
    with torch.no_grad():
        features = encoder.features(torch.randn(2, channels, 32, 32))
    assert features.shape == (2, size.width)
    assert (encoder.width, encoder.channels) == (size.width, channels)
    assert torch.isfinite(features).all()


@pytest.mark.parametrize("name", SMALL)
def test_the_declared_number_of_weights_is_the_real_one(name):
    encoder = make_encoder(EncoderSettings(name=name, image_size=64, patch_size=8, stem="large"))
    counted = sum(weight.numel() for weight in encoder.parameters()) / 1e6
    assert counted == pytest.approx(ENCODERS[name].params_m, rel=0.05, abs=0.05)


@pytest.mark.parametrize(("stem", "side"), [("large", 1), ("fast", 2), ("small", 4)])
def test_a_stem_decides_how_much_of_a_small_picture_is_left(stem, side):
    network = make_resnet("resnet18", stem=stem).network
    with torch.no_grad():
        places = network.forward_features(torch.randn(2, 3, 32, 32))
    assert places.shape == (2, 512, side, side)


def test_small_pictures_choose_the_small_stem_by_themselves():
    small = make_encoder(EncoderSettings(name="resnet18", image_size=32, patch_size=8))
    large = make_encoder(EncoderSettings(name="resnet18", image_size=64, patch_size=8))
    assert small.network.conv1.kernel_size == (3, 3)
    assert large.network.conv1.kernel_size == (7, 7)


def test_the_last_norm_of_every_branch_starts_at_zero():
    network = make_resnet("resnet18").network
    assert all(not block.bn2.weight.any() for block in network.layer1)


def test_a_patch_matters_to_a_transformer_only():
    settings = EncoderSettings(name="vit_nano", image_size=32, patch_size=7)
    with pytest.raises(SettingsError, match="does not divide"):
        make_encoder(settings)
    make_encoder(settings.model_copy(update={"name": "resnet18"}))


def test_a_picture_of_another_size_keeps_the_class_token_first():
    encoder = make_vit(width=32, depth=1, heads=2, image_size=32, patch_size=8).eval()
    with torch.no_grad():
        assert encoder.tokens(torch.randn(2, 3, 48, 24)).shape == (2, 1 + 6 * 3, 32)


def test_drop_path_grows_with_depth_and_leaves_the_names_alone():
    encoder = make_vit(width=32, depth=3, heads=2, image_size=16, patch_size=8)
    names = list(encoder.state_dict())
    encoder.set_drop_path(0.2)
    rates = [getattr(block.drop_path1, "drop_prob", 0.0) for block in encoder.network.blocks]
    assert rates == pytest.approx([0.0, 0.1, 0.2])
    assert list(encoder.state_dict()) == names


def test_layer_scale_starts_where_it_is_told():
    encoder = make_encoder(EncoderSettings(name="vit_nano", image_size=32, patch_size=8, layer_scale=0.1))
    torch.testing.assert_close(encoder.network.blocks[0].ls1.gamma, torch.full((96,), 0.1))


@pytest.mark.parametrize(("width", "hidden"), [(96, 144), (49, 1), (384, 1536), (55, 110)])
def test_a_name_says_the_dimensions_it_is_built_with(width, hidden):
    dimensions = VitDimensions(width, 1, 1, hidden)
    assert read_name(dimensions.name) == dimensions
    assert ("mlp" in dimensions.name) == (hidden != 4 * width)
    network = make_encoder(EncoderSettings(name=dimensions.name, image_size=16, patch_size=8)).network
    assert network.blocks[0].mlp.fc1.weight.shape == (hidden, width)


def test_a_name_of_nothing_is_no_encoder():
    assert read_name("vit_96x2x4_mlp0") is None
