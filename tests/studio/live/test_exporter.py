"""What leaves a run: in the real process, and what is said of it."""

import json
import sys

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from engine.jobs.import_weights import import_weights
from studio.live.exporter import Exporter


@pytest.fixture
def make_exporter(store, qtbot):
    made = []

    def make(**options):
        made.append(Exporter(store, **options))
        return made[-1]

    yield make
    for exporter in made:
        exporter.stop()


def saying(content):
    """A program that says one JSON line instead of the command line."""
    return (sys.executable, "-c", f"print({json.dumps(json.dumps(content))})")


@pytest.mark.slow
def test_an_encoder_is_written_in_the_formats_that_were_asked_for(make_exporter, store, tmp_path, qtbot):
    network = VisionTransformer(img_size=32, patch_size=8, embed_dim=96, depth=4, num_heads=3, num_classes=0)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    run = import_weights(store, tmp_path / "weights.pth").run
    exporter = make_exporter()
    with qtbot.waitSignal(exporter.finished, timeout=120_000) as blocker:
        assert exporter.export(run.id, str(tmp_path / "out"), ["timm", "state-dict"])
        assert not exporter.export(run.id, str(tmp_path / "other"), ["timm"])
    assert "each file checked" in blocker.args[0]
    assert {"model.safetensors", "encoder.pt", "README.md"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert not exporter.is_busy


def test_embeddings_are_counted_and_what_was_skipped_is_said(make_exporter, qtbot):
    result = {
        "run": 1,
        "out": "/data/out.parquet",
        "vectors": 1200,
        "width": 96,
        "pooling": "cls",
        "skipped": ["a"],
    }
    exporter = make_exporter(program=saying(result))
    with qtbot.waitSignal(exporter.finished, timeout=20_000) as blocker:
        exporter.embed(1, "builtin:digits", "/data/out.parquet")
    assert blocker.args[0] == "1,200 vectors of 96 numbers are in /data/out.parquet, 1 pictures skipped."


def test_what_goes_wrong_is_told_with_what_to_do(make_exporter, qtbot):
    exporter = make_exporter(program=saying({"error": "The disk is full.", "fix": "Make room.", "field": ""}))
    with qtbot.waitSignal(exporter.failed, timeout=20_000) as blocker:
        exporter.export(1, "/data/out", ["timm"])
    assert blocker.args == ["The disk is full.", "Make room."]


def test_a_program_that_says_nothing_is_no_success(make_exporter, qtbot):
    exporter = make_exporter(program=(sys.executable, "-c", "import sys; sys.exit('broken')"))
    with qtbot.waitSignal(exporter.failed, timeout=20_000) as blocker:
        exporter.export(1, "/data/out", ["timm"])
    assert blocker.args == ["That did not work.", "broken"]


def test_files_in_the_way_are_asked_about_and_replaced_by_the_same_command(make_exporter, qtbot, tmp_path):
    """A program that refuses what it is asked until it may replace."""
    refusal = {"error": "There is a.json already.", "fix": "Use --force.", "field": "force"}
    done = {"run": 1, "out": "/data/a.npy", "vectors": 2, "width": 3, "pooling": "cls", "skipped": []}
    code = (
        "import json, sys; arguments = sys.argv[1:]; "
        f"said = {done!r} if '--force' in arguments else {refusal!r}; print(json.dumps(said)); "
        f"open({str(tmp_path / 'asked')!r}, 'a').write(json.dumps(arguments) + chr(10))"
    )
    exporter = make_exporter(program=(sys.executable, "-c", code))
    with qtbot.waitSignal(exporter.in_the_way, timeout=20_000) as blocker:
        exporter.embed(1, "builtin:digits", "/data/a.npy")
    assert blocker.args == ["There is a.json already."]
    with qtbot.waitSignal(exporter.finished, timeout=20_000):
        assert exporter.replace()
    first, second = map(json.loads, (tmp_path / "asked").read_text().splitlines())
    assert [each for each in second if each != "--force"] == first
