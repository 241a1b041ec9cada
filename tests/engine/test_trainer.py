"""The training loop on a method of the test's own: exact, obedient, and honest about numbers that are not."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from engine.compute import Compute
from engine.errors import NotFiniteError
from engine.method import Method, StepOutput
from engine.nn.momentum import follow
from engine.nn.normalise import Normalise
from engine.nn.vit import make_vit
from engine.optim import split_decay
from engine.plan import make_plan
from engine.recipe import TrainingSettings
from engine.settings import Settings
from engine.trainer import Trainer, step_seed

CPU = Compute(torch.device("cpu"), "fp32")


class Follower(Method):
    """Predicts a slowly following copy of itself from dropped-out features: it draws chance and keeps a target."""

    name, title, paper, use_when = "follower", "Follower", "none", "tests"
    Config = Settings
    presets: ClassVar = {}

    def __init__(self, settings, encoder):
        super().__init__(settings, encoder)
        self.target = make_vit(width=16, depth=1, heads=2, image_size=16, patch_size=8)
        self.target.requires_grad_(requires_grad=False)
        self.drop = nn.Dropout(0.3)

    def forward(self, views, progress):
        target = self.target.features(views["image"])
        wrong = (self.drop(self.encoder.features(views["image"])) - target - 1).square().mean()
        return StepOutput({"distance": wrong, "share": wrong * 0 + progress.share}, {"spread": target.std()})

    def after_step(self, progress):
        follow(self.target, self.encoder, 0.9)

    def param_groups(self):
        return split_decay(self.named_parameters())


def batches(start=0):
    for number in range(start, 1000):
        generator = torch.Generator().manual_seed(number)
        images = torch.randint(0, 256, (4, 3, 16, 16), generator=generator, dtype=torch.uint8)
        yield {"image": images, "index": torch.arange(4), "skipped": []}


def make_trainer(**changes):
    values = {"batch_size": 4, "epochs": 3, "warmup_epochs": 1, "base_lr": 0.5, **changes}
    torch.manual_seed(0)
    encoder = make_vit(width=16, depth=1, heads=2, image_size=16, patch_size=8)
    return Trainer(Follower(Settings(), encoder), make_plan(TrainingSettings(**values), 16), CPU, Normalise())


def run(trainer, until=None):
    reports = []
    start = trainer.step * trainer.plan.training.accumulation
    ended = trainer.train(batches(start), record=reports.append, control=lambda: trainer.step == until)
    return reports, ended


def weights(trainer):
    return torch.cat([value.flatten() for value in trainer.method.state_dict().values()])


def losses(reports):
    return [float(report.values["loss"]) for report in reports]


@pytest.mark.parametrize("accumulation", [1, 2])
def test_two_runs_of_the_same_seed_are_bit_equal(accumulation):
    first, second = make_trainer(accumulation=accumulation), make_trainer(accumulation=accumulation)
    assert losses(run(first)[0]) == losses(run(second)[0])
    assert torch.equal(weights(first), weights(second))


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_run_resumed_at_any_step_is_bit_equal_to_the_uninterrupted_one(stop, tmp_path):
    whole = make_trainer()
    reports, _ = run(whole)
    part = make_trainer()
    before, ended = run(part, until=stop)
    assert not ended
    torch.save(part.state(), tmp_path / "state.pt")
    resumed = make_trainer()
    torch.manual_seed(99)
    resumed.load_state(torch.load(tmp_path / "state.pt", weights_only=True))
    after, ended = run(resumed)
    assert ended
    assert losses(before) + losses(after) == losses(reports)
    assert torch.equal(weights(resumed), weights(whole))


def test_a_step_reports_terms_monitors_rate_and_gradient():
    reports, ended = run(make_trainer())
    assert ended
    assert len(reports) == 12
    assert set(reports[0].values) == {
        "loss",
        "loss/distance",
        "loss/share",
        "monitor/spread",
        "lr",
        "grad_norm",
    }
    assert reports[0].values["lr"] == 0.0
    assert reports[4].values["lr"] == pytest.approx(0.5 * 4 / 256)
    assert [report.step for report in reports] == list(range(1, 13))
    assert all(report.images == 4 for report in reports)


def test_a_target_moves_only_after_the_step():
    trainer = make_trainer(warmup_epochs=0)
    before = [value.clone() for value in trainer.method.target.parameters()]
    online = [value.clone() for value in trainer.method.encoder.parameters()]
    run(trainer, until=1)
    moved = zip(before, trainer.method.target.parameters(), trainer.method.encoder.parameters(), strict=True)
    assert all(torch.equal(now, torch.lerp(old, new.detach(), 0.1)) for old, now, new in moved)
    assert any(
        not torch.equal(a, b) for a, b in zip(online, trainer.method.encoder.parameters(), strict=True)
    )


def test_accumulated_batches_give_the_gradient_of_one_large_batch():
    many, large = make_trainer(accumulation=2, warmup_epochs=0), make_trainer(batch_size=8, warmup_epochs=0)
    for trainer in (many, large):
        trainer.method.drop.p = 0.0
    pair = [next(batches(number)) for number in (0, 1)]
    joined = {"image": torch.cat([b["image"] for b in pair]), "index": torch.arange(8), "skipped": []}
    reports = []
    many.train(iter(pair), record=reports.append, control=lambda: True)
    large.train(iter([joined]), record=reports.append, control=lambda: True)
    accumulated, whole = reports
    torch.testing.assert_close(accumulated.values["grad_norm"], whole.values["grad_norm"], atol=0, rtol=1e-5)
    assert accumulated.values["lr"] == whole.values["lr"]
    assert (accumulated.images, whole.images) == (8, 8)


@pytest.mark.parametrize("each", [False, True])
def test_gradients_are_clipped_as_the_method_declares_it(each, monkeypatch):
    monkeypatch.setattr(Follower, "clips_each_parameter", each)
    trainer = make_trainer(clip_norm=1e-3, warmup_epochs=0)
    seen = []
    step = trainer.optimizer.step
    trainer.optimizer.step = lambda *a, **k: (
        seen.extend(p.grad.norm().item() for p in trainer.method.parameters() if p.grad is not None),
        step(*a, **k),
    )
    reports, _ = run(trainer, until=1)
    assert float(reports[0].values["grad_norm"]) > 1e-3
    if each:
        assert max(seen) <= 1e-3 * 1.001
        assert sum(value**2 for value in seen) ** 0.5 > 1.5e-3
    else:
        assert sum(value**2 for value in seen) ** 0.5 == pytest.approx(1e-3, rel=1e-2)


def test_a_loss_that_is_not_finite_names_its_term_and_step():
    trainer = make_trainer()

    def poison():
        with torch.no_grad():
            if trainer.step == 3:
                next(trainer.method.encoder.parameters()).fill_(float("nan"))
        return False

    with pytest.raises(NotFiniteError, match=r"'distance'.*step 4"):
        trainer.train(batches(), record=lambda _: None, control=poison)
    with pytest.raises(NotFiniteError):
        trainer.check_weights()


def test_the_seed_of_a_step_depends_on_run_and_step():
    seeds = {step_seed(run, step) for run in range(5) for step in range(50)}
    assert len(seeds) == 250
    assert all(0 <= seed < 2**63 for seed in seeds)
