"""Where a network looks: sizes, crops, heads with norms of their own, and networks without attention."""

import pytest
import torch
from torch import nn

from engine.errors import SettingsError
from engine.evaluation.intermediate import intermediate_tokens, linear_features
from engine.inspection.attention import attend, attention_view, last_attention
from engine.nn.encoders import make_encoder
from engine.nn.normalise import Normalise
from engine.nn.vit import make_vit
from engine.recipe import EncoderSettings


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return make_vit(width=24, depth=2, heads=3, image_size=32, patch_size=8).eval()


@pytest.mark.parametrize(
    ("height", "width", "size", "expected"),
    [(100, 100, 32, (32, 32)), (60, 90, 48, (48, 72)), (90, 61, 30, (40, 24)), (7, 7, 480, (480, 480))],
)
def test_a_picture_keeps_its_proportions_and_loses_only_parts_of_patches(height, width, size, expected):
    picture = torch.zeros(3, height, width, dtype=torch.uint8)
    assert attention_view(picture, size, 8).shape == (3, *expected)


def test_the_crop_cuts_at_the_right_and_at_the_bottom():
    picture = torch.arange(20, dtype=torch.uint8).expand(3, 20, 20)
    assert attention_view(picture, 20, 8)[0, 0].tolist() == list(range(16))


def test_a_size_below_a_patch_or_with_too_many_patches_is_refused_in_words():
    picture = torch.zeros(3, 20, 4000, dtype=torch.uint8)
    with pytest.raises(SettingsError, match="no patch") as found:
        attention_view(picture, 7, 8)
    assert found.value.field == "size"
    with pytest.raises(SettingsError, match="patches, more than"):
        attention_view(picture, 480, 8)


def test_a_look_has_a_map_per_head_and_the_picture_that_the_network_saw(encoder):
    picture = torch.randint(0, 256, (3, 50, 70), dtype=torch.uint8)
    look = attend(encoder, picture, 48, sizes=Normalise(3))
    assert look.arrays["picture"].shape == (48, 64, 3)
    maps = look.arrays["attention"]
    assert (maps.shape, maps.dtype.name) == ((3, 6, 8), "float32")
    assert ((maps.sum(axis=(1, 2)) < 1) & (maps.sum(axis=(1, 2)) > 0.5)).all()
    assert look.info["heads"] == 3
    assert look.info["grid"] == [6, 8]
    assert "little structure" in look.info["note"]


def test_the_weights_are_those_the_block_itself_uses_with_norms_on_queries_and_keys(encoder):
    attention = encoder.vit.blocks[-1].attn
    attention.q_norm, attention.k_norm = nn.LayerNorm(8), nn.LayerNorm(8)
    nn.init.normal_(attention.q_norm.weight, 1, 0.5)
    nn.init.normal_(attention.qkv.weight, std=0.5)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        weights = last_attention(encoder, images)
        block = encoder.vit.blocks[-1]
        tokens = block.norm1(encoder.vit.blocks[0](encoder.embed(images)))
        values = attention.qkv(tokens).unflatten(-1, (3, 3, 8))[:, :, 2].transpose(1, 2)
        mixed = attention.proj((weights @ values).transpose(1, 2).flatten(2))
        torch.testing.assert_close(mixed, attention(tokens), rtol=0, atol=1e-5)


def test_looking_leaves_the_network_as_it_was(encoder):
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    attend(encoder, torch.zeros(3, 40, 40, dtype=torch.uint8), 64, sizes=Normalise(3))
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert not [module for module in encoder.modules() if module._forward_hooks or module._forward_pre_hooks]


def test_a_convolutional_network_is_refused_in_words():
    encoder = make_encoder(EncoderSettings(name="resnet18", image_size=32)).eval()
    with pytest.raises(SettingsError, match="no attention to show"):
        attend(encoder, torch.zeros(3, 40, 40, dtype=torch.uint8), 32, sizes=Normalise(3))


def test_layers_that_are_not_there_are_refused(encoder):
    images = torch.zeros(1, 3, 32, 32)
    with pytest.raises(SettingsError, match="last 3 blocks"):
        intermediate_tokens(encoder, images, 3)
    with pytest.raises(SettingsError, match="one block only"):
        linear_features(encoder, images, blocks=2, with_patches=True)
