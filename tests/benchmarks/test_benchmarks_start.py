"""Every benchmark still starts, measures, prints and writes; what it measures is never asserted."""

import json
import math
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
HARMLESS = (
    "bench_checkpoints.py",
    "bench_doctor.py",
    "bench_recipes.py",
    "bench_store.py",
    "bench_trainer.py",
)
BENCHMARKS = sorted(path.name for path in FOLDER.glob("bench_*.py"))


@pytest.fixture
def classes(tmp_path):
    """Two classes of small pictures, for benchmarks that are given data."""
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for number in range(16):
            Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(folder / f"{number}.png")
    return tmp_path / "pictures"


def numbers(tree):
    if isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from numbers(part)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield tree


def test_all_are_found():
    assert {"bench_trainer.py", "bench_window.py", "bench_store.py"} <= set(BENCHMARKS)


def start(name, arguments, folder):
    """Run a benchmark as a person does: a program of its own, from any folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, str(FOLDER / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def start_here(name, arguments, monkeypatch, capsys):
    """Run one that changes nothing in its process right here, where torch is loaded already."""
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(FOLDER / name), run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_tiny_round_of(name, tmp_path, classes, monkeypatch, capsys):
    arguments = ["--tiny", "--json", str(tmp_path / "found.json")]
    if name == "bench_learning.py":
        arguments += ["--data", str(classes)]
    said = (
        start_here(name, arguments, monkeypatch, capsys)
        if name in HARMLESS
        else start(name, arguments, tmp_path)
    )
    assert said.strip()
    found = list(numbers(json.loads((tmp_path / "found.json").read_text())))
    assert found
    assert all(math.isfinite(number) for number in found)
