"""DINO beyond the official numbers: its teacher, its centre, its crops, and what it refuses."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from engine.compute import Compute
from engine.declared import make_recipe
from engine.errors import SettingsError
from engine.method import ViewSpec
from engine.methods.dino import DINO, DINOSettings, teacher_temperature
from engine.nn.dino_head import DINOHead, Prototypes, official_names, parametrized_names
from engine.nn.normalise import Normalise
from engine.nn.resnet import make_resnet
from engine.nn.self_distillation import Centre, collapse_signs, cross_entropy, teacher_targets
from engine.nn.vit import make_vit
from engine.parts import make_method, method_parts
from engine.plan import Plan
from engine.recipe import TrainingSettings
from engine.schedules import Progress
from engine.trainer import Trainer

START = Progress(0, 100, 10)
SMALL = {"prototypes": 24, "head_hidden": 32, "head_bottleneck": 32, "local_size": 8, "local_crops": 2}


def make_encoder(kind="vit"):
    torch.manual_seed(0)
    if kind == "resnet":
        return make_resnet("resnet_nano", stem="small")
    return make_vit(width=24, depth=2, heads=2, image_size=16, patch_size=4)


def make_dino(kind="vit", **settings):
    return DINO(DINOSettings(**{**SMALL, **settings}), make_encoder(kind))


def make_views(batch=6, seed=0, num_local=2):
    generator = torch.Generator().manual_seed(seed)
    views = {"global": torch.randn(batch, 2, 3, 16, 16, generator=generator)}
    if num_local:
        views["local"] = torch.randn(batch, num_local, 3, 8, 8, generator=generator)
    return views


def make_trainer(method, *, steps=60, accumulation=1, **training):
    settings = TrainingSettings(
        batch_size=6,
        accumulation=accumulation,
        warmup_epochs=0,
        precision="fp32",
        lr_scaling="none",
        **training,
    )
    plan = Plan(settings, 10 * accumulation, steps)
    return Trainer(method, plan, Compute(torch.device("cpu"), "fp32"), Normalise())


def train(trainer, batches):
    reports = []
    trainer.train(
        iter([{**views, "index": torch.arange(len(views["global"]))} for views in batches]),
        record=reports.append,
        control=lambda: len(reports) * trainer.plan.training.accumulation >= len(batches),
    )
    return [report.values for report in reports]


def waves(function, count, rate, width):
    return function(torch.arange(count, dtype=torch.float64) * rate).reshape(-1, width).float()


def test_the_loss_and_the_centre_of_given_waves():
    student = waves(torch.sin, 128, 0.37, 16).unflatten(0, (4, 2))
    teacher, centre = waves(torch.cos, 64, 0.21, 16), Centre(16, 0.9)
    losses = []
    for _ in range(2):
        targets, _ = teacher_targets(teacher, centre.center, 0.04)
        losses.append(float(cross_entropy(student, targets.unflatten(0, (2, 2)), 0.1)))
        centre.see(teacher)
        centre.update()
        if len(losses) == 1:
            assert float(centre.center.sum()) == pytest.approx(0.095408, abs=1e-5)
            assert centre.center[0, :3].tolist() == pytest.approx([0.003424, 0.005448, 0.007234], abs=1e-6)
    assert losses == pytest.approx([13.935357, 13.996654], abs=1e-5)


def test_the_momentum_starts_at_its_setting_and_never_quite_reaches_one():
    at = {
        step: DINO.curves(DINOSettings(), Progress(step, 200, 10))["teacher_momentum"]
        for step in (0, 100, 199)
    }
    assert at == pytest.approx({0: 0.996, 100: 0.998, 199: 0.99999975}, abs=1e-8)


def test_the_temperature_moves_by_whole_epochs_and_includes_both_ends():
    settings = DINOSettings(teacher_temperature=0.07, teacher_temperature_epochs=4)
    found = [DINO.curves(settings, Progress(step, 60, 10))["teacher_temperature"] for step in range(60)]
    expected = np.concatenate([np.linspace(0.04, 0.07, 4), [0.07] * 2]).repeat(10)
    np.testing.assert_allclose(found, expected)
    assert (
        teacher_temperature(DINOSettings(teacher_temperature=0.05, teacher_temperature_epochs=1), 1) == 0.05
    )


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_the_teacher_starts_as_the_student_in_storage_of_its_own_and_is_not_trained(kind):
    method = make_dino(kind)
    for student, teacher in ((method.encoder, method.teacher_encoder), (method.head, method.teacher_head)):
        for ours, theirs in zip(student.parameters(), teacher.parameters(), strict=True):
            assert torch.equal(ours, theirs)
            assert ours.data_ptr() != theirs.data_ptr()
            assert not theirs.requires_grad
    assert method.evaluated_encoder is method.teacher_encoder
    method(make_views(), START).loss.backward()
    assert all(parameter.grad is None for parameter in method.teacher_encoder.parameters())
    trained = {id(parameter) for group in method.param_groups() for parameter in group.params}
    assert not trained & {id(parameter) for parameter in method.teacher_encoder.parameters()}


def test_the_teacher_takes_up_the_changed_student_after_the_step():
    method = make_dino(teacher_momentum=0.9, freeze_last_layer=0)
    before = [parameter.clone() for parameter in method.teacher_head.mlp.parameters()]
    train(make_trainer(method, base_lr=1e-2), [make_views()])
    after = list(method.teacher_head.mlp.parameters())
    for old, now, student in zip(before, after, method.head.mlp.parameters(), strict=True):
        torch.testing.assert_close(now, 0.9 * old + 0.1 * student.detach())
        assert not torch.equal(old, now)


def test_only_the_student_of_a_transformer_drops_paths():
    method = make_dino(drop_path=0.5).train()
    pictures = torch.randn(8, 3, 16, 16)
    first, again = method.encoder.features(pictures), method.encoder.features(pictures)
    assert not torch.equal(first, again)
    first, again = method.teacher_encoder.features(pictures), method.teacher_encoder.features(pictures)
    assert torch.equal(first, again)


def test_the_teacher_of_a_residual_network_keeps_statistics_of_its_own():
    method = make_dino("resnet").train()
    for step in range(3):
        method(make_views(seed=step), START)
        method.after_step(Progress(step + 1, 100, 10))
    ours, theirs = method.encoder.network.bn1, method.teacher_encoder.network.bn1
    assert theirs.training
    assert int(ours.num_batches_tracked) == 6  # a pass for each size
    assert int(theirs.num_batches_tracked) == 3
    assert not torch.equal(ours.running_mean, theirs.running_mean)


def test_the_teacher_never_sees_local_crops():
    method, views = make_dino().eval(), make_views()
    other = {**views, "local": torch.randn(6, 2, 3, 8, 8)}
    entropies = [method(each, START).monitors["teacher_entropy"] for each in (views, other)]
    assert torch.equal(*entropies)
    assert method(views, START).loss != method(other, START).loss


@pytest.mark.parametrize("num_local", [0, 3])
def test_a_crop_is_not_compared_with_itself(num_local):
    torch.manual_seed(0)
    student, targets = torch.randn(2 + num_local, 5, 7), torch.randn(2, 5, 7).softmax(-1)
    pairs = [
        -(targets[teacher] * (student[crop] / 0.1).log_softmax(-1)).sum(-1).mean()
        for teacher in range(2)
        for crop in range(2 + num_local)
        if crop != teacher
    ]
    assert len(pairs) == 2 * (1 + num_local)
    torch.testing.assert_close(cross_entropy(student, targets, 0.1), torch.stack(pairs).mean())


def test_the_loss_of_a_step_is_taken_with_the_centre_before_it():
    method, views = make_dino(drop_path=0.0), make_views()
    loss = method(views, START).loss
    assert not method.centre.center.any()
    method.after_step(Progress(1, 100, 10))
    assert method.centre.center.any()
    assert method(views, START).loss != loss


def test_judging_leaves_the_centre_alone():
    method = make_dino().eval()
    method(make_views(), START)
    method.after_step(Progress(1, 100, 10))
    assert not method.centre.center.any()


def test_the_batches_of_one_step_move_the_centre_as_one_batch_would():
    whole = make_views(batch=12)
    halves = [{name: view[part] for name, view in whole.items()} for part in (slice(0, 6), slice(6, 12))]
    together, apart = make_dino(drop_path=0.0), make_dino(drop_path=0.0)
    train(make_trainer(together), [whole])
    train(make_trainer(apart, accumulation=2), halves)
    torch.testing.assert_close(together.centre.center, apart.centre.center)


def test_a_resumed_run_is_the_run_that_never_stopped():
    batches = [make_views(seed=seed) for seed in range(4)]
    through = make_trainer(make_dino())
    expected = train(through, batches)
    first, second = make_trainer(make_dino()), make_trainer(make_dino(student_temperature=0.1))
    train(first, batches[:2])
    second.load_state(first.state())
    found = train(second, batches[2:])
    assert [step["loss"] for step in found] == [step["loss"] for step in expected[2:]]
    state, resumed = through.method.state_dict(), second.method.state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in state.items())


def test_frozen_prototypes_feel_neither_gradient_nor_decay_and_move_afterwards():
    method = make_dino(freeze_last_layer=1, norm_last_layer=False)
    trainer = make_trainer(method, weight_decay=0.5, base_lr=1e-2)
    start = {name: value.clone() for name, value in method.head.last_layer.named_parameters()}
    train(trainer, [make_views(seed=seed) for seed in range(10)])  # one epoch
    assert all(torch.equal(start[name], value) for name, value in method.head.last_layer.named_parameters())
    train(trainer, [make_views()])
    assert not any(
        torch.equal(start[name], value) for name, value in method.head.last_layer.named_parameters()
    )


def test_lengths_of_prototypes_are_one_and_only_trained_when_asked():
    fixed, free = Prototypes(8, 5, fixed_length=True), Prototypes(8, 5, fixed_length=False)
    assert not fixed.weight_g.requires_grad
    assert free.weight_g.requires_grad
    torch.testing.assert_close(fixed(torch.eye(8)).norm(dim=0), torch.ones(5))
    head = DINOHead(6, 50, hidden=16, bottleneck=8)
    linears = [part for part in head.mlp if isinstance(part, nn.Linear)]
    assert all(not linear.bias.any() and linear.weight.std() < 0.03 for linear in linears)
    assert head.last_layer.weight_v.abs().max() <= 1 / math.sqrt(8)  # a plain layer's start, not 0.02
    assert head.last_layer.weight_v.std() > 0.1


def test_names_of_weight_norm_go_both_ways():
    head = DINOHead(6, 5, hidden=8, bottleneck=4)
    theirs = nn.Sequential(weight_norm(nn.Linear(4, 5, bias=False)))
    state = parametrized_names(head.last_layer.state_dict())
    theirs[0].load_state_dict(state, strict=True)
    vectors = torch.randn(3, 4)
    torch.testing.assert_close(theirs[0](vectors), head.last_layer(vectors))
    state = parametrized_names(head.state_dict())
    assert "last_layer.parametrizations.weight.original0" in state
    assert official_names(state).keys() == head.state_dict().keys()
    assert torch.equal(official_names(state)["last_layer.weight_v"], head.last_layer.weight_v)


def test_the_signs_of_collapse_know_their_ends():
    seen, uniform = torch.randn(2, 4, 64), torch.full((8, 16), 1 / 16)
    signs = collapse_signs(torch.tensor(math.log(16)), uniform, uniform.log(), seen)
    assert (
        float(signs["teacher_entropy"]) == pytest.approx(float(signs["ln_k"])) == pytest.approx(math.log(16))
    )
    assert float(signs["kl"]) == pytest.approx(0, abs=1e-6)
    assert float(signs["prototype_use"]) == 1 / 8
    assert float(signs["teacher_std"]) == pytest.approx(1, abs=0.1)
    own, log_own = teacher_targets(100 * torch.eye(16)[:8], torch.zeros(1, 16), 0.04)
    signs = collapse_signs(torch.tensor(3.0), own, log_own, seen[:, :1].expand(2, 4, 64))
    assert float(signs["teacher_entropy"]) == pytest.approx(0, abs=1e-6)
    assert float(signs["prototype_use"]) == 1
    assert all(
        torch.isfinite(value) for value in collapse_signs(torch.tensor(1.0), own, log_own, seen).values()
    )


def monitors_after(steps=120, **settings):
    """Monitors of a short run with a fast teacher, averaged over its last steps."""
    method = make_dino(teacher_momentum=0.5, freeze_last_layer=0, drop_path=0.0, **settings)
    trainer = make_trainer(method, steps=steps, base_lr=3e-3)
    values = train(trainer, [make_views(batch=16, seed=seed) for seed in range(steps)])[-10:]
    return {
        name: float(np.mean([step[f"monitor/{name}"] for step in values]))
        for name in ("teacher_entropy", "kl")
    }


@pytest.mark.slow
def test_without_centring_or_sharpening_it_collapses_to_opposite_ends():
    top = math.log(SMALL["prototypes"])
    healthy, one_hot, uniform = (
        monitors_after(),
        monitors_after(centring=False),
        monitors_after(sharpening=False),
    )
    assert 0.3 * top < healthy["teacher_entropy"] < 0.9 * top
    assert one_hot["teacher_entropy"] < 0.05 * top
    assert one_hot["kl"] < 0.05 * healthy["kl"]
    assert uniform["teacher_entropy"] > 0.95 * top
    assert uniform["kl"] < 0.5 * healthy["kl"]


def test_views_are_crops_of_two_sizes():
    maker = DINO.views(DINOSettings(**SMALL), ViewSpec(16, 4))
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 40, 50), dtype=np.uint8))
    views = maker(picture, np.random.default_rng(0))
    assert {name: tuple(view.shape) for name, view in views.items()} == {
        "global": (2, 3, 16, 16),
        "local": (2, 3, 8, 8),
    }
    assert all(view.dtype == torch.uint8 for view in views.values())
    assert not torch.equal(views["global"][0], views["global"][1])
    alone = DINO.views(DINOSettings(**{**SMALL, "local_crops": 0}), ViewSpec(16, 4))
    assert set(alone(picture, np.random.default_rng(0))) == {"global"}


def test_without_local_crops_the_global_ones_range_wider_and_training_works():
    assert DINOSettings().global_scale == (0.4, 1.0)
    assert DINOSettings(local_crops=0).global_scale == (0.14, 1.0)
    output = make_dino(local_crops=0)(make_views(num_local=0), START)
    assert torch.isfinite(output.loss)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"settings.local_size": 12}, "settings.local_size", "does not divide a local crop of 12"),
        ({"settings.local_size": 32}, "settings.local_size", "not smaller than the image"),
        ({"settings.local_low": 0.5}, "settings.local_low", "not smaller than the largest"),
    ],
)
def test_crops_that_do_not_fit_are_refused_in_words(changes, field, words):
    with pytest.raises(SettingsError, match=words) as caught:
        method_parts(make_recipe("dino", "quick", {"encoder.name": "vit_nano", **changes}))
    assert caught.value.field == field
    assert caught.value.fix


def test_a_residual_network_takes_any_local_size():
    make_method(make_recipe("dino", "quick", {"settings.local_size": 13, "encoder.name": "resnet_nano"}))


@pytest.mark.parametrize("name", ["paper", "desktop", "quick"])
def test_recipes_give_small_data_a_small_head(name):
    sizes = [make_recipe("dino", preset).settings["prototypes"] for preset in ("paper", "desktop", "quick")]
    assert sizes[0] > 10 * max(sizes[1:])
    training = make_recipe("dino", name).training
    assert (training.clip_norm, training.warmup_form) == (3.0, "through_peak")
    form, end = ("constant", 0.0) if name == "quick" else ("cosine", 0.4)
    assert (training.weight_decay, training.weight_decay_form, training.weight_decay_end) == (0.04, form, end)
