"""BYOL's own rules: what follows what, on which statistics, and when."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import SettingsError
from engine.method import ViewSpec
from engine.methods.byol import BYOL, BYOLSettings, half_life, regression_losses, target_momentum
from engine.nn.resnet import make_resnet
from engine.schedules import Progress

SMALL = {"projector_hidden": 32, "predictor_hidden": 24, "projection_width": 16}


def make_byol(seed=0, **changes):
    torch.manual_seed(seed)
    return BYOL(BYOLSettings(**SMALL, **changes), make_resnet("resnet_nano", stem="fast"))


def make_views(seed=0, count=6):
    generator = torch.Generator().manual_seed(seed)
    return {"views": torch.randn(count, 2, 3, 16, 16, generator=generator)}


def waves(function, count, rate):
    return function(torch.arange(count, dtype=torch.float64) * rate)


def test_the_loss_of_written_down_rows_is_the_official_one():
    rows = torch.cat([waves(torch.sin, 32, 0.10), waves(torch.cos, 32, 0.13)]).view(8, 8)
    first, second = waves(torch.sin, 32, 0.31).view(4, 8), waves(torch.cos, 32, 0.17).view(4, 8)
    loss = (regression_losses(rows[:4], second) + regression_losses(rows[4:], first)).mean()
    assert loss.item() == pytest.approx(4.460470, abs=2e-6)


def test_the_momentum_of_written_down_steps_is_the_official_one():
    config = BYOLSettings(target_momentum=0.996)
    found = [target_momentum(config, Progress(step, 100, 10)) for step in (0, 25, 50, 75, 100)]
    assert found == pytest.approx([0.996, 0.99658579, 0.998, 0.99941421, 1.0], abs=1e-8)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 1.0), st.integers(1, 5000))
def test_the_momentum_rises_over_the_run_and_a_constant_one_stays(start, total):
    rising = [
        target_momentum(BYOLSettings(target_momentum=start), Progress(step, total, 10))
        for step in range(0, total + 1, max(total // 7, 1))
    ]
    assert rising[0] == pytest.approx(start)
    assert all(early <= late + 1e-12 for early, late in pairwise(rising))
    still = BYOLSettings(target_momentum=start, momentum_form="constant")
    assert target_momentum(still, Progress(total, total, 10)) == start


@settings(max_examples=50, deadline=None)
@given(st.floats(0.5, 0.9999))
def test_after_its_half_life_half_of_a_target_is_left(momentum):
    assert momentum ** half_life(momentum, 10**9) == pytest.approx(0.5)


def test_the_half_life_is_finite_over_the_whole_run():
    assert half_life(0.99, 1000) == pytest.approx(69, abs=0.5)
    assert half_life(0.0, 1000) == 0
    curves = [BYOL.curves(BYOLSettings(), Progress(step, 200, 10)) for step in range(201)]
    assert all(math.isfinite(value) for curve in curves for value in curve.values())
    assert curves[-1]["momentum"] == 1


def test_only_the_online_network_has_gradients_and_the_target_shares_no_storage():
    method = make_byol()
    method(make_views(), Progress(0, 10, 5)).loss.backward()
    targets = {name: value for name, value in method.named_parameters() if name.startswith("target_")}
    others = {name: value for name, value in method.named_parameters() if name not in targets}
    assert all(value.grad is None and not value.requires_grad for value in targets.values())
    assert all(value.grad is not None for value in others.values())
    assert not {value.data_ptr() for value in targets.values()} & {v.data_ptr() for v in others.values()}
    assert torch.equal(method.target_projector[0].weight, method.projector[0].weight)


def test_the_target_takes_the_new_weights_by_the_momentum_of_the_finished_step():
    method = make_byol(target_momentum=0.9)
    before = method.target_projector[0].weight.clone()
    with torch.no_grad():
        method.projector[0].weight.add_(1.0)
    method.after_step(Progress(1, 10, 5))
    torch.testing.assert_close(method.target_projector[0].weight, before + 0.1)
    method.after_step(Progress(10, 10, 5))  # one step before the end the momentum is not yet 1
    assert not torch.equal(method.target_projector[0].weight, before + 0.1)


def test_the_target_normalises_by_the_batch_and_keeps_its_own_statistics():
    method, views = make_byol().train(), make_views()
    with torch.no_grad():
        loss = method(views, Progress(0, 10, 5)).loss
        for norm in (method.target_projector[1], method.target_encoder.network.bn1):
            norm.running_mean.fill_(100.0)
        assert torch.equal(method(views, Progress(0, 10, 5)).loss, loss)
    before = method.projector[1].running_mean.clone()
    method.after_step(Progress(1, 10, 5))
    assert torch.equal(method.projector[1].running_mean, before)
    assert (
        method.target_projector[1].running_mean.mean() > 10
    )  # moved by batches alone, never by the online's


def test_statistics_are_those_of_one_view_not_of_both():
    """A view three times as strong is the same behind a batch norm of it alone, and not behind a mixed one."""
    method, views = make_byol(), make_views()
    moved = {"views": views["views"] * torch.tensor([3.0, 1.0]).view(1, 2, 1, 1, 1)}
    first = method(views, Progress(0, 10, 5)).loss
    torch.testing.assert_close(method(moved, Progress(0, 10, 5)).loss, first, atol=2e-2, rtol=0)
    mixed = torch.cat(moved["views"].unbind(1))
    assert not torch.allclose(
        method.projector(method.encoder.features(mixed))[:6],
        method.projector(method.encoder.features(moved["views"][:, 0])),
        atol=0.1,
    )


def test_monitors_tell_a_collapsed_projection_from_a_spread_one():
    method, views = make_byol(), make_views()
    healthy = method(views, Progress(0, 10, 5))
    assert healthy.monitors["projection_std"] > 0.3
    assert healthy.loss.item() == pytest.approx(4 - 4 * healthy.monitors["target_cosine"].item(), abs=1e-5)
    with torch.no_grad():
        method.projector[1].weight.zero_()
        method.projector[1].bias.fill_(1.0)
    assert method(views, Progress(0, 10, 5)).monitors["projection_std"] < 1e-3


def test_without_its_predictor_the_network_compares_projections():
    method, views = make_byol(predictor=False), make_views()
    assert not any(name.startswith("predictor") for name, _ in method.named_parameters())
    same = {"views": views["views"][:, :1].expand(-1, 2, -1, -1, -1)}
    assert method(same, Progress(0, 10, 5)).loss.item() == pytest.approx(0, abs=1e-5)
    assert make_byol()(same, Progress(0, 10, 5)).loss > 0.5


def test_weights_of_several_axes_decay_and_those_of_one_do_not():
    decayed, plain = make_byol().param_groups()
    assert decayed.weight_decay
    assert not plain.weight_decay
    assert {value.ndim for value in plain.params} == {1}
    assert min(value.ndim for value in decayed.params) >= 2


def test_a_batch_of_one_picture_is_refused_in_words():
    with pytest.raises(SettingsError, match="one picture"):
        make_byol()(make_views(count=1), Progress(0, 10, 5))


def test_the_paper_recipe_has_the_official_length_dependent_values():
    values = {name: value.value for name, value in BYOL.presets["paper"].values.items()}
    assert values["training.batch_size"] * values["training.accumulation"] == 4096
    assert (values["training.base_lr"], values["training.weight_decay"]) == (0.2, 1.5e-6)


def plain_views(picture, **changes):
    still = {"jitter": 0.0, "grey": 0.0, "blur_first": 0.0, "blur_second": 0.0, "solarize_second": 0.0}
    maker = BYOL.views(BYOLSettings(**{**still, **changes}), ViewSpec(32, 8))
    return maker(picture, np.random.default_rng(0))["views"]


def test_each_view_has_its_own_solarization_and_blur():
    flat = torch.full((3, 40, 40), 200, dtype=torch.uint8)
    first, second = plain_views(flat, solarize_second=1.0)
    assert torch.equal(first, torch.full_like(first, 200))
    assert torch.equal(second, torch.full_like(second, 55))
    noise = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 40, 40), dtype=np.uint8))
    sharp, _ = plain_views(noise)
    blurred, other = plain_views(noise, blur_first=1.0)
    assert blurred.float().std() < 0.9 * sharp.float().std()
    assert torch.equal(other, plain_views(noise)[1])


def test_brightness_is_added_as_in_the_official_code():
    """A factor would leave black as it is."""
    black = torch.zeros(3, 40, 40, dtype=torch.uint8)
    only = {"jitter": 1.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
    maker = BYOL.views(BYOLSettings(**only, blur_first=0.0, blur_second=0.0), ViewSpec(32, 8))
    levels = [maker(black, np.random.default_rng(seed))["views"][0].float().mean() for seed in range(12)]
    assert max(levels) > 20
