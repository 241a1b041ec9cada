"""Imports of real files in the real process."""

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from engine.store import RunStatus, get_run, list_runs
from studio.live.importer import Importer


@pytest.fixture
def importer(store, qtbot):
    made = Importer(store)
    yield made
    made.stop()


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(0)
    network = VisionTransformer(img_size=32, patch_size=8, embed_dim=96, depth=4, num_heads=3, num_classes=5)
    torch.save(network.state_dict(), tmp_path / "ünusual name.pth")
    return tmp_path / "ünusual name.pth"


def test_a_file_becomes_a_run(importer, store, file, qtbot):
    with qtbot.waitSignal(importer.finished, timeout=120_000) as blocker:
        importer.import_file(str(file))
        assert importer.is_busy
    run_id, sentence = blocker.args
    run = get_run(store, run_id)
    assert (run.kind, run.status) == ("imported", RunStatus.FINISHED)
    assert "100% of the encoder filled, 2 tensors left out" in sentence
    assert not importer.is_busy


def test_what_is_wrong_with_a_file_is_said_in_words(importer, store, tmp_path, qtbot):
    (tmp_path / "notes.pth").write_text("no weights")
    with qtbot.waitSignal(importer.failed, timeout=120_000) as blocker:
        importer.import_file(str(tmp_path / "notes.pth"))
    assert "is damaged or no file of weights" in blocker.args[0]
    assert blocker.args[1]
    assert list_runs(store) == []


def test_weights_that_do_not_tell_their_heads_ask_for_them(importer, store, tmp_path, qtbot):
    network = VisionTransformer(img_size=32, patch_size=8, embed_dim=40, depth=2, num_heads=5, num_classes=0)
    torch.save(network.state_dict(), tmp_path / "odd.pth")
    with qtbot.waitSignal(importer.needs_heads, timeout=120_000) as blocker:
        importer.import_file(str(tmp_path / "odd.pth"))
    assert blocker.args[0] == str(tmp_path / "odd.pth")
    assert "attention heads" in blocker.args[1]
    with qtbot.waitSignal(importer.finished, timeout=120_000) as blocker:
        importer.import_file(str(tmp_path / "odd.pth"), 5)
    assert get_run(store, blocker.args[0]).recipe["encoder"]["name"] == "vit_40x2x5"


def test_an_importer_that_cannot_start_says_so(store, qtbot):
    importer = Importer(store, program=("/nowhere/python",))
    with qtbot.waitSignal(importer.failed) as blocker:
        importer.import_file("weights.pth")
    assert "could not be started" in blocker.args[0]


def test_a_stopped_import_says_nothing(importer, store, file, qtbot):
    heard = []
    importer.finished.connect(lambda *words: heard.append(words))
    importer.failed.connect(lambda *words: heard.append(words))
    importer.import_file(str(file))
    importer.stop()
    qtbot.wait(200)
    assert heard == []
    assert not importer.is_busy
