"""A batch finished on the device is what the loader would have made of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.compute import make_compute
from engine.data.device_views import distort_batch, finish_views
from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.multi_crop import MultiCrop
from engine.data.views import View
from engine.jobs.assembly import assemble
from engine.methods import METHODS
from engine.parts import make_method, method_parts
from engine.plan import make_plan
from engine.recipe import EncoderSettings, Recipe
from engine.trainer import Trainer


def soft_picture(seed, height, width, channels=3):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height)))[:, :, :channels]


def maker(form):
    jitter = ColourJitter(0.8, 0.8, 0.8, 0.8, 0.2, form)
    first = View(48, distortion=Distortion(jitter, 0.2, Blur(1.0, kernel=23)))
    second = View(48, distortion=Distortion(jitter, 0.2, Blur(0.1), 0.5, threshold=100))
    return MultiCrop({"global": (first, second), "local": (View(24, distortion=Distortion(jitter)),) * 3})


def stacked(view_maker, channels):
    rows = [
        view_maker(
            torch.from_numpy(soft_picture(seed, 60, 80, channels)).permute(2, 0, 1),
            np.random.default_rng(seed),
        )
        for seed in range(24)
    ]
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("form", ["torchvision", "byol", "simclr"])
@pytest.mark.parametrize("channels", [1, 3])
def test_deferred_views_are_finished_to_what_the_loader_makes(form, channels):
    whole = stacked(maker(form), channels)
    finished = finish_views(stacked(maker(form).deferred(), channels))
    assert list(finished) == list(whole)
    for name, expected in whole.items():
        difference = (finished[name].int() - expected.int()).abs()
        # A level on the other side of the threshold of solarization is inverted, hence the share.
        assert (difference <= 2).float().mean() > 0.995
        assert difference.float().mean() < 0.6
        assert finished[name].dtype == torch.uint8
        assert finished[name].shape == expected.shape


def test_leaving_the_distortion_out_would_be_noticed():
    whole = stacked(maker("torchvision"), 3)["global"]
    deferred = stacked(maker("torchvision").deferred(), 3)["global"]
    assert (deferred.int() - whole.int()).abs().float().mean() > 5


def test_pictures_without_vectors_pass_as_they_are():
    pictures = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    assert finish_views({"image": pictures})["image"] is pictures


@given(st.integers(0, 10**6), st.sampled_from([1, 3]), st.integers(1, 20), st.integers(1, 20))
def test_a_picture_is_finished_alike_alone_and_in_a_batch(seed, channels, height, width):
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(rng.integers(0, 256, (5, channels, height, width), dtype=np.uint8))
    distortion = Distortion(ColourJitter(0.8, 0.8, 0.8, 0.8, 0.2), 0.3, Blur(0.5), 0.3)
    drawn = torch.from_numpy(np.stack([distortion.draw(rng) for _ in images]))
    together = distort_batch(images, drawn)
    for i in range(len(images)):
        alone = distort_batch(images[i : i + 1], drawn[i : i + 1])[0]
        differs = (alone.int() - together[i].int()).abs()
        assert (differs <= 1).float().mean() > 0.9 or drawn[i, -1] < 256


def test_the_trainer_sees_finished_views_where_they_were_deferred():
    method_class = METHODS["byol"]
    recipe = Recipe(method="byol", encoder=EncoderSettings(name="resnet18", image_size=32))
    _, settings, spec = method_parts(recipe)
    maker = method_class.views(settings, spec)
    compute = make_compute("cpu", "fp32")
    trainer = Trainer(
        make_method(recipe), make_plan(recipe.training, 256), compute, method_class.normalise(channels=3)
    )
    prepared = [trainer.prepare(stacked(each, 3)) for each in (maker, maker.deferred())]
    assert prepared[0].keys() == prepared[1].keys()
    for name, expected in prepared[0].items():
        assert (prepared[1][name] - expected).abs().mean() < 0.02


def test_only_beside_cuda_is_the_loader_spared_the_distortions():
    assembly = assemble(Recipe(method="byol", encoder=EncoderSettings(name="resnet18", image_size=32)), "cpu")
    assert not assembly.make_view_maker().is_deferred
    beside_cuda = replace(assembly, compute=replace(assembly.compute, device=torch.device("cuda")))
    assert beside_cuda.make_view_maker().is_deferred
