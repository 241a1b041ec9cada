"""Codebooks and tokenizers on made-up pictures whose codes are known."""

import itertools

import pytest
import torch

from engine.nn.latent_spread import latent_spread
from engine.nn.normalise import Normalise
from engine.nn.patch_codebook import PatchCodebook, mini_batch_kmeans, nearest
from engine.nn.patch_targets import code_perplexity
from engine.nn.tokenizer import TokenizerTarget


def test_kmeans_finds_clusters_that_lie_apart():
    torch.manual_seed(0)
    centres = torch.randn(6, 4) * 20
    points = (centres.repeat(200, 1) + torch.randn(1200, 4)).contiguous()
    centroids = mini_batch_kmeans(points, 12)
    assert (points - centroids[nearest(points, centroids)]).norm(dim=1).mean() < 4
    assert torch.cdist(centres, centroids).min(dim=1).values.max() < 2


def test_the_nearest_centroid_is_the_nearest():
    torch.manual_seed(0)
    points, centroids = torch.randn(500, 5), torch.randn(30, 5)
    assert torch.equal(nearest(points, centroids), torch.cdist(points, centroids).argmin(dim=1))


def striped(kinds, side=8, patch=4):
    """Pictures whose patches are stripes along one axis or the other, at any brightness and contrast."""
    rows = side // patch
    across = torch.tensor([1.0, -1.0]).repeat(patch // 2).expand(patch, patch)
    patches = torch.where(kinds.bool()[..., None, None], across, across.T)  # (B, N, P, P)
    patches = patches * (0.2 + torch.rand(*kinds.shape, 1, 1)) + torch.randn(*kinds.shape, 1, 1)
    cells = patches.reshape(-1, rows, rows, patch, patch).permute(0, 1, 3, 2, 4).reshape(-1, 1, side, side)
    return cells.expand(-1, 3, -1, -1)


def test_codes_of_patches_ignore_brightness_and_contrast():
    torch.manual_seed(0)
    codebook = PatchCodebook(2, 4, 3)
    codebook.fit({"image": striped(torch.randint(2, (16, 4)))} for _ in itertools.count())
    kinds = torch.randint(2, (32, 4))
    codes = codebook.codes({"image": striped(kinds)})
    assert torch.equal(codes, kinds) or torch.equal(codes, 1 - kinds)
    assert 1.5 < codebook.perplexity <= 2


def test_the_drawn_patch_of_a_code_is_its_mean_patch():
    torch.manual_seed(0)
    codebook = PatchCodebook(2, 4, 3)
    codebook.fit({"image": striped(torch.randint(2, (16, 4)))} for _ in itertools.count())
    images = striped(torch.randint(2, (8, 4)))
    codes, every = codebook.codes({"image": images}), torch.arange(4).expand(8, 4)
    certain = torch.nn.functional.one_hot(codes, 2).float()
    torch.testing.assert_close(codebook.draw(certain, {"image": images}, every), images, atol=0.05, rtol=0)


def test_large_patches_are_seen_at_eight_pixels():
    codebook = PatchCodebook(4, 16, 3)
    assert codebook.patches.shape == (4, 8 * 8 * 3)
    torch.manual_seed(0)
    codebook.fit({"image": torch.randn(16, 3, 32, 32)} for _ in itertools.count())
    images = torch.randn(2, 3, 32, 32)
    assert codebook.codes({"image": images}).shape == (2, 4)
    drawn = codebook.draw(torch.randn(2, 4, 4), {"image": images}, torch.arange(4).expand(2, 4))
    assert drawn.shape == images.shape


def flat_cells(rows=2, side=4, count=16):
    """Normalised pictures of cells, each black or white."""
    cells = torch.randint(2, (count, 1, rows, rows)).float().expand(-1, 3, -1, -1)
    pixels = cells.repeat_interleave(side, 2).repeat_interleave(side, 3) * 255
    return Normalise()(pixels.to(torch.uint8)), cells[:, 0].flatten(1)


@pytest.mark.slow
def test_a_tokenizer_learns_codes_that_tell_cells_apart_and_rebuild_them():
    torch.manual_seed(0)
    target = TokenizerTarget(8, 16, 4, 300, Normalise())

    def batches():
        while True:
            images, _ = flat_cells()
            yield {"image": images, "tokenizer_image": images}

    target.fit(batches())
    images, cells = flat_cells()
    views = {"image": images, "tokenizer_image": images}
    codes = target.codes(views)
    white, black = set(codes[cells == 1].tolist()), set(codes[cells == 0].tolist())
    assert not white & black
    assert target.error < 0.12  # half of what the best single colour leaves
    assert target.perplexity >= 1.9
    certain = torch.nn.functional.one_hot(codes, 8).float()
    drawn = target.draw(certain, views, torch.arange(4).expand(16, 4))
    assert (drawn - images).abs().mean() < 1  # black and white are 4.4 apart


def test_codes_come_from_the_exact_pixels_of_the_view():
    target = TokenizerTarget(8, 8, 4, 1, Normalise())
    pixels = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    torch.testing.assert_close(
        target.codes({"tokenizer_image": Normalise()(pixels)}),
        target.network.logits(pixels.float() / 255).argmax(dim=1).flatten(1),
    )


def test_perplexity_counts_the_codes_in_use():
    assert code_perplexity(torch.arange(8).repeat(5), 8) == pytest.approx(8)
    assert code_perplexity(torch.zeros(10, dtype=torch.long), 8) == pytest.approx(1)


def test_latents_that_tell_only_their_place_have_no_spread():
    torch.manual_seed(0)
    places = torch.stack([torch.randperm(16)[:8] for _ in range(32)])
    of_place = torch.randn(16, 24)[places]
    assert latent_spread(of_place, places, 16) < 1e-3
    assert latent_spread(torch.randn(32, 8, 24), places, 16) == pytest.approx(1, abs=0.1)
