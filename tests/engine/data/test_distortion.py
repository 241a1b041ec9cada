"""Distortions do what torchvision's and Pillow's operations do, and depend on their generator alone."""

import pickle

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as theirs
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps

from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.drawn import BRIGHTNESS, CONTRAST, HUE, ORDERS, SATURATION, Drawn

FACTORS = (0.0, 0.2, 0.7, 1.3, 1.8)


def picture(kind, height=60, width=70):
    """(H, W, 3) uint8: soft and colourful, pure noise, or with large areas at both ends of the range."""
    rng = np.random.default_rng(0)
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    coarse = rng.integers(0, 256, (6, 7, 3), dtype=np.uint8)
    soft = np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return (
        soft if kind == "soft" else np.where(soft > 150, 255, np.where(soft < 100, 0, soft)).astype(np.uint8)
    )


KINDS = ("soft", "noise", "ends")


def drawn(**values):
    """The vector that does nothing, with some values changed."""
    vector = Distortion().draw(np.random.default_rng(0))
    for name, value in values.items():
        vector[Drawn[name]] = value
    return vector


def done(image, **values):
    return Distortion().apply(image, drawn(**values))


def planes(image):
    return torch.from_numpy(image).permute(2, 0, 1)


def assert_close(image, expected, levels):
    wanted = expected if isinstance(expected, np.ndarray) else expected.permute(1, 2, 0).numpy()
    assert np.abs(image.astype(int) - wanted.astype(int)).max() <= levels


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("BRIGHTNESS", theirs.adjust_brightness),
        ("CONTRAST", theirs.adjust_contrast),
        ("SATURATION", theirs.adjust_saturation),
    ],
)
def test_a_factor_does_what_it_does_in_torchvision(kind, factor, name, operation):
    image = picture(kind)
    changed = done(image, ORDER=0, **{name: factor})
    assert_close(changed, operation(planes(image), factor), 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turns", [-0.5, -0.2, -0.01, 0.1, 0.3, 0.5])
def test_hue_turns_as_in_torchvision(kind, turns):
    image = picture(kind)
    assert_close(done(image, ORDER=0, HUE=turns), theirs.adjust_hue(planes(image), turns), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_grey_and_solarization_are_torchvisions_and_pillows(kind):
    image = picture(kind)
    assert_close(done(image, GREY=1), theirs.rgb_to_grayscale(planes(image), 3), 1)
    for threshold in (1, 100, 128, 255):
        expected = np.array(ImageOps.solarize(Image.fromarray(image), threshold))
        assert_close(done(image, THRESHOLD=threshold), expected, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.6, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("taps", [9, 23])
def test_a_blur_is_torchvisions_away_from_the_edge(kind, sigma, taps):
    image = picture(kind)
    expected = theirs.gaussian_blur(planes(image), [taps, taps], [sigma, sigma])
    inside = slice(12, -12)
    blurred = done(image, SIGMA=sigma, TAPS=taps)
    assert_close(blurred[inside, inside], expected[:, inside, inside], 1)
    assert blurred.shape == image.shape


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_a_blur_without_a_kernel_is_nearly_pillows(sigma):
    # Pillow adds three box blurs up to something close to a Gaussian; both repeat the edge outwards.
    image = picture("soft")
    expected = np.array(Image.fromarray(image).filter(ImageFilter.GaussianBlur(sigma)))
    assert_close(done(image, SIGMA=sigma), expected, 3)
    noise = picture("noise")
    kept = [
        done(noise, SIGMA=sigma),
        np.array(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(sigma))),
    ]
    assert kept[0].std() == pytest.approx(kept[1].std(), rel=0.12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strong", [False, True])
def test_operations_in_any_order_are_torchvisions_one_after_the_other(kind, strong):
    image = picture(kind)
    values = {BRIGHTNESS: 0.7, CONTRAST: 0.8, SATURATION: 0.9, HUE: 0.05}
    if strong:
        values = {BRIGHTNESS: 1.4, CONTRAST: 1.5, SATURATION: 1.6, HUE: -0.2}
    steps = {
        BRIGHTNESS: lambda x, f: theirs.adjust_brightness(x, f),
        CONTRAST: lambda x, f: theirs.adjust_contrast(x, f),
        SATURATION: lambda x, f: theirs.adjust_saturation(x, f),
        HUE: lambda x, f: theirs.adjust_hue(x, f),
    }
    for number, order in enumerate(ORDERS):
        # In floating point, so that only our own rounding counts.
        expected = planes(image).float() / 255
        for operation in order:
            expected = steps[operation](expected, values[operation])
        ours = done(
            image,
            ORDER=number,
            **{
                name: values[place]
                for place, name in enumerate(("BRIGHTNESS", "CONTRAST", "SATURATION", "HUE"))
            },
        )
        difference = np.abs(ours / 255 - expected.permute(1, 2, 0).numpy())
        assert np.quantile(difference, 0.99) <= 4 / 255
        assert difference.mean() <= 1 / 255


def hsv_scaled(image, factor):
    """S of HSV times a factor, at most 1, from the definition: the distance to the largest channel grows."""
    levels = image.astype(float)
    top = levels.max(2, keepdims=True)
    most = np.where(top > levels.min(2, keepdims=True), top / (top - levels.min(2, keepdims=True) + 1e-9), 1)
    return np.rint(top - np.minimum(factor, most) * (top - levels))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", FACTORS)
def test_byols_form_adds_brightness_and_works_on_channels_and_hsv(kind, factor):
    image, form = picture(kind), 1
    added = done(image, ORDER=0, FORM=form, BRIGHTNESS=factor - 0.9)
    assert_close(added, np.clip(np.rint(image + 255 * (factor - 0.9)), 0, 255), 1)
    mean = image.mean((0, 1))
    contrast = done(image, ORDER=0, FORM=form, BRIGHTNESS=0, CONTRAST=factor)
    assert_close(contrast, np.clip(np.rint((image - mean) * factor + mean), 0, 255), 1)
    for order in range(len(ORDERS)):
        saturated = done(image, ORDER=order, FORM=form, BRIGHTNESS=0, SATURATION=factor)
        assert_close(saturated, hsv_scaled(image, factor), 1)


def test_simclrs_form_scales_brightness_and_is_byols_elsewhere():
    image = picture("soft")
    scaled = done(image, ORDER=0, FORM=2, BRIGHTNESS=0.6)
    assert_close(scaled, theirs.adjust_brightness(planes(image), 0.6), 1)
    same = {"ORDER": 3, "CONTRAST": 1.4, "SATURATION": 1.5, "HUE": 0.1}
    assert np.array_equal(
        done(image, FORM=2, BRIGHTNESS=1, **same), done(image, FORM=1, BRIGHTNESS=0, **same)
    )


ALL = Distortion(ColourJitter(0.8, 0.8, 0.8, 0.8, 0.2), 0.2, Blur(0.5, kernel=9), 0.2)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 3]),
    st.integers(0, 10**6),
    st.sampled_from(["torchvision", "byol", "simclr"]),
    st.sampled_from([100, 128]),
)
def test_any_picture_keeps_its_shape_and_follows_its_generator(
    height, width, channels, seed, form, threshold
):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    before = image.copy()
    distortion = Distortion(
        ColourJitter(0.8, 0.8, 0.8, 0.8, 0.2, form), 0.2, Blur(0.5, kernel=9), 0.5, threshold
    )
    distortion = pickle.loads(pickle.dumps(distortion))
    results = []
    for _ in range(2):
        rng = np.random.default_rng(seed)
        results.append(distortion.apply(image, distortion.draw(rng)))
    assert np.array_equal(*results)
    assert results[0].shape == image.shape
    assert results[0].dtype == np.uint8
    assert np.array_equal(image, before)


@given(
    st.integers(0, 10**6),
    st.sampled_from([Distortion(), Distortion(grey=1.0), ALL, Distortion(blur=Blur(1.0), solarize=1.0)]),
)
def test_the_number_of_draws_depends_on_nothing(seed, distortion):
    rng, other = np.random.default_rng(seed), np.random.default_rng(seed)
    distortion.draw(rng)
    ALL.draw(other)
    assert rng.random() == other.random()


def test_what_was_not_asked_for_is_not_done():
    image = picture("soft")
    for seed in range(50):
        assert Distortion().apply(image, Distortion().draw(np.random.default_rng(seed))) is image


def test_a_grey_picture_has_neither_hue_nor_saturation():
    image = picture("soft")[:, :, :1]
    for seed in range(50):
        rng = np.random.default_rng(seed)
        colourful = Distortion(ColourJitter(1.0, 0, 0, 0.8, 0.2), 1.0)
        assert np.array_equal(colourful.apply(image, colourful.draw(rng)), image)
    brighter = done(image, ORDER=0, BRIGHTNESS=1.2)
    assert_close(brighter, theirs.adjust_brightness(planes(image), 1.2), 1)
    assert_close(done(image, ORDER=0, CONTRAST=1.2), theirs.adjust_contrast(planes(image), 1.2), 2)
