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


@pytest.fixture
def parity():
    def load(name):
        path = PARITY_DIR / f"{name}.safetensors"
        if not path.exists():
            pytest.skip(f"no official numbers at {path}; set PARITY_DIR to the folder that has them")
        with safe_open(path, "pt") as file:
            meta = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        return Parity(tensors, json.loads(meta["hyper"]), json.loads(meta["lists"]))

    return load
