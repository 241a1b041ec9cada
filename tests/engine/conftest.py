"""Fixtures of the engine's tests: numbers computed by the official implementations, where they are at hand."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

ROOT = Path(__file__).parents[2]
PARITY_DIR = Path(os.environ.get("PARITY_DIR", ROOT.parent / "shared" / "parity"))


@dataclass(frozen=True)
class Parity:
    """One file of official numbers."""

    tensors: dict[str, torch.Tensor]
    hyper: dict
    lists: dict

    def __getitem__(self, name):
        return self.tensors[name]

    def under(self, prefix):
        return {
            name.removeprefix(prefix): value
            for name, value in self.tensors.items()
            if name.startswith(prefix)
        }


def pytest_generate_tests(metafunc):
    """Run a test marked ``parity("dino_loss")`` once for every file of that name before the first dot."""
    marker = metafunc.definition.get_closest_marker("parity")
    if marker is None:
        return
    files = sorted(PARITY_DIR.glob(f"{marker.args[0]}.*safetensors"))
    missing = (
        f"no official numbers {marker.args[0]} in {PARITY_DIR}; set PARITY_DIR to the folder that has them"
    )
    params = [pytest.param(path, id=path.name.removesuffix(".safetensors")) for path in files]
    nothing = [pytest.param(None, marks=pytest.mark.skip(reason=missing), id="none")]
    metafunc.parametrize("official", params or nothing, indirect=True)


@pytest.fixture
def official(request):
    """The official numbers of one file, see ``pytest_generate_tests``."""
    with safe_open(request.param, "pt") as file:
        meta = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    return Parity(tensors, json.loads(meta["hyper"]), json.loads(meta["lists"]))
