"""Opening, reading and scanning pictures must not cost the seconds of importing torch."""

import subprocess
import sys

PROGRAM = """
import sys
import engine.data.scan, engine.data.sources, engine.data.splits
engine.data.sources.open_pictures("builtin:shapes").read(0)
print([name for name in ("torch", "torchvision", "timm", "sklearn", "PySide6") if name in sys.modules])
"""


def test_scanning_imports_neither_torch_nor_scikit_learn():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
