"""Attention maps, threshold masks and features of several layers against DINO's official numbers."""

import pytest
import torch

from engine.evaluation.intermediate import intermediate_tokens, linear_features
from engine.inspection.attention import class_attention, last_attention
from studio.viewers.attention_mass import enlarge, mass_mask
from tests.engine.official_networks import official_vit

TOLERANCE = {"rtol": 0, "atol": 2e-5}
pytestmark = pytest.mark.parity("dino_attention")


@pytest.fixture
def encoder(official):
    made = official_vit(official.hyper)
    made.network.load_state_dict(official.under("weights."))
    return made.eval()


@pytest.fixture(autouse=True)
def _without_gradients():
    with torch.no_grad():
        yield


def test_positions_and_output_of_a_picture_of_another_size(official, encoder):
    image = official["in.image"]
    nothing = encoder.embed(torch.zeros_like(image))
    bare = torch.cat(
        [encoder.vit.cls_token[0], encoder.vit.patch_embed.proj.bias.expand(nothing.shape[1] - 1, -1)]
    )
    torch.testing.assert_close(nothing - bare, official["out.pos_embed"], **TOLERANCE)
    torch.testing.assert_close(encoder.features(image), official["out.forward"], **TOLERANCE)


def test_the_last_blocks_attention(official, encoder):
    found = last_attention(encoder, official["in.image"])
    torch.testing.assert_close(found, official["out.attention"], **TOLERANCE)
    one_row = last_attention(encoder, official["in.image"], slice(0, 1))
    torch.testing.assert_close(one_row, official["out.attention"][:, :, :1], **TOLERANCE)


def test_the_maps_of_the_class_token(official, encoder):
    maps = class_attention(encoder, official["in.image"])[0]
    torch.testing.assert_close(maps, official["out.attn_patches"], **TOLERANCE)
    large = torch.from_numpy(enlarge(maps.numpy(), official.hyper["patch_size"]))
    torch.testing.assert_close(large, official["out.attn_map"], **TOLERANCE)


def test_the_masks_from_our_maps_and_from_the_official_ones(official, encoder):
    ours = class_attention(encoder, official["in.image"])[0].numpy()
    for maps in (ours, official["out.attn_patches"].numpy()):
        kept = mass_mask(maps, official.hyper["threshold"])
        assert (kept == official["out.threshold_patches"].bool().numpy()).all()
        large = enlarge(kept, official.hyper["patch_size"])
        assert (large == official["out.threshold_mask"].bool().numpy()).all()


def test_features_of_several_layers(official, encoder):
    image, blocks = official["in.image"], official.hyper["n_last"]
    layers = torch.stack(intermediate_tokens(encoder, image, blocks))
    torch.testing.assert_close(layers, official["out.intermediate"], **TOLERANCE)
    features = linear_features(encoder, image, blocks=blocks)
    torch.testing.assert_close(features, official["out.linear_features"], **TOLERANCE)
    both = linear_features(encoder, image, blocks=1, with_patches=True)
    torch.testing.assert_close(both, official["out.linear_features_avgpool_n1"], **TOLERANCE)


def test_every_number_of_the_file_is_compared(official):
    compared = {
        "out.pos_embed", "out.attention", "out.attn_map", "out.attn_patches", "out.threshold_mask",
        "out.threshold_patches", "out.forward", "out.intermediate", "out.linear_features",
        "out.linear_features_avgpool_n1",
    }  # fmt: skip
    assert {name for name in official.tensors if name.startswith("out.")} == compared
