"""Views of the methods are distributed as the official ones, composed here from torchvision and Pillow."""

import random

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps
from torchvision import transforms
from torchvision.transforms import functional

from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.views import View
from engine.method import ViewSpec
from engine.methods import METHODS

DRAWS = 1200

# Two samples of one distribution have distribution functions further apart than this once in a million times.
LIMIT = np.sqrt(-np.log(1e-6 / 2) / 2) * np.sqrt(2 / DRAWS)


def distance(first, second):
    """Largest difference of two empirical distribution functions (Kolmogorov and Smirnov)."""
    both = np.sort(np.concatenate([first, second]))
    shares = [
        np.searchsorted(np.sort(sample), both, side="right") / len(sample) for sample in (first, second)
    ]
    return np.abs(shares[0] - shares[1]).max()


def colourful_picture(side):
    """(side, side, 3) uint8 with a colour cast, soft areas and fine detail."""
    rng = np.random.default_rng(1)
    soft = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)).resize((side, side))
    cast = np.array([200, 120, 60])
    mixed = 0.5 * np.asarray(soft) + 0.35 * cast + 0.15 * rng.integers(0, 256, (side, side, 3))
    return mixed.astype(np.uint8)


class PillowBlur:
    """utils.GaussianBlur of the official DINO code: with a probability, a radius uniform in 0.1 to 2."""

    def __init__(self, probability):
        self.probability = probability

    def __call__(self, image):
        if random.random() > self.probability:
            return image
        return image.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))


class PillowSolarize:
    """utils.Solarization of the official DINO code."""

    def __init__(self, probability):
        self.probability = probability

    def __call__(self, image):
        return ImageOps.solarize(image) if random.random() < self.probability else image


class TensorflowJitter:
    """The jitter of the official SimCLR (data_util.py) and BYOL (augmentations.py), on values of 0 to 1.

    In a random order, cut to 0..1 after each; only the brightness differs between the two.

    Args:
        strengths: Of brightness, contrast, saturation and hue.
        adds_brightness: As BYOL does, where SimCLR multiplies.
    """

    def __init__(self, strengths, *, adds_brightness):
        self.brightness, self.contrast, self.saturation, self.hue = strengths
        self.adds_brightness = adds_brightness

    def __call__(self, image):
        values = functional.to_tensor(image)
        changes = [self.brighten, self.stretch, self.saturate, self.turn]
        random.shuffle(changes)
        for change in changes:
            values = change(values).clamp(0, 1)
        return functional.to_pil_image(values)

    def brighten(self, values):
        if self.adds_brightness:
            return values + random.uniform(-self.brightness, self.brightness)
        return values * around_one(self.brightness)

    def stretch(self, values):
        mean = values.mean((1, 2), keepdim=True)  # of each channel
        return (values - mean) * around_one(self.contrast) + mean

    def saturate(self, values):
        largest = values.max(0).values  # V of HSV, which stays as the hue does
        saturation = 1 - values.min(0).values / largest.clamp(min=1e-9)
        wanted = (saturation * around_one(self.saturation)).clamp(max=1)
        return largest - (largest - values) * wanted / saturation.clamp(min=1e-9)

    def turn(self, values):
        return functional.adjust_hue(values, random.uniform(-self.hue, self.hue))


def around_one(strength):
    return random.uniform(max(0, 1 - strength), 1 + strength)


# Views of 40 px, of which a tenth is the kernel of SimCLR's and BYOL's blur.
SIDE, KERNEL = 40, 5
PICTURE = colourful_picture(SIDE)


def tensorflow_colours(strengths, *, blur, adds_brightness=False):
    jitter = TensorflowJitter(strengths, adds_brightness=adds_brightness)
    return [
        transforms.RandomApply([jitter], p=0.8),
        transforms.RandomGrayscale(p=0.2),
        transforms.RandomApply([transforms.GaussianBlur(KERNEL, (0.1, 2.0))], p=blur),
    ]


def simclr_colours():
    return tensorflow_colours((0.8, 0.8, 0.8, 0.2), blur=0.5)


def byol_colours(blur, solarize=0.0):
    added = tensorflow_colours((0.4, 0.4, 0.2, 0.1), blur=blur, adds_brightness=True)
    return [*added, PillowSolarize(solarize)]


def dino_colours():
    jitter = transforms.ColorJitter(0.4, 0.4, 0.2, 0.1)
    return [transforms.RandomApply([jitter], p=0.8), transforms.RandomGrayscale(p=0.2)]


# Method, group of views, number in the group -> what the official code makes of them.
OFFICIAL = {
    ("simclr", "views", 0): simclr_colours,
    ("simclr", "views", 1): simclr_colours,
    ("byol", "views", 0): lambda: byol_colours(1.0),
    ("byol", "views", 1): lambda: byol_colours(0.1, 0.2),
    ("dino", "global", 0): lambda: [*dino_colours(), PillowBlur(1.0)],
    ("dino", "global", 1): lambda: [*dino_colours(), PillowBlur(0.1), PillowSolarize(0.2)],
    ("dino", "local", 0): lambda: [*dino_colours(), PillowBlur(0.5)],
}
DINO_JITTER = ColourJitter(0.8, 0.4, 0.4, 0.2, 0.1)


def declared(method, group, number):
    """The distortion of a view as the method itself makes it of its own defaults."""
    kind = METHODS[method]
    return kind.views(kind.Config(), ViewSpec(SIDE, 8)).groups[group][number].distortion


def statistics(views):
    """Name -> (n,) of a stack of views (n, H, W, 3): colours, contrast, sharpness, colourfulness."""
    levels = views.astype(np.float32)
    found = {f"mean {c}": levels[..., c].mean((1, 2)) for c in range(3)}
    found |= {f"std {c}": levels[..., c].std((1, 2)) for c in range(3)}
    found["red over blue"] = found["mean 0"] - found["mean 2"]
    found["colourful"] = (levels.max(3) - levels.min(3)).mean((1, 2))
    # Views whose colours stay are many and all alike: half a level of rounding must not set them all apart.
    smear = np.random.default_rng(2)
    found = {name: values + smear.uniform(-1, 1, len(values)) for name, values in found.items()}
    found["sharp"] = np.abs(np.diff(levels, axis=2)).mean((1, 2, 3)) / (levels.std((1, 2, 3)) + 1)
    return found


def theirs(make):
    random.seed(0)
    torch.manual_seed(0)
    transform = transforms.Compose(make())
    image = Image.fromarray(PICTURE)
    return statistics(np.stack([np.array(transform(image)) for _ in range(DRAWS)]))


def ours(distortion):
    rng = np.random.default_rng(0)
    return statistics(np.stack([distortion.apply(PICTURE, distortion.draw(rng)) for _ in range(DRAWS)]))


def furthest(first, second):
    return max(distance(first[name], second[name]) for name in first)


@pytest.mark.parametrize("view", list(OFFICIAL), ids=lambda view: " ".join(map(str, view)))
def test_distorted_views_are_distributed_as_the_official_transforms(view):
    reference, made = theirs(OFFICIAL[view]), ours(declared(*view))
    for name, values in reference.items():
        assert distance(made[name], values) < LIMIT, name


WRONG = {
    "grey twice as often": Distortion(DINO_JITTER, 0.4, Blur(0.5)),
    "never grey": Distortion(DINO_JITTER, 0.0, Blur(0.5)),
    "always jittered": Distortion(ColourJitter(1.0, 0.4, 0.4, 0.2, 0.1), 0.2, Blur(0.5)),
    "jittered every second time": Distortion(ColourJitter(0.5, 0.4, 0.4, 0.2, 0.1), 0.2, Blur(0.5)),
    "brightness of half the strength": Distortion(ColourJitter(0.8, 0.2, 0.4, 0.2, 0.1), 0.2, Blur(0.5)),
    "contrast of twice the strength": Distortion(ColourJitter(0.8, 0.4, 0.8, 0.2, 0.1), 0.2, Blur(0.5)),
    "saturation of four times the strength": Distortion(
        ColourJitter(0.8, 0.4, 0.4, 0.8, 0.1), 0.2, Blur(0.5)
    ),
    "hue of twice the strength": Distortion(ColourJitter(0.8, 0.4, 0.4, 0.2, 0.2), 0.2, Blur(0.5)),
    "no hue": Distortion(ColourJitter(0.8, 0.4, 0.4, 0.2, 0.0), 0.2, Blur(0.5)),
    "blurred too often": Distortion(DINO_JITTER, 0.2, Blur(0.7)),
    "a blur with a small kernel": Distortion(DINO_JITTER, 0.2, Blur(0.5, kernel=3)),
    "a blur of half the strength": Distortion(DINO_JITTER, 0.2, Blur(0.5, (0.1, 1.0))),
    "solarized": Distortion(DINO_JITTER, 0.2, Blur(0.5), 0.2),
    "brightness that is added": Distortion(ColourJitter(0.8, 0.4, 0.4, 0.2, 0.1, "byol"), 0.2, Blur(0.5)),
}


@pytest.fixture(scope="module")
def dino_local():
    return theirs(OFFICIAL["dino", "local", 0])


@pytest.mark.parametrize("variant", list(WRONG))
def test_a_wrong_probability_or_strength_would_be_noticed(variant, dino_local):
    assert furthest(ours(WRONG[variant]), dino_local) > LIMIT


def test_shares_are_as_asked_for():
    rng = np.random.default_rng(0)
    byol_second = Distortion(ColourJitter(0.8), 0.2, Blur(0.1), 0.2)
    drawn = np.stack([byol_second.draw(rng) for _ in range(20_000)])
    order, sigma, grey, threshold = drawn[:, 0], drawn[:, 7], drawn[:, 6], drawn[:, 9]
    # Four standard deviations of a share among 20,000.
    for happened, share in ((order >= 0, 0.8), (grey > 0, 0.2), (sigma > 0, 0.1), (threshold < 256, 0.2)):
        assert happened.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(drawn)))
    _, counts = np.unique(order[order >= 0], return_counts=True)
    assert len(counts) == 24
    assert counts.min() > 0.75 * counts.mean()
    # One happening says nothing of another.
    assert np.abs(np.corrcoef([order >= 0, grey, sigma > 0, threshold])[~np.eye(4, dtype=bool)]).max() < 0.03


def boxes_of(views):
    """Where views of a picture of coordinates come from: left, top, width, height in levels, and whether mirrored."""
    columns, rows = views[:, 0].mean(1), views[:, 1].mean(2)
    width, height = columns[:, -1] - columns[:, 0], rows[:, -1] - rows[:, 0]
    return {
        "left": columns.min(1),
        "top": rows.min(1),
        "area": np.abs(width) * height,
        "aspect": np.log(np.abs(width) / height),
        "mirrored": (width < 0).astype(float),
    }


@pytest.mark.parametrize("scale", [(0.08, 1.0), (0.4, 1.0), (0.05, 0.4)])
def test_views_show_the_parts_that_torchvision_shows(scale):
    # Red says the column and green the row.
    place = np.meshgrid(np.linspace(0, 255, 160), np.linspace(0, 255, 120))
    coordinates = np.stack([*place, np.zeros((120, 160))], axis=2).astype(np.uint8)
    image, picture = Image.fromarray(coordinates), torch.from_numpy(coordinates).permute(2, 0, 1)
    torch.manual_seed(0)
    reference = transforms.Compose(
        [
            transforms.RandomResizedCrop(24, scale, interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.RandomHorizontalFlip(),
        ]
    )
    official = np.stack([np.array(reference(image)).transpose(2, 0, 1) for _ in range(DRAWS)])
    rng, view = np.random.default_rng(0), View(24, scale)
    made = np.stack([view(picture, rng).numpy() for _ in range(DRAWS)])
    wrong_rng, wrong = np.random.default_rng(0), View(24, (scale[0], scale[1] * 0.6), flip=0.3)
    shrunk = np.stack([wrong(picture, wrong_rng).numpy() for _ in range(DRAWS)])
    expected, found, off = (boxes_of(views.astype(np.float32)) for views in (official, made, shrunk))
    for name, values in expected.items():
        assert distance(found[name], values) < LIMIT, name
    assert distance(off["area"], expected["area"]) > LIMIT
    assert distance(off["mirrored"], expected["mirrored"]) > LIMIT
    assert views_std(made) == pytest.approx(views_std(official), rel=0.05)


def views_std(views):
    return float(views.std((2, 3)).mean())
