"""Scans of real places in the real process."""

import numpy as np
import pytest
from PIL import Image

from engine.store import get_dataset, list_datasets
from studio.live.scanner import Scanner


@pytest.fixture
def scanner(store, qtbot):
    made = Scanner(store)
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        place = tmp_path / "pets" / label
        place.mkdir(parents=True)
        for number in range(4):
            Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(place / f"{number}.png")
    (tmp_path / "pets" / "dog" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path / "pets"


def test_a_scan_tells_how_far_it_is_and_saves_the_data_set(scanner, store, folder, qtbot):
    steps = []
    scanner.progress.connect(steps.append)
    with qtbot.waitSignal(scanner.finished, timeout=60_000) as blocker:
        scanner.scan(str(folder))
    dataset = blocker.args[0]
    assert dataset == get_dataset(store, dataset.id)
    assert (dataset.num_pictures, dataset.classes) == (8, ["cat", "dog"])
    assert dataset.health["problem_counts"] == {"broken": 1}
    assert steps
    assert {"done", "total", "phase"} <= steps[-1].keys()
    assert not scanner.is_scanning


def test_a_place_without_pictures_is_said_in_words(scanner, store, tmp_path, qtbot):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "absent"):
        with qtbot.waitSignal(scanner.failed, timeout=60_000) as blocker:
            scanner.scan(str(place))
        sentence, fix = blocker.args
        assert sentence.endswith(".")
        assert fix
    assert list_datasets(store) == []


def test_a_cancelled_scan_says_nothing_and_saves_nothing(scanner, store, folder, qtbot):
    heard = []
    scanner.finished.connect(heard.append)
    scanner.failed.connect(lambda *words: heard.append(words))
    scanner.scan(str(folder))
    scanner.cancel()
    assert not scanner.is_scanning
    qtbot.wait(300)
    assert heard == []
    assert list_datasets(store) == []


def test_a_new_scan_ends_the_one_before(scanner, folder, tmp_path, qtbot):
    with qtbot.waitSignal(scanner.finished, timeout=60_000) as blocker:
        scanner.scan(str(tmp_path / "absent"))
        scanner.scan(str(folder))
    assert blocker.args[0].name == "pets"


def test_a_scanner_that_cannot_start_says_so(store, qtbot):
    scanner = Scanner(store, command=["/nowhere/python"])
    with qtbot.waitSignal(scanner.failed) as blocker:
        scanner.scan("/data")
    assert "could not be started" in blocker.args[0]
