"""Crops and flips: drawn as torchvision draws them, resized as Pillow resizes."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import RandomResizedCrop as TorchvisionCrop

from engine.data.views import EvalView, RandomResizedCrop, random_flip, random_resized_crop_box, resize


def smooth_picture(height, width, seed=0):
    """A picture with the slow and fast changes of a photograph, (3, H, W) uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return torch.from_numpy(np.array(Image.fromarray(coarse).resize((width, height)))).permute(2, 0, 1)


@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 99),
    st.sampled_from([(0.08, 1.0), (0.2, 1.0), (0.05, 0.25), (1.0, 1.0)]),
)
def test_a_crop_lies_inside_the_picture(height, width, seed, scale):
    top, left, h, w = random_resized_crop_box(height, width, np.random.default_rng(seed), scale=scale)
    assert h > 0
    assert w > 0
    assert 0 <= top <= height - h
    assert 0 <= left <= width - w


def distance(first, second):
    """Largest difference of two empirical distribution functions (Kolmogorov and Smirnov)."""
    both = np.sort(np.concatenate([first, second]))
    shares = [
        np.searchsorted(np.sort(sample), both, side="right") / len(sample) for sample in (first, second)
    ]
    return np.abs(shares[0] - shares[1]).max()


@pytest.mark.parametrize(("height", "width"), [(533, 400), (96, 96), (60, 300)])
@pytest.mark.parametrize("scale", [(0.2, 1.0), (0.08, 1.0)])
def test_crop_boxes_are_distributed_as_torchvisions(height, width, scale):
    draws = 6000
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    theirs_of = TorchvisionCrop.get_params
    empty = torch.empty(3, height, width)
    theirs = np.array([theirs_of(empty, list(scale), [3 / 4, 4 / 3]) for _ in range(draws)])
    ours = np.array([random_resized_crop_box(height, width, rng, scale=scale) for _ in range(draws)])
    # Two samples of one distribution differ by more than this once in a million times.
    limit = np.sqrt(-np.log(1e-6 / 2) / 2) * np.sqrt(2 / draws)
    for column in range(4):
        assert distance(ours[:, column], theirs[:, column]) < limit
    assert distance(ours[:, 2] * ours[:, 3], theirs[:, 2] * theirs[:, 3]) < limit
    assert distance(ours[:, 3] / ours[:, 2], theirs[:, 3] / theirs[:, 2]) < limit


def test_views_have_the_colours_of_pillows():
    picture = smooth_picture(533, 400)
    image = Image.fromarray(picture.permute(1, 2, 0).numpy())
    rng = np.random.default_rng(0)
    for _ in range(20):
        top, left, h, w = random_resized_crop_box(533, 400, rng, scale=(0.2, 1.0))
        ours = resize(picture[:, top : top + h, left : left + w], 224, 224)
        theirs = image.crop((left, top, left + w, top + h)).resize((224, 224), Image.Resampling.BICUBIC)
        expected = torch.from_numpy(np.array(theirs)).permute(2, 0, 1)
        assert (ours.int() - expected.int()).abs().max() <= 2
        assert ours.float().mean((1, 2)) == pytest.approx(expected.float().mean((1, 2)), abs=0.1)
        assert ours.float().std((1, 2)) == pytest.approx(expected.float().std((1, 2)), abs=0.1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 224])
def test_a_random_crop_has_its_size_and_follows_its_generator(channels, size):
    crop = pickle.loads(pickle.dumps(RandomResizedCrop(size, scale=(0.2, 1.0))))
    picture = smooth_picture(80, 120)[:channels]
    views = [crop(picture, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert views[0].shape == (channels, size, size)
    assert views[0].dtype == torch.uint8
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])


def test_a_picture_of_one_pixel_can_be_cropped():
    assert (
        RandomResizedCrop(8)(torch.full((3, 1, 1), 7, dtype=torch.uint8), np.random.default_rng(0)).unique()
        == 7
    )


def test_half_of_the_pictures_are_mirrored():
    picture, rng = torch.arange(3, dtype=torch.uint8).view(1, 1, 3), np.random.default_rng(0)
    mirrored = sum(random_flip(picture, rng).flatten().tolist() == [2, 1, 0] for _ in range(2000))
    assert 900 < mirrored < 1100
    assert torch.equal(random_flip(picture, rng, 0.0), picture)
    assert torch.equal(random_flip(picture, rng, 1.0), picture.flip(-1))


@pytest.mark.parametrize(
    ("size", "height", "width"), [(224, 300, 500), (96, 64, 64), (32, 32, 32), (32, 40, 90)]
)
def test_the_evaluation_view_shows_the_centre(size, height, width):
    picture = smooth_picture(height, width)
    view = EvalView(size)(picture)
    assert view.shape == (3, size, size)
    assert torch.equal(view, EvalView(size)(picture))
    shorter = size if size <= 32 else round(size * 256 / 224)
    whole = resize(picture, *[int(side * shorter / min(height, width)) for side in (height, width)])
    top, left = round((whole.shape[1] - size) / 2), round((whole.shape[2] - size) / 2)
    assert torch.equal(view, whole[:, top : top + size, left : left + size])


def test_a_cifar_picture_is_evaluated_as_it_is():
    picture = smooth_picture(32, 32)
    assert torch.equal(EvalView(32)(picture), picture)
