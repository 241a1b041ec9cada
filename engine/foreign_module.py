"""Tensors of a file that holds a whole pickled network, without running any of its code.

Published that way, such as DALL-E's encoder.pkl, a network can otherwise only be opened by trusting the file: its
pickle names classes and functions to call. Here every name but the few that rebuild tensors is replaced by an inert
stand-in that only remembers what it was given.
"""

import pickle
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from engine.errors import CheckpointError

# What torch writes for tensors; each of them only puts numbers together.
_TENSOR_PARTS: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("collections", "OrderedDict"): OrderedDict,
}


class _StandIn:
    """Takes the place of any object: made of anything, does nothing, keeps its state."""

    dump_patches = False  # torch asks this of the classes in its oldest files

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __call__(self, *_args: Any, **_kwargs: Any) -> "_StandIn":
        return _StandIn()

    def append(self, _: Any) -> None:
        """What a pickled list asks for."""

    def extend(self, _: Any) -> None:
        """What a pickled list asks for."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """What a pickled dictionary asks for."""


class _InertUnpickler(pickle.Unpickler):
    """Knows tensors and plain containers; everything else becomes a stand-in."""

    @override
    def find_class(self, module: str, name: str) -> Any:
        return _TENSOR_PARTS.get((module, name), _StandIn)


def _load(file: Any, **_: Any) -> Any:
    return _InertUnpickler(file).load()


_INERT_PICKLE = SimpleNamespace(Unpickler=_InertUnpickler, load=_load, __name__="inert pickle")


def read_module_tensors(path: Path) -> dict[str, Tensor]:
    """Read weights by name, from a plain state dict or from a whole pickled network.

    Args:
        path: A file written by ``torch.save``.

    Returns:
        Name -> tensor on the CPU, named as the network's state dict.

    Raises:
        CheckpointError: If the file is missing, damaged or holds no weights.
    """
    content = _content(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    tensors = (
        {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
        if isinstance(content, dict)
        else dict(_tensors_of(content, ""))
    )
    if not tensors:
        raise CheckpointError(f"{path.name} holds no weights.", "Choose a file of a network's weights.")
    return {name: value.detach() for name, value in tensors.items()}


def _content(path: Path) -> Any:
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}.", "Say where the weights are.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats
            return torch.load(path, map_location="cpu", weights_only=False, pickle_module=_INERT_PICKLE)
    # A damaged pickle can raise nearly anything, as pickle's own documentation says.
    except Exception as problem:
        raise CheckpointError(
            f"{path.name} is damaged or holds no weights ({type(problem).__name__}).",
            "Download it again, or save its state_dict() as plain weights.",
        ) from problem


def _tensors_of(module: Any, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """The parameters and buffers of a stand-in that was a network, by their names in its state dict."""
    state = module.state if isinstance(module, _StandIn) else None
    if not isinstance(state, dict):
        return
    for table in ("_parameters", "_buffers"):
        for name, value in dict(state.get(table) or {}).items():
            if isinstance(value, Tensor):
                yield prefix + name, value
    for name, child in dict(state.get("_modules") or {}).items():
        yield from _tensors_of(child, f"{prefix}{name}.")
