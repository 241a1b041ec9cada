"""Schedules against numbers of the official implementations, as a run's plan gives them."""

import pytest
import torch

from engine.plan import Plan, make_plan
from engine.recipe import TrainingSettings
from engine.schedules import cosine, scaled_lr, warmup_cosine, warmup_cosine_through_peak


def rates_of(plan, steps):
    return torch.tensor([plan.lr_at(step) for step in steps])


@pytest.mark.parity("simclr_lr")
def test_simclrs_learning_rate_is_the_official_one(official):
    hyper = official.hyper
    batch, pictures = hyper["train_batch_size"], hyper["num_examples"]
    # official file tf2/model.py: one step more than the pictures make, and the cosine ends with the last of them;
    # a run of ours has whole passes instead (told among the method's deviations), see the test below
    total = pictures * hyper["train_epochs"] // batch + 1
    warmup = round(hyper["warmup_epochs"] * pictures // batch)
    assert total == int(official["out.total_steps"])
    assert warmup == int(official["out.warmup_steps"])
    peak = scaled_lr(hyper["base_lr"], batch, rule=hyper["scaling"])
    assert peak == pytest.approx(float(official["out.scaled_lr"]), rel=1e-6)

    # Steps for epochs: the official epoch need not be a whole number of steps, which a plan's passes always are.
    training = TrainingSettings(
        batch_size=batch,
        base_lr=hyper["base_lr"],
        lr_scaling=hyper["scaling"],
        warmup_epochs=warmup,
        warmup_form="whole_steps",
    )
    rates = rates_of(Plan(training, 1, total), official["in.step"].tolist())
    for name in ("out.lr", "out.lr_tf1"):
        torch.testing.assert_close(rates, official[name], atol=1e-6 * peak, rtol=0)


@pytest.mark.parity("simclr_lr")
def test_a_simclr_run_of_whole_passes_is_shorter_by_a_step_an_epoch_at_most(official):
    hyper = official.hyper
    batch, epochs, warmup = hyper["train_batch_size"], hyper["train_epochs"], hyper["warmup_epochs"]
    training = TrainingSettings(batch_size=batch, epochs=epochs, warmup_epochs=warmup)
    plan = make_plan(training, hyper["num_examples"])
    assert 0 <= int(official["out.total_steps"]) - plan.total_steps <= epochs + 1
    assert 0 <= int(official["out.warmup_steps"]) - plan.warmup_steps <= warmup + 1


@pytest.mark.parity("byol_schedules")
def test_byols_learning_rate_is_the_official_one(official):
    hyper = official.hyper
    training = TrainingSettings(
        batch_size=hyper["batch_size"],
        base_lr=hyper["base_lr"],
        warmup_epochs=hyper["warmup_steps"],
        warmup_form="whole_steps",
    )
    rates = rates_of(Plan(training, 1, hyper["max_steps"]), official["in.step"].tolist())
    torch.testing.assert_close(rates, official["out.lr"], atol=1e-6, rtol=0)


@pytest.mark.parity("dino_schedules")
def test_dinos_schedules_are_the_official_ones(official):
    hyper = official.hyper
    batch = hyper["batch_per_gpu"] * hyper["world"]
    training = TrainingSettings(
        batch_size=batch,
        base_lr=hyper["lr"],
        min_lr=hyper["min_lr"],
        warmup_epochs=hyper["warmup_epochs"],
        warmup_form="through_peak",
        weight_decay=hyper["weight_decay"],
        weight_decay_form="cosine",
        weight_decay_end=hyper["weight_decay_end"],
    )
    total = hyper["epochs"] * hyper["niter"]
    plan = Plan(training, hyper["niter"], total)
    decays = torch.tensor([plan.weight_decay_at(step) for step in range(total)])
    momenta = torch.tensor(
        [cosine(hyper["momentum_teacher"], 1.0, plan.progress(step).share) for step in range(total)]
    )
    torch.testing.assert_close(rates_of(plan, range(total)), official["out.lr"], rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(decays, official["out.wd"], rtol=1e-6, atol=0)
    torch.testing.assert_close(momenta, official["out.momentum"], rtol=1e-6, atol=0)


def test_dinos_schedules_of_known_runs_are_known():
    """The official cosine_scheduler, run with 20 epochs of 10 steps, 10 of them warm-up."""
    rates = {
        0: 0.0,
        50: 0.000252525,
        99: 0.0005,
        100: 0.0005,
        101: 0.000499877,
        199: 1.12311e-06,
    }
    for step, expected in rates.items():
        lr = warmup_cosine_through_peak(step, peak=5e-4, floor=1e-6, warmup_steps=100, total_steps=200)
        assert lr == pytest.approx(expected, rel=5e-6)
    for step, expected in {0: 0.996, 100: 0.998, 199: 0.99999975}.items():
        assert cosine(0.996, 1.0, step / 200) == pytest.approx(expected, abs=1e-8)
    for step, expected in {0: 0.04, 100: 0.22, 199: 0.399978}.items():
        assert cosine(0.04, 0.4, step / 200) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("warmup", [0, 1, 5])
def test_a_whole_run_starts_at_0_reaches_the_peak_and_never_rises_again(warmup):
    rates = [warmup_cosine(step, peak=2.0, floor=0.0, warmup_epochs=warmup, epochs=20) for step in range(21)]
    assert rates[0] == (0.0 if warmup else 2.0)
    assert rates[warmup] == 2.0
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    assert rates[-1] == pytest.approx(0.0, abs=1e-12)
