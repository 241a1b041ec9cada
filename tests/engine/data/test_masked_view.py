"""Views with a mask: equal counts on every grid, one crop for both views, Pillow's Lanczos filter."""

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data.block_mask import BlockShape, block_mask, scattered_mask
from engine.data.lanczos import lanczos_resize
from engine.data.masked_view import MaskedView


@pytest.mark.parametrize(
    ("rows", "count", "smallest"), [(14, 98, 16), (8, 32, 4), (4, 8, 16), (4, 15, 16), (2, 1, 16), (3, 8, 1)]
)
def test_a_mask_hides_exactly_as_many_patches_as_asked(rows, count, smallest):
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert block_mask(rows, rows, count, rng, BlockShape(smallest)).sum() == count
        assert scattered_mask(rows, rows, count, rng).sum() == count


def test_a_grid_that_no_block_fits_is_scattered_instead():
    hidden = block_mask(1, 6, 3, np.random.default_rng(0))  # every block is shorter than the grid: none is
    assert hidden.shape == (1, 6)
    assert hidden.sum() == 3


def test_blocks_hang_together_more_than_scattered_patches():
    def neighbours(make):
        rng = np.random.default_rng(0)
        masks = np.stack([make(rng) for _ in range(50)])
        return (masks[:, :, 1:] & masks[:, :, :-1]).sum()

    blocks = neighbours(lambda rng: block_mask(14, 14, 98, rng))
    assert blocks > 1.5 * neighbours(lambda rng: scattered_mask(14, 14, 98, rng))


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(112, 112), (24, 30), (53, 20), (4, 4)])
def test_lanczos_is_pillows_within_two_levels(size):
    pixels = picture(53, 77)
    expected = np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS))
    ours = lanczos_resize(torch.from_numpy(pixels).permute(2, 0, 1), *size).permute(1, 2, 0).numpy()
    assert np.abs(ours.astype(int) - expected.astype(int)).max() <= 2


def test_both_views_are_the_same_crop():
    ramp = np.add.outer(np.linspace(0, 120, 90), np.linspace(0, 120, 110))
    smooth = torch.from_numpy(np.stack([ramp, ramp[::-1], ramp[:, ::-1]]).astype(np.uint8))
    view = MaskedView(32, 4, 8, scale=(0.2, 0.5), tokenizer_size=16)
    for seed in range(10):
        views = view(smooth, np.random.default_rng(seed))
        halved = views["image"].float().unfold(1, 2, 2).unfold(2, 2, 2).mean(dim=(-2, -1))
        assert (halved - views["tokenizer_image"].float()).abs().mean() < 1.5


def test_visible_and_hidden_patches_are_all_patches_in_rising_order():
    views = MaskedView(32, 4, 6)(torch.zeros(3, 40, 50, dtype=torch.uint8), np.random.default_rng(3))
    kept, masked = views["kept"], views["masked"]
    assert (len(kept), len(masked)) == (10, 6)
    assert torch.equal(torch.cat([kept, masked]).sort().values, torch.arange(16))
    assert torch.equal(kept, kept.sort().values)
    assert torch.equal(masked, masked.sort().values)
    assert "tokenizer_image" not in views
