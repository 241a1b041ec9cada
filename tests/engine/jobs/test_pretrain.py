"""A pretraining run from its row to its end: what it writes down, what it obeys, what it says when it cannot go on."""

import errno
import math
import os
import shutil
import sqlite3
import threading
import time

import pytest

from engine.errors import StoreGoneError
from engine.jobs.pretrain import run as do_run
from engine.store import (
    CommandKind,
    Level,
    RunStatus,
    claim_run,
    events_after,
    get_run,
    list_artifacts,
    open_store,
    read_points,
    requeue_run,
    send_command,
    series_summaries,
    update_run,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("every_step_tells")]


def after_step(step, action):
    """A progress callback that acts once, when the run has come so far."""
    done = []

    def tell(progress):
        if progress.step >= step and not done:
            done.append(action())

    return tell


def test_a_run_on_labelled_pictures_learns_and_writes_everything_down(store, make_claimed):
    claimed = make_claimed(training__steps=80, training__knn_every_epochs=1, training__base_lr=0.1)
    run = do_run(store, claimed.id)
    assert (run.status, run.step, run.total_steps, run.pid) == (RunStatus.FINISHED, 80, 80, None)
    assert run.images_seen == 80 * 8
    assert run.fingerprint
    assert {"torch", "timm", "device", "precision"} <= set(run.versions)
    names = set(series_summaries(store, [run.id])[run.id])
    assert {
        "loss",
        "lr",
        "grad_norm",
        "images_per_second",
        "data_wait",
        "knn",
        "feature_spread",
        "effective_rank",
    } <= names
    losses = [value for _, value, _ in read_points(store, run.id, "loss")]
    assert len(losses) == 80
    assert sum(losses[-10:]) < 0.85 * sum(losses[:10])
    steps = [step for step, _, _ in read_points(store, run.id, "knn")]
    assert steps == [0, *range(6, 80, 6), 80]
    assert all(0 <= value <= 1 for _, value, _ in read_points(store, run.id, "knn"))
    checkpoints = [artifact.step for artifact in list_artifacts(store, run.id, "checkpoint")]
    assert checkpoints[0] == 0
    assert checkpoints[-1] == 80
    assert all(artifact.path.exists() for artifact in list_artifacts(store, run.id, "checkpoint"))


def test_the_best_network_so_far_is_kept_whenever_it_is_judged(store, make_claimed):
    claimed = make_claimed(
        training__steps=80,
        training__knn_every_epochs=1,
        training__base_lr=0.1,
        training__checkpoint_seconds=1000,
    )
    run = do_run(store, claimed.id)
    judged = {step: value for step, value, _ in read_points(store, run.id, "knn")}
    scores = {
        artifact.step: artifact.meta["score"]
        for artifact in list_artifacts(store, run.id, "checkpoint")
        if "score" in artifact.meta
    }
    assert scores == {step: judged[step] for step in scores}
    assert max(scores.values()) == max(judged.values())


def test_zero_epochs_between_judgements_ask_no_labels_and_watch_for_collapse(store, make_claimed):
    run = do_run(store, make_claimed(training__steps=4, training__warmup_epochs=0.1).id)
    assert run.status is RunStatus.FINISHED, run.error
    known = set(series_summaries(store, [run.id])[run.id])
    assert "knn" not in known
    for name in ("feature_spread", "mean_cosine", "effective_rank"):
        assert [step for step, _, _ in read_points(store, run.id, name)] == [0, 4]
    assert any("No k-NN on the way" in event.message for event in events_after(store, run_id=run.id))


def test_the_features_are_watched_every_hundredth_of_the_training(store, make_claimed):
    """64 pictures at a batch of 64: a look costs a step at most, so every hundredth step is one."""
    run = do_run(store, make_claimed(training__steps=101, training__batch_size=64).id)
    assert [step for step, _, _ in read_points(store, run.id, "feature_spread")] == [0, 100, 101]


def test_the_momentum_of_the_gradients_is_written_every_ten_steps(store, make_claimed):
    run = do_run(store, make_claimed(training__steps=21).id)
    points = read_points(store, run.id, "momentum_norm")
    assert [step for step, _, _ in points] == [10, 20]
    assert all(value > 0 for _, value, _ in points)


def test_a_folder_that_goes_away_costs_no_step_that_was_made(store, make_claimed, picture_folder):
    folder = picture_folder(each=20)
    claimed = make_claimed(
        data__location=str(folder), training__checkpoint_seconds=1000, training__steps=2000
    )
    away = after_step(3, lambda: folder.rename(folder.with_name("away")))
    run = do_run(store, claimed.id, on_progress=away)
    assert (run.status, run.phase) == (RunStatus.FAILED, "")
    assert "can be read any more" in run.error
    assert run.step >= 3
    assert list_artifacts(store, run.id, "checkpoint")[-1].step == run.step
    assert read_points(store, run.id, "loss")[-1][0] == run.step


def test_a_failure_that_cannot_be_written_down_is_still_a_failure(make_claimed, picture_folder, store):
    folder = picture_folder(each=20)
    claimed = make_claimed(data__location=str(folder), training__steps=2000)
    impatient = open_store(store.path, busy_seconds=0.1)
    other = sqlite3.connect(store.path, check_same_thread=False)

    def lock_and_take_away():
        other.execute("BEGIN IMMEDIATE")
        folder.rename(folder.with_name("away"))

    try:
        run = do_run(impatient, claimed.id, on_progress=after_step(3, lock_and_take_away))
    finally:
        other.close()
        impatient.close()
    assert run.status is RunStatus.FAILED
    assert "can be read any more" in run.error
    assert get_run(store, claimed.id).status is RunStatus.RUNNING


def test_pictures_without_labels_are_watched_by_spread_and_rank(store, make_claimed, picture_folder):
    folder = picture_folder(classes=1) / "class 0"
    run = do_run(
        store,
        make_claimed(
            data__location=str(folder),
            training__batch_size=8,
            training__steps=6,
            training__warmup_epochs=0.1,
            training__knn_every_epochs=1,
        ).id,
    )
    assert run.status is RunStatus.FINISHED, run.error
    summaries = series_summaries(store, [run.id])[run.id]
    assert "knn" not in summaries
    assert summaries["effective_rank"].last_value >= 1
    assert any("no labels" in event.message for event in events_after(store, run_id=run.id))


def test_a_pause_holds_the_run_and_a_resume_lets_it_go_on(store, make_claimed):
    claimed = make_claimed()
    thread = threading.Thread(
        target=do_run,
        args=(store, claimed.id),
        kwargs={
            "on_progress": after_step(
                5, lambda: send_command(store, claimed.id, CommandKind.PAUSE, release=False)
            )
        },
    )
    thread.start()
    wait_for(lambda: get_run(store, claimed.id).status is RunStatus.PAUSED)
    paused_at = get_run(store, claimed.id).step
    saved = [artifact.step for artifact in list_artifacts(store, claimed.id, "checkpoint")]
    time.sleep(0.6)
    assert get_run(store, claimed.id).step == paused_at
    assert saved[-1] >= 5
    send_command(store, claimed.id, CommandKind.RESUME)
    thread.join(60)
    assert get_run(store, claimed.id).status is RunStatus.FINISHED


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_pause_that_leaves_the_device_ends_the_worker_and_keeps_its_place(store, make_claimed):
    claimed = make_claimed()
    run = do_run(
        store,
        claimed.id,
        on_progress=after_step(5, lambda: send_command(store, claimed.id, CommandKind.PAUSE, release=True)),
    )
    assert (run.status, run.pid, run.is_resumable) == (RunStatus.PAUSED, None, True)
    assert list_artifacts(store, run.id, "checkpoint")[-1].step == run.step


def test_stop_now_writes_no_checkpoint_and_save_now_does(store, make_claimed):
    claimed = make_claimed(training__checkpoint_seconds=1000, training__steps=200)
    run = do_run(
        store,
        claimed.id,
        on_progress=after_step(7, lambda: send_command(store, claimed.id, CommandKind.STOP_NOW)),
    )
    assert run.status is RunStatus.STOPPED
    assert [artifact.step for artifact in list_artifacts(store, run.id)] == [0]
    saving = make_claimed(training__checkpoint_seconds=1000, training__knn_every_epochs=1000)

    def save_and_stop():
        send_command(store, saving.id, CommandKind.SAVE)
        send_command(store, saving.id, CommandKind.EVALUATE)
        send_command(store, saving.id, CommandKind.STOP_NOW)

    run = do_run(store, saving.id, on_progress=after_step(7, save_and_stop))
    assert list_artifacts(store, run.id)[-1].step >= 7
    assert [step for step, _, _ in read_points(store, run.id, "knn")][-1] >= 7


def test_pictures_that_break_during_the_run_are_named_and_skipped(store, make_claimed, picture_folder):
    folder = picture_folder(each=20)
    (folder / "class 0" / "3.png").write_bytes(b"")
    (folder / "class 1" / "4.png").write_bytes((folder / "class 1" / "5.png").read_bytes()[:200])
    run = do_run(
        store,
        make_claimed(
            data__location=str(folder),
            training__batch_size=8,
            training__steps=12,
            training__warmup_epochs=0.1,
        ).id,
    )
    assert run.status is RunStatus.FINISHED, run.error
    said = [event.message for event in events_after(store, run_id=run.id) if event.level is Level.WARNING]
    assert any("3.png" in message for message in said) or any("4.png" in message for message in said)
    assert len(said) <= 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data__location": "/nowhere/at/all"}, "no folder"),
        ({"training__batch_size": 5000}, "larger than"),
        ({"training__precision": "fp16"}, "CUDA"),
        ({"settings__mask_ratio": 0.99}, "visible"),
        ({"encoder__patch_size": 7}, "does not divide"),
        ({"settings__decoder_heads": 5}, "heads"),
    ],
)
def test_what_cannot_work_ends_in_a_sentence_with_a_way_out(store, make_claimed, changes, sentence):
    run = do_run(store, make_claimed(**changes).id)
    assert run.status is RunStatus.FAILED
    assert sentence in run.error
    assert run.error_fix
    assert [event.level for event in events_after(store, run_id=run.id)][-1] is Level.ERROR


def test_a_loss_that_explodes_stops_the_run_with_the_last_good_checkpoint(store, make_claimed):
    run = do_run(
        store,
        make_claimed(
            training__base_lr=100,
            training__warmup_epochs=0,
            training__beta1=0,
            training__beta2=0,
            training__weight_decay=10,
            training__steps=4000,
        ).id,
    )
    assert run.status is RunStatus.FAILED, run
    assert "NaN or infinite" in run.error
    assert "learning rate" in run.error_fix
    last = list_artifacts(store, run.id, "checkpoint")[-1]
    from engine.checkpoint import load_checkpoint

    weights = load_checkpoint(last.path).weights
    assert all(math.isfinite(float(value.sum())) for value in weights.values())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_became_read_only_is_said_in_words(store, make_claimed):
    claimed = make_claimed()
    folder = store.run_folder(claimed.id)
    folder.chmod(0o500)
    try:
        run = do_run(store, claimed.id)
    finally:
        folder.chmod(0o700)
    assert run.status is RunStatus.FAILED
    assert "cannot be made" in run.error


def test_a_full_disk_ends_the_run_in_words_and_keeps_it_resumable(store, make_claimed, monkeypatch):
    claimed = make_claimed(training__checkpoint_seconds=1000)
    sync, synced = os.fsync, []

    def full_after_the_first(handle):
        synced.append(handle)
        if len(synced) > 2:  # the file and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr("engine.sealed_file.os.fsync", full_after_the_first)
    run = do_run(store, claimed.id)
    assert (run.status, run.is_resumable) == (RunStatus.FAILED, True)
    assert "could not be written" in run.error
    assert "Free some space" in run.error_fix
    assert [artifact.step for artifact in list_artifacts(store, run.id)] == [0]
    assert [path.suffix for path in (store.run_folder(run.id) / "checkpoints").iterdir()] == [".pt"]


def test_a_device_that_went_away_is_said_in_words(store, make_claimed):
    from engine.store import claim_run, create_run

    recipe = {**make_claimed().recipe}
    recipe["training"] = {**recipe["training"], "device": "cuda:7"}
    create_run(store, name="elsewhere", method="mae", recipe=recipe, seed=0, device="cuda:7")
    run = do_run(store, claim_run(store, device="cuda:7", host="here").id)
    assert run.status is RunStatus.FAILED
    assert "no device 'cuda:7'" in run.error


def test_pictures_that_cannot_be_read_are_left_out_of_the_judgement(store, make_claimed, tmp_path):
    claimed = make_claimed(training__steps=4, training__knn_every_epochs=1, data__held_out=0.5)
    for label in range(2):
        for number in range(0, 32, 3):
            (tmp_path / "default" / f"class {label}" / f"{number}.png").write_bytes(b"a picture in name only")
    run = do_run(store, claimed.id)
    assert (run.status, run.error) == (RunStatus.FINISHED, "")
    assert all(0 <= value <= 1 for _, value, _ in read_points(store, run.id, "knn"))
    assert "feature_spread" in series_summaries(store, [run.id])[run.id]


def test_the_log_begins_with_what_may_be_wrong_with_the_pictures(
    store, make_claimed, picture_folder, tmp_path
):
    folder = tmp_path / "split"
    for split, kept in (("train", (0, 1)), ("val", (1, 2))):
        made = picture_folder(classes=3, each=6, name=f"split/{split}")
        for label in {0, 1, 2} - set(kept):
            shutil.rmtree(made / f"class {label}")
    (folder / "train" / "class 0" / "phone.heic").write_bytes(b"x")
    run = do_run(
        store,
        make_claimed(data__location=str(folder), training__steps=1, training__knn_every_epochs=1).id,
    )
    assert run.status is RunStatus.FINISHED, run.error
    said = events_after(store, run_id=run.id)
    warned = [event.message for event in said if event.level is Level.WARNING]
    assert any("At most 50 % accuracy can be reached on the validation split" in each for each in warned)
    assert any("1 heic (train/class 0/phone.heic)" in each for each in warned)
    (protocol,) = [event.message for event in said if event.message.startswith("k-NN (k=")]
    assert "At most 50 % accuracy can be reached, for training lacks class 2." in protocol


@pytest.mark.parametrize("harm", ["moved away", "emptied"])
def test_a_store_that_goes_while_a_run_trains_ends_it_in_words_and_keeps_the_weights(
    store, make_claimed, harm
):
    claimed = make_claimed(training__steps=150, training__knn_every_epochs=0)
    away = store.path.with_name("away")

    def take_away():
        if harm == "moved away":
            store.path.rename(away)
        else:
            os.truncate(store.path, 0)

    with pytest.raises(StoreGoneError, match="nothing more is written") as caught:
        do_run(store, claimed.id, on_progress=after_step(5, take_away))
    folder = store.folder / "runs" / str(claimed.id) / "checkpoints"
    assert str(store.folder) in caught.value.fix
    newest = max(int(path.stem.removeprefix("step-")) for path in folder.glob("*.pt"))
    assert 5 <= newest < 150
    if harm == "moved away":
        away.rename(store.path)
        update_run(store, claimed.id, status=RunStatus.FAILED)
        requeue_run(store, claimed.id)
        claim_run(store, device="cpu", host="here")
        again = do_run(store, claimed.id)
        assert (again.status, again.step) == (RunStatus.FINISHED, 150)
        assert f"Resumed from step {newest}" in " ".join(one.message for one in events_after(store))
