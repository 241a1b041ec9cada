"""Nothing but the one reader opens files from elsewhere: no other call in the program could run what is in them."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Calls and names that load, run or look up what a file says.
DANGEROUS = re.compile(
    r"(?:torch\.(?:load|jit\b.*|package\b.*|hub\b.*|export\.load|serialization\b.*|storage\._load.*)"
    r"|(?:pickle|_pickle|cPickle)\.(?:load|loads|Unpickler)|numpy\.(?:load|lib\.format\.read\w*)"
    r"|(?:joblib|dill|cloudpickle|shelve|marshal|yaml|runpy|imp|code|codeop|jsonpickle|h5py|tensorflow|keras)\b.*"
    r"|(?:pandas|polars)\.read_pickle|safetensors\.(?:safe_open|deserialize)|safetensors\.torch\.(?:load|load_file)"
    r"|(?:eval|exec|compile|__import__)|importlib\.(?:import_module|util\.(?:spec|module)_from\w*|machinery\b.*))"
)
# What is allowed where, and why.
ALLOWED = {
    ("engine/exports/state_dict.py", "torch.load"),  # the file that it wrote a moment ago, as plain weights
    ("engine/exports/torch_program.py", "torch.export.load"),  # the file that it wrote a moment ago
    ("engine/weights/foreign_file.py", "safetensors.safe_open"),  # holds numbers and texts only
    ("engine/weights/foreign_file.py", "safetensors.torch.load_file"),
    ("studio/live/inspector.py", "numpy.load"),  # our inspector's answer; allow_pickle=False, see below
    # Modules of the program itself, found by listing its own folders.
    ("engine/supervisor/crew.py", "importlib.import_module"),
    ("engine/methods/__init__.py", "importlib.import_module"),
    ("studio/viewers/discovery.py", "importlib.import_module"),
    ("studio/pages/__init__.py", "importlib.import_module"),
}


def names_in(tree):
    """Every dotted name of a module with its imports resolved, such as "torch.jit.load" for "from torch import jit"."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for part in node.names:
                first = part.name.partition(".")[0]
                known[part.asname or first] = part.name if part.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known |= {part.asname or part.name: f"{node.module}.{part.name}" for part in node.names}
    yield from known.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and (name := dotted(node)) is not None:
            first, _, rest = name.partition(".")
            if first in known or first in ("eval", "exec", "compile", "__import__"):
                yield known.get(first, first) + (f".{rest}" if rest else "")


def dotted(node):
    if isinstance(node, ast.Name):
        return node.id
    inner = dotted(node.value) if isinstance(node, ast.Attribute) else None
    return None if inner is None else f"{inner}.{node.attr}"


def found():
    for folder in ("engine", "studio"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in set(names_in(ast.parse(path.read_text(encoding="utf-8")))):
                if DANGEROUS.fullmatch(name):
                    yield path.relative_to(ROOT).as_posix(), name


def test_nothing_else_loads_or_runs_what_a_file_says():
    assert set(found()) == ALLOWED


def test_the_search_finds_what_it_looks_for():
    text = (
        "import torch, numpy as np\nfrom torch import jit\nfrom pickle import loads as read\nimport torch.package\n"
        "torch.load(1); jit.load(2); read(3); np.load(4); exec('5'); torch.package.PackageImporter(6)\nimport yaml\n"
    )
    seen = {name for name in names_in(ast.parse(text)) if DANGEROUS.fullmatch(name)}
    expected = {"torch.load", "torch.jit.load", "pickle.loads", "numpy.load", "exec", "yaml", "torch.jit"}
    assert expected <= seen
    assert "torch.package.PackageImporter" in seen


def test_arrays_are_read_without_objects_and_weights_without_code():
    for path, call, word, value in (
        ("studio/live/inspector.py", "load", "allow_pickle", False),
        ("engine/exports/state_dict.py", "load", "weights_only", True),
    ):
        calls = [
            node
            for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == call
        ]
        assert calls
        for node in calls:
            told = {part.arg: getattr(part.value, "value", None) for part in node.keywords}
            assert told.get(word) is value
