"""Reads files of weights that others made, by what is in them, without running anybody's code."""

import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import CheckpointError
from engine.foreign.networks import tensor_records
from engine.foreign.opened_file import check_regular, damaged
from engine.foreign.torch_file import TorchFile, read_torch
from engine.passport import Passport, read_passport

# Nothing that a pickle names is ever called. What names these does so to run something, and is told as what it is.
_RUNS = re.compile(
    r"(?:builtins\.(?:exec|eval|compile|execfile|open|file|input|breakpoint|__import__)"
    r"|(?:os|posix|nt|subprocess|commands|importlib|imp|runpy|pty|socket|ctypes|code|codeop|pdb|bdb|timeit|webbrowser"
    r"|marshal|pickle|_pickle|cPickle|shelve|urllib|requests|ftplib|smtplib|pip|idlelib|distutils|platform|sys|shutil"
    r"|torch\.(?:hub|jit|package|serialization|utils\.cpp_extension)|numpy\.testing|cProfile|profile|doctest|site)\.\w.*"
    r"|torch\.(?:load|save)|numpy\.(?:load|save|fromfile|memmap))"
)
_NO_TORCH = re.compile(r"(?:dill|haiku|jax|flax|optax|jaxlib|acme|tensorflow|keras)\b.*")
_TRUSTED = (
    "Where you trust the file, save its weights alone (torch.save of the state_dict, or safetensors) "
    "and import that."
)
_HEADER = struct.Struct("<Q")
LONGEST_HEADER = 100_000_000  # bytes, as safetensors itself allows


@dataclass(frozen=True)
class ForeignFile:
    """What a file holds, laid flat.

    Args:
        path: Where it is.
        tensors: Where in the file ("model/blocks.0.norm1.weight") -> tensor, in the order of the file.
        sha256: Fingerprint of the file.
        passport: What a file of ours says of itself.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    sha256: str
    passport: Passport | None = None


def read_foreign(path: Path) -> ForeignFile:
    """Read a file of weights: anything that ``torch.save`` or safetensors wrote, whatever it is called.

    Raises:
        CheckpointError: If it is missing, empty, damaged, no file of weights, or would run code where it is trusted.
    """
    check_regular(path)
    if _is_safetensors(path):
        tensors, passport = _read_safetensors(path)
        if not tensors:
            raise CheckpointError(
                f"{path.name} holds no weights.", "Choose the file that has the network in it."
            )
        return ForeignFile(path, tensors, _sha256(path), passport)
    file = read_torch(path)
    _refuse_code(file)
    tensors = {place: file.tensor(record, place) for place, record in tensor_records(file)}
    if not tensors:
        raise _without_weights(file)
    return ForeignFile(path, tensors, _sha256(path))


def _is_safetensors(path: Path) -> bool:
    """Told by the first bytes: the length of a header, and its opening brace."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER.size + 1)
    except OSError as problem:
        raise CheckpointError(
            f"{path.name} cannot be read: {problem.strerror}.", "Make it readable, or choose another file."
        ) from problem
    return head[_HEADER.size :] == b"{" and _HEADER.unpack(head[: _HEADER.size])[0] <= LONGEST_HEADER


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], Passport | None]:
    try:
        with safe_open(path, framework="pt") as file:
            passport = read_passport(file.metadata() or {})
        return load_file(path), passport
    except MemoryError as problem:
        raise CheckpointError(
            f"{path.name} asks for more memory than there is.", "Choose a smaller file."
        ) from problem
    except Exception as problem:  # its reader raises errors of several kinds for headers that lie
        raise damaged(path) from problem


def _refuse_code(file: TorchFile) -> None:
    """Refuse a file that would run something in a program that trusts it; here it could not."""
    asked = next((name for name in file.strangers if _RUNS.fullmatch(name)), None)
    if asked is not None:
        raise CheckpointError(
            f"{file.path.name} holds more than weights: opening it would run '{asked}', so it was not opened.",
            _TRUSTED,
        )


def _without_weights(file: TorchFile) -> CheckpointError:
    """Say what a file without tensors is."""
    other = next((name for name in file.strangers if _NO_TORCH.fullmatch(name)), None)
    if other is not None:
        return CheckpointError(
            f"{file.path.name} is of another framework and would run '{other}' when opened, so it was not opened.",
            "Convert it to torch first (DeepMind's BYOL files: byol-convert; its output has torchvision's names) "
            "and import that file.",
        )
    return CheckpointError(
        f"{file.path.name} holds no weights of torch.", "Choose the file that has the network in it."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
