"""Runs that are really made to fail in every way the doctor knows, and healthy ones in which it says nothing."""

import time

import numpy as np
import pytest
from PIL import Image

from engine.data.decode import decode
from engine.declared import make_recipe
from engine.jobs.pretrain import run as do_run
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    claim_run,
    create_run,
    events_after,
    requeue_run,
    send_command,
)

pytestmark = pytest.mark.slow

TINY = {
    "encoder.name": "vit_nano",
    "encoder.image_size": 32,
    "encoder.patch_size": 8,
    "training.batch_size": 8,
    "training.steps": 200,
    "training.warmup_epochs": 1,
    "training.workers": 0,
    "training.knn_every_epochs": 4,
    "training.checkpoint_seconds": 1000,
    "training.device": "cpu",
    "training.precision": "fp32",  # what fails, and when, is not to depend on what the processor has
}
PLAIN = {"settings.jitter": 0.0, "settings.grey": 0.0}  # views that cost little
OF_METHOD = {
    "mae": {"settings.decoder_width": 32, "settings.decoder_depth": 1, "settings.decoder_heads": 2},
    "simclr": {},
    "byol": {
        **PLAIN,
        "training.optimizer": "adamw",  # of 200 steps LARS would need most
        "training.base_lr": 2e-3,
        "training.weight_decay": 1e-4,
        "settings.blur_first": 0.0,
        "settings.blur_second": 0.0,
        "settings.solarize_second": 0.0,
        "settings.projector_hidden": 64,
        "settings.predictor_hidden": 64,
        "settings.projection_width": 32,
    },
    "dino": {
        **PLAIN,
        "settings.blur": 0.0,
        "settings.solarize": 0.0,
        "settings.prototypes": 64,
        "settings.head_hidden": 64,
        "settings.head_bottleneck": 16,
        "settings.local_crops": 0,
        "settings.freeze_last_layer": 0,
        "settings.head_batch_norm": False,  # a norm in the head keeps a teacher from collapsing
        "training.knn_every_epochs": 0,
    },
}


@pytest.fixture
def claim(store, picture_folder):
    """Claim a run of a method on stripes of so many kinds."""

    def claim(method, *, classes=2, each=32, **changes):
        named = {key.replace("__", "."): value for key, value in changes.items()}
        if "data.location" not in named:
            named["data.location"] = str(picture_folder(classes=classes, each=each))
        recipe = make_recipe(method, "quick", {**TINY, **OF_METHOD[method], **named})
        create_run(store, name="a test's run", method=method, recipe=recipe.model_dump(), seed=0)
        return claim_run(store, device="cpu", host="here")

    return claim


@pytest.fixture
def patchworks(tmp_path):
    """Pictures of few large patches in any colours: many directions, which stripes of two kinds are not."""
    rng = np.random.default_rng(0)
    for number in range(192):
        path = tmp_path / "patchworks" / f"c{number // 96}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        colours = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(colours).resize((32, 32), Image.Resampling.BICUBIC).save(path)
    return tmp_path / "patchworks"


@pytest.fixture
def alarms_of(store):
    """The doctor's alarms of a run: rule -> event."""

    def read(run_id):
        events = events_after(store, run_id=run_id, limit=5000)
        found = [event for event in events if "rule" in event.data]
        assert {event.level for event in found} <= {Level.ALARM}
        assert len({event.data["rule"] for event in found}) == len(found), "said more than once"
        return {event.data["rule"]: event for event in found}

    return read


def knob(event):
    return event.data["knob"]["setting"], event.data["knob"]["value"]


@pytest.mark.parametrize("method", list(OF_METHOD))
def test_in_a_healthy_run_nothing_is_said(store, claim, alarms_of, method):
    run = do_run(store, claim(method).id)
    assert run.status is RunStatus.FINISHED, run.error
    assert alarms_of(run.id) == {}


def test_dino_without_centring_names_one_prototype_whatever_the_picture(store, claim, alarms_of):
    claimed = claim("dino", settings__centring=False, settings__teacher_momentum=0.9, training__base_lr=0.03)
    found = alarms_of(do_run(store, claimed.id).id)
    assert knob(found["one_hot_teacher"]) == ("settings.centring", True)
    assert "uniform_teacher" not in found


def test_dino_without_sharpening_calls_all_prototypes_equal(store, claim, alarms_of):
    claimed = claim(
        "dino",
        settings__sharpening=False,
        settings__student_temperature=0.4,  # so that it goes fast
        settings__teacher_momentum=0.98,
        training__base_lr=0.03,
        training__steps=240,
    )
    found = alarms_of(do_run(store, claimed.id).id)
    assert knob(found["uniform_teacher"]) == ("settings.sharpening", True)
    assert "one_hot_teacher" not in found


HIGH_RATE = {"training__base_lr": 0.3, "training__steps": 180}


def test_byol_without_predictor_collapses_to_one_point(store, claim, alarms_of):
    found = alarms_of(do_run(store, claim("byol", settings__predictor=False, **HIGH_RATE).id).id)
    assert knob(found["one_point"]) == ("settings.predictor", True)


def test_byol_with_predictor_needs_no_momentum_and_nothing_is_said(store, claim, alarms_of):
    """SimSiam (https://arxiv.org/abs/2011.10566) is BYOL without momentum, and it does not collapse."""
    claimed = claim("byol", settings__target_momentum=0.0, settings__momentum_form="constant", **HIGH_RATE)
    assert alarms_of(do_run(store, claimed.id).id) == {}


def test_dino_without_momentum_has_the_momentum_named_first(store, claim, alarms_of):
    run = do_run(store, claim("dino", settings__teacher_momentum=0.0).id)
    found = alarms_of(run.id)
    assert found
    assert all(knob(alarm)[0] == "settings.teacher_momentum" for alarm in found.values())


def test_mae_with_a_huge_rate_collapses_to_one_point_and_a_resume_does_not_say_it_again(
    store, claim, alarms_of
):
    claimed = claim("mae", training__base_lr=10.0)
    asked = []

    def stop_once_it_is_said(progress):
        if not asked and progress.step < 190 and alarms_of(claimed.id):
            asked.append(send_command(store, claimed.id, CommandKind.STOP))

    stopped = do_run(store, claimed.id, on_progress=stop_once_it_is_said)
    assert stopped.status is RunStatus.STOPPED
    first = alarms_of(claimed.id)
    assert list(first) == ["one_point"]
    assert knob(first["one_point"])[0] == "training.base_lr"
    assert knob(first["one_point"])[1] < 10
    requeue_run(store, claimed.id)
    claim_run(store, device="cpu", host="here", run_id=claimed.id)
    assert do_run(store, claimed.id).status is RunStatus.FINISHED
    assert alarms_of(claimed.id) == first


def test_mae_with_a_large_rate_keeps_few_directions(store, claim, alarms_of, patchworks):
    """Between a good rate and one that ends in one point; where exactly depends on the last bit of every product."""
    for rate in (1.2, 1.0, 1.5, 0.8):
        claimed = claim(
            "mae",
            data__location=str(patchworks),
            training__base_lr=rate,
            training__steps=60,
            training__knn_every_epochs=1,
        )
        alarm = alarms_of(do_run(store, claimed.id).id).get("few_dimensions")
        if alarm:
            break
    assert "untrained it was 1" in alarm.message
    assert knob(alarm)[0] == "training.base_lr"
    assert knob(alarm)[1] < rate


def test_a_rate_that_ends_in_no_numbers_is_told_with_the_last_good_step(store, claim, alarms_of):
    run = do_run(store, claim("simclr", training__base_lr=100.0).id)
    assert run.status is RunStatus.FAILED
    alarm = alarms_of(run.id)["not_finite"]
    assert "'contrastive' became NaN or infinite" in alarm.message
    assert "The last checkpoint, of step 0, is good." in alarm.message
    assert knob(alarm)[0] == "training.base_lr"
    assert knob(alarm)[1] < 100


def test_a_loss_that_climbs_is_told_while_the_run_goes_on(store, claim, alarms_of):
    run = do_run(
        store,
        claim(
            "mae",
            training__base_lr=100.0,
            training__min_lr=3.0,
            training__weight_decay=0.0,
            training__knn_every_epochs=0,
            training__steps=100,
        ).id,
    )
    alarm = alarms_of(run.id)["diverging"]
    assert knob(alarm)[0] == "training.base_lr"
    assert knob(alarm)[1] < 100


def test_an_encoder_that_does_not_move_is_no_better_than_untrained(store, claim, alarms_of):
    run = do_run(
        store,
        claim(
            "byol",
            classes=6,
            each=30,
            training__base_lr=1e-12,
            training__steps=220,
            training__knn_every_epochs=1,
        ).id,
    )
    alarm = alarms_of(run.id)["no_better_than_untrained"]
    assert "no better than" in alarm.message
    assert knob(alarm)[0] == "training.base_lr"
    assert knob(alarm)[1] > 1e-12


def test_a_loader_that_is_slow_is_told(store, claim, alarms_of, monkeypatch):
    def slowly(*arguments, **options):
        time.sleep(0.01)
        return decode(*arguments, **options)

    monkeypatch.setattr("engine.jobs.recorder.FLUSH_SECONDS", 0.0)  # every step is a window of its own
    monkeypatch.setattr("engine.data.picture_set.decode", slowly)
    run = do_run(store, claim("mae", training__steps=40, training__knn_every_epochs=0).id)
    assert "waits" in alarms_of(run.id)["loader_bound"].message
