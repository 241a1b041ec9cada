"""Rules of the house that a machine can hold: who imports whom, and how long things may grow."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for folder in ("engine", "studio") for path in (ROOT / folder).rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}


def functions():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node, node.end_lineno - node.lineno + 1


def percentile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


@pytest.mark.parametrize(
    "module",
    [
        "studio.app",
        "studio.pages",
        "engine.supervisor",
        "engine.store",
        "engine.declared",
        "engine.devices",
        "engine.cli",
    ],
)
def test_torch_is_not_imported_by(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_files_stay_short():
    lengths = [path.read_text(encoding="utf-8").count("\n") for path in FILES]
    assert statistics.median(lengths) <= 130
    assert percentile(lengths, 0.95) <= 350
    assert max(lengths) <= 500


def test_functions_stay_short():
    lengths = [length for _, _, length in functions()]
    assert statistics.median(lengths) <= 9
    assert percentile(lengths, 0.95) <= 35
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {n}" for path, node, n in functions() if n > 60
    ]
    assert not long


def test_no_file_is_named_after_nothing():
    assert not [path for path in FILES if path.stem in FORBIDDEN_NAMES]


def test_a_thousand_void_calls_leave_the_references_of_none(qtbot):
    """PySide6 6.12.0 loses one at every call on Python 3.11 and kills the process within seconds."""
    from PySide6.QtWidgets import QLabel

    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for number in range(1000):
        label.setText(str(number % 2))
    assert abs(sys.getrefcount(None) - before) < 100
