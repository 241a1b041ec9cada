"""The command line speaks in sentences, keeps its exit codes and does what the window does."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from PIL import Image
from sqlalchemy import text
from typer.testing import CliRunner

from engine.cli import app
from engine.commands.exit_codes import BAD_USE, DONE, INTERRUPTED, RUN_FAILED
from engine.commands.recipe_choice import choose_recipe
from engine.declared import make_recipe, recipe_from_toml, recipe_to_toml
from engine.sealed_file import digest_of
from engine.store import (
    CommandKind,
    RunStatus,
    add_artifact,
    claim_run,
    create_run,
    get_run,
    list_commands,
    list_datasets,
    list_runs,
    open_store,
    update_run,
)
from engine.supervisor import Supervisor

PATIENCE_SECONDS = 120
SMALL = ["--preset", "quick", "--image-size", "16", "--set", "workers=0", "--set", "held_out=0.05"]
WITH_LOADER = [flag.replace("workers=0", "workers=1") for flag in SMALL]


@pytest.fixture
def cli(store):
    """Call the command line in this process, on the test's store where a command takes one."""

    def call(*arguments):
        takes_store = arguments[0] not in ("methods", "catalogue")
        options = ["--store", str(store.path)] if takes_store else []
        return CliRunner().invoke(app, [*arguments, *options])

    return call


@pytest.fixture
def pictures(tmp_path):
    """Two classes of a dozen small pictures."""
    generator = np.random.default_rng(0)
    for name in ("round", "square"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(0, 256, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


@pytest.fixture
def queued(store):
    return create_run(store, name="waiting", method="mae", recipe=make_recipe("mae").model_dump(), seed=0).id


@pytest.fixture
def start(store):
    """Start the real program; nothing of it outlives the test."""
    started = []

    def start(*arguments, **options):
        command = [sys.executable, "-m", "engine.cli", *map(str, arguments), "--store", str(store.path)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, **pipes, text=True, **options))
        return started[-1]

    yield start
    for process in started:
        with process:  # closes its pipes and waits
            process.kill()


def ends_with_a_sentence(result):
    """True for bad use that was told in words: no traceback, nothing but a sentence or two."""
    words = result.stderr.replace("ssl-engine:", "").strip()
    return (
        result.exit_code == BAD_USE and "Traceback" not in result.output and words.endswith((".", ".)", "?"))
    )


def test_methods_are_listed_with_their_presets(cli):
    result = cli("methods")
    assert result.exit_code == DONE
    assert "mae: MAE" in result.stdout
    assert "--preset desktop" in result.stdout


@pytest.mark.parametrize("command", [["runs"], ["show", "1"], ["methods"], ["pause", "1"]])
def test_light_commands_never_import_torch(store, command):
    script = (
        "import sys; from engine.cli import app; app(sys.argv[1:], standalone_mode=False);"
        "sys.exit(99 if 'torch' in sys.modules else 0)"
    )
    options = [] if command == ["methods"] else ["--store", str(store.path)]
    done = subprocess.run(
        [sys.executable, "-c", script, *command, *options], capture_output=True, check=False
    )
    assert done.returncode != 99


def test_an_empty_store_says_how_to_start(cli):
    result = cli("runs")
    assert result.exit_code == DONE
    assert "ssl-engine train" in result.stdout


def test_runs_are_listed_newest_first(cli, store, queued):
    second = create_run(store, name="another", method="mae", recipe={}, seed=0).id
    listed = json.loads(cli("runs", "--json").stdout.splitlines()[-1])["runs"]
    assert [run["id"] for run in listed] == [second, queued]
    assert "waiting" in cli("runs").stdout
    assert json.loads(cli("runs", "--json", "--status", "failed").stdout)["runs"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "99"),
        ("stop", "99"),
        ("runs", "--status", "sleeping"),
        ("export", "99", "--out", "somewhere"),
        ("scan", "/no/such/folder"),
        ("train", "--data", "/no/such/folder"),
        ("train", "--data", "builtin:nothing"),
        ("train", "--method", "magic"),
        ("train", "--preset", "magic"),
        ("train", "--encoder", "magic"),
        ("train", "--device", "cuda:9"),
        ("train", "--device", "gpu"),
        ("train", "--epochs", "3", "--steps", "5"),
        ("train", "--epochs", "0"),
        ("train", "--set", "nonsense"),
        ("train", "--set", "mask_rato=0.5"),
        ("train", "--set", "mask_ratio=2"),
        ("train", "--set", "mask_ratio=much"),
        ("train", "--set", "name=vit"),
        (
            "train",
            "--data",
            "builtin:digits",
            "--set",
            "mask_ratio=0.99",
            "--set",
            "image_size=32",
            "--patch-size",
            "8",
        ),
        ("train", "--data", "builtin:digits", "--set", "decoder_heads=5"),
        ("train", "--data", "builtin:digits", "--device", "cpu", "--set", "precision=fp16"),
        ("train", "--recipe", "/no/such/file.toml"),
        ("train", "--data", "builtin:digits", "--image-size", "20", "--patch-size", "8"),
        ("train", "--data", "builtin:digits", "--batch-size", "60000"),
        ("train", "--data", "builtin:digits", "--epochs", "2", "--set", "warmup_epochs=5"),
        ("worker", "--device", "cuda:9"),
    ],
)
def test_bad_use_is_a_sentence_and_exit_code_two(cli, store, arguments):
    result = cli(*arguments)
    assert ends_with_a_sentence(result), result.output
    assert list_runs(store) == []


def test_a_misspelt_setting_is_answered_with_the_right_one(cli):
    assert "Did you mean mask_ratio?" in cli("train", "--set", "mask_rato=0.5").stderr


def test_a_store_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("dear diary " * 1000)
    result = CliRunner().invoke(app, ["runs", "--store", str(tmp_path / "notes.txt")])
    assert ends_with_a_sentence(result)
    assert "notes.txt" in result.stderr


def test_a_folder_without_pictures_is_a_sentence(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    assert ends_with_a_sentence(cli("train", "--data", str(tmp_path / "empty")))
    assert ends_with_a_sentence(cli("scan", str(tmp_path / "empty")))


def test_a_scan_says_what_it_found_and_keeps_it(cli, store, pictures):
    result = cli("scan", str(pictures))
    assert result.exit_code == DONE
    assert "24 pictures" in result.stdout
    assert "round 12, square 12" in result.stdout
    (dataset,) = list_datasets(store)
    assert dataset.location == str(pictures)
    assert dataset.classes == ["round", "square"]


def test_a_scan_in_json_lines_tells_progress_and_ends_with_the_data_set(cli, store, pictures):
    lines = [json.loads(line) for line in cli("scan", str(pictures), "--json-lines").stdout.splitlines()]
    assert all({"done", "total", "phase"} <= set(line) for line in lines[:-1])
    assert lines[-1]["dataset"] == list_datasets(store)[0].id
    assert lines[-1]["num_pictures"] == 24


def test_a_failed_scan_in_json_lines_ends_with_the_sentence(cli, tmp_path):
    result = cli("scan", str(tmp_path / "nowhere"), "--json-lines")
    last = json.loads(result.stdout.splitlines()[-1])
    assert "nowhere" in last["error"]
    assert last["fix"]


def test_a_recipe_is_printed_as_a_file_that_makes_the_same_run(cli, store, tmp_path):
    recipe = make_recipe("mae", "quick", {"settings.mask_ratio": 0.6, "training.seed": 7})
    run = create_run(store, name="a", method="mae", recipe=recipe.model_dump(mode="json"), seed=7)
    printed = cli("show", str(run.id), "--recipe").stdout
    assert recipe_from_toml(printed) == recipe
    file = tmp_path / "recipe.toml"
    file.write_text(printed)
    choice = choose_recipe(file=file, method=None, preset=None, changes={}, pairs=[])
    assert choice.recipe == recipe
    changed = choose_recipe(
        file=file, method="mae", preset=None, changes={"training.epochs": 5}, pairs=["mask_ratio=0.5"]
    )
    assert (changed.recipe.training.epochs, changed.recipe.settings["mask_ratio"]) == (5, 0.5)


def test_a_queued_run_is_stopped_without_a_worker(cli, store, queued):
    assert cli("stop", str(queued)).exit_code == DONE
    assert get_run(store, queued).status is RunStatus.STOPPED
    assert cli("resume", str(queued)).exit_code == DONE
    assert get_run(store, queued).status is RunStatus.QUEUED
    assert ends_with_a_sentence(cli("pause", str(queued)))


def test_a_running_run_is_steered_by_commands(cli, store, queued):
    claim_run(store, device="cpu", host="here")
    update_run(store, queued, status=RunStatus.RUNNING, pid=1)
    cli("pause", str(queued), "--release")
    cli("stop", str(queued), "--now")
    kinds = [(command.kind, command.args) for command in list_commands(store, queued)]
    assert kinds == [(CommandKind.PAUSE, {"release": True}), (CommandKind.STOP_NOW, {})]
    assert ends_with_a_sentence(cli("resume", str(queued)))


def test_a_run_whose_worker_is_gone_is_stopped_at_once(cli, store, queued):
    claim_run(store, device="cpu", host="elsewhere")
    with store.begin() as connection:
        connection.execute(text("UPDATE run SET heartbeat_at = heartbeat_at - 3600"))
    assert "is stopped" in cli("stop", str(queued)).stdout
    assert get_run(store, queued).status is RunStatus.STOPPED


@pytest.fixture
def failed(store, queued):
    """A run that failed at step 7 with checkpoints of steps 2 and 4, all of them in words only."""
    claim_run(store, device="cpu", host="here")
    folder = store.run_folder(queued) / "checkpoints"
    folder.mkdir(parents=True)
    for step in (2, 4):
        path = folder / f"step-{step:09d}.pt"
        path.write_bytes(bytes(step))
        meta = {"digest": digest_of(path)}
        add_artifact(store, queued, kind="checkpoint", path=path, step=step, size=step, meta=meta)
    update_run(store, queued, status=RunStatus.FAILED, step=7, error="It broke.")
    return folder


def test_resuming_names_the_checkpoint_that_is_there(cli, queued, failed):
    (failed / "step-000000004.pt").write_bytes(b"changed")
    (failed / "step-000000006.pt").write_bytes(b"written while the store was locked")
    said = cli("resume", str(queued)).stdout
    assert "goes on from step 2, or from step 6 if that checkpoint is whole." in said


def test_a_run_without_a_good_checkpoint_is_not_queued(cli, store, queued, failed):
    for path in failed.iterdir():
        path.unlink()
    result = cli("resume", str(queued))
    assert result.exit_code == BAD_USE
    assert "start a new run" in result.stderr
    assert get_run(store, queued).status is RunStatus.FAILED


def test_what_nobody_thought_of_is_a_sentence_as_well(cli, monkeypatch):
    def breaks(*_, **__):
        raise KeyError("unthought of")

    monkeypatch.setattr("engine.store.open_store", breaks)
    result = cli("runs")
    assert result.exit_code == RUN_FAILED
    assert "KeyError: 'unthought of'" in result.stderr
    assert "Traceback" not in result.stderr
    monkeypatch.setenv("SSL_ENGINE_TRACE", "1")
    assert isinstance(cli("runs").exception, KeyError)


def test_resuming_says_who_will_train_it(cli, store, queued):
    update_run(store, queued, status=RunStatus.STOPPED)
    assert "ssl-engine worker" in cli("resume", str(queued)).stdout


@pytest.mark.slow
def test_a_worker_beside_another_one_says_who_is_there(cli, store):
    supervisor = Supervisor(store.path, devices=["cpu"])
    supervisor.start()
    try:
        while not supervisor.holds_engine:
            time.sleep(0.02)
        result = cli("worker")
    finally:
        supervisor.stop()
    assert result.exit_code == BAD_USE
    assert f"Another studio on this computer (process {os.getpid()}) already runs" in result.stderr


@pytest.mark.slow
def test_a_worker_with_nothing_to_do_ends_at_once(cli):
    result = cli("worker")
    assert result.exit_code == DONE
    assert "No queued runs are left." in result.stdout


@pytest.mark.slow
def test_training_ends_with_one_json_line_and_exit_code_zero(store, start):
    flags = ["--data", "builtin:digits", "--steps", "24", "--batch-size", "32", *SMALL, "--seed", "3"]
    process = start("train", *flags, "--set", "settings.mask_ratio=0.6", "--json", "--name", "short")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == DONE, err
    (line,) = out.splitlines()
    summary = json.loads(line)
    assert summary["status"] == "finished"
    assert summary["method"] == "mae"
    assert summary["images_seen"] == 24 * 32
    assert summary["images_per_second"] > 0
    assert summary["loss_last"] < summary["loss_first"]
    assert 0 <= summary["knn_before"] <= 1
    assert 0 <= summary["knn_after"] <= 1
    run = get_run(store, summary["run"])
    assert (run.name, run.seed, run.claimed_device) == ("short", 3, "cpu")
    assert run.recipe["settings"]["mask_ratio"] == 0.6
    assert "training" in err
    assert not (store.run_folder(run.id) / "worker.json").exists()


@pytest.mark.slow
def test_training_in_two_processes_ends_like_training_in_one(store, start):
    flags = ["--data", "builtin:digits", "--steps", "8", "--batch-size", "32", *SMALL, "--json"]
    process = start("train", *flags, "--set", "training.processes=2")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == DONE, err
    summary = json.loads(out)
    assert (summary["status"], summary["images_seen"]) == ("finished", 8 * 32)
    assert summary["knn_after"] is not None
    assert not (store.run_folder(summary["run"]) / "worker.json").exists()


@pytest.mark.slow
def test_training_without_labels_has_no_accuracy_and_adapts_what_nobody_chose(store, pictures, start):
    for folder in list(pictures.iterdir()):
        for file in folder.iterdir():
            file.rename(pictures / f"{folder.name}{file.name}")
        folder.rmdir()
    flags = [
        "--data",
        pictures,
        "--preset",
        "quick",
        "--image-size",
        "16",
        "--epochs",
        "2",
        "--set",
        "workers=0",
    ]
    process = start("train", *flags, "--json")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == DONE, err
    summary = json.loads(out)
    assert summary["knn_before"] is None
    assert summary["knn_after"] is None
    assert (
        "A batch of 64 is larger than the 24 training pictures. This run takes training.batch_size = 24."
        in err
    )
    assert get_run(store, summary["run"]).recipe["data"]["location"] == str(pictures)


@pytest.mark.slow
def test_a_preset_is_scaled_to_the_pictures_and_says_why(capsys):
    choice = choose_recipe(file=None, method="mae", preset="desktop", changes={}, pairs=[])
    assert choice.scaled(800).recipe == make_recipe("mae", "desktop", num_train=800)
    assert "Batch size: 800 pictures: a batch of 64" in capsys.readouterr().err
    chosen = choose_recipe(file=None, method="mae", preset="desktop", changes={}, pairs=["batch_size=32"])
    assert chosen.scaled(800).recipe.training.batch_size == 32
    assert "Batch size" not in capsys.readouterr().err


def test_showing_a_run_lists_what_is_not_as_in_the_paper(cli, queued):
    shown = cli("show", str(queued)).stdout
    assert "differences from the paper" in shown
    assert "Image size: 96 px; in the paper 224 px" in shown


def test_a_recipe_file_is_not_scaled(tmp_path):
    path = tmp_path / "mine.toml"
    recipe = make_recipe("mae", "desktop", num_train=50_000)
    path.write_text(recipe_to_toml(recipe))
    choice = choose_recipe(file=path, method=None, preset=None, changes={}, pairs=[])
    assert choice.scaled(800).recipe == recipe


def test_a_run_that_fails_has_exit_code_one_and_says_why(start, pictures):
    for file in pictures.rglob("*.png"):
        file.write_bytes(b"a picture in name only")
    process = start("train", "--data", pictures, *SMALL, "--epochs", "1", "--json")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    summary = json.loads(out.splitlines()[-1])
    assert process.returncode == RUN_FAILED
    assert summary["status"] == "failed"
    assert str(pictures) in summary["error"]
    assert f"{summary['error']} {summary['fix']}" in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_and_saves_and_the_worker_goes_on(store, start):
    flags = ["--data", "builtin:digits", "--steps", "100", "--batch-size", "16", *WITH_LOADER]
    process = start("train", *flags, "--json", start_new_session=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(run.step >= 2 for run in list_runs(store)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # A terminal sends Ctrl-C to the loader's processes as well.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    summary = json.loads(out.splitlines()[-1])
    assert "the run is saved" in err
    assert "Traceback" not in err
    if summary["status"] == "finished":
        pytest.skip("the run was faster than Ctrl-C")
    assert process.returncode == INTERRUPTED
    assert summary["status"] == "stopped"
    assert f"step-{summary['step']:09d}.pt" in summary["checkpoint"]
    resumed = start("resume", summary["run"])
    assert "ssl-engine worker" in resumed.communicate(timeout=PATIENCE_SECONDS)[0]
    worker = start("worker")
    out, err = worker.communicate(timeout=PATIENCE_SECONDS)
    assert worker.returncode == DONE, (out, err)
    assert f"run {summary['run']} (MAE Digits) is finished" in out
    assert get_run(store, summary["run"]).step == 100


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_as_soon_as_there_is_a_run_leaves_none_that_nobody_answers_for(store, start):
    flags = ["--data", "builtin:digits", "--steps", "20000", "--batch-size", "16", *SMALL]
    process = start("train", *flags, "--json", start_new_session=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(run.pid for run in list_runs(store)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == INTERRUPTED, err
    assert [run.status for run in list_runs(store)] == [RunStatus.STOPPED]


def has_fork_server(pid):
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):  # one that ends while we look
            if "forkserver" in " ".join(child.cmdline()):
                return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="fork server")
def test_ctrl_c_while_the_loader_is_still_starting_stops_and_saves(start):
    flags = ["--data", "builtin:digits", "--steps", "20000", "--batch-size", "16", *WITH_LOADER]
    process = start("train", *flags, "--json", start_new_session=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not has_fork_server(process.pid):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)  # it imports torch for seconds
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert "Traceback" not in err
    assert process.returncode == INTERRUPTED, err
    assert json.loads(out.splitlines()[-1])["status"] == "stopped"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="fork server")
def test_the_second_ctrl_c_ends_a_run_whose_pictures_do_not_come(store, start):
    flags = ["--data", "builtin:digits", "--steps", "20000", "--batch-size", "16", *WITH_LOADER]
    process = start("train", *flags, start_new_session=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(run.step >= 2 for run in list_runs(store)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    loader = next(child for child in children if child.ppid() != process.pid)
    loader.suspend()  # as one that reads from a disk that does not answer
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == INTERRUPTED
    assert psutil.wait_procs(children, timeout=10)[1] == []
    err = process.stderr.read()
    assert "the run is saved" in err
    assert "'ssl-engine resume 1'" in err
    assert "Traceback" not in err
    assert [run.status for run in list_runs(store)] == [RunStatus.STOPPED]


def test_another_store_can_be_named_by_its_address(store):
    result = CliRunner().invoke(app, ["runs", "--store", store.url])
    assert result.exit_code == DONE


def test_the_stores_of_two_paths_are_two(cli, tmp_path, queued):
    other = CliRunner().invoke(app, ["runs", "--json", "--store", str(tmp_path / "other.sqlite")])
    assert json.loads(other.stdout)["runs"] == []
    open_store(tmp_path / "other.sqlite").close()
