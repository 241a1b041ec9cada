"""What comes out of a run: weights that anybody can load, a card that says what they are, or a sentence."""

import json
import subprocess
import sys
from contextlib import contextmanager

import pytest

from engine.errors import CheckpointError, StoreError
from engine.jobs.export import export_run
from engine.jobs.pretrain import run as do_run
from engine.store import list_artifacts

pytestmark = pytest.mark.slow


@pytest.fixture
def trained(store, make_claimed):
    return do_run(store, make_claimed(training__steps=2, training__warmup_epochs=0.1).id)


def test_an_export_loads_with_its_own_snippet_and_is_recorded(store, trained, tmp_path):
    out = export_run(store, trained.id, tmp_path / "out")
    assert sorted(file.name for file in out.iterdir()) == [
        "config.json",
        "encoder.safetensors",
        "load_encoder.py",
    ]
    card = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert card["title"] == "ViT-nano pretrained with MAE"
    assert (card["run"]["id"], card["run"]["step"]) == (trained.id, 2)
    assert card["recipe"]["encoder"]["image_size"] == 32
    loaded = subprocess.run(
        [sys.executable, str(out / "load_encoder.py")], capture_output=True, text=True, check=False
    )
    assert "tokens of shape (1, 17, 96)" in loaded.stdout, loaded.stderr
    assert [artifact.path for artifact in list_artifacts(store, trained.id, "export")] == [out]


def test_a_run_that_never_saved_has_nothing_to_export(store, make_claimed, tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint to export"):
        export_run(store, make_claimed().id, tmp_path / "out")


@pytest.fixture
def no_room():
    """Files of this process cannot grow beyond 100 kB, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


def test_a_full_disk_is_a_sentence_and_the_export_before_stays(store, trained, tmp_path, no_room):
    out = export_run(store, trained.id, tmp_path / "out")
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    with no_room(), pytest.raises(StoreError, match="cannot be written"):
        export_run(store, trained.id, out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_a_sentence(store, trained, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written to"):
        export_run(store, trained.id, tmp_path / "file")
