"""Reads files of weights that others made, without running anybody's code."""

import argparse
import hashlib
import pickle
import pickletools
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import CheckpointError
from engine.passport import Passport, read_passport

# Official DINO, MAE and CAE files keep their command line as a Namespace, which holds plain values and runs nothing.
HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [argparse.Namespace]
MOST_TENSORS = 200_000
MOST_OPERATIONS = 100_000
DEEPEST = 16
_ASKED_FOR = re.compile(r"(?:GLOBAL |Unsupported (?:global|class) )([\w.]+)")
_NO_TORCH = re.compile(r"^(dill|haiku|jax|flax|optax|numpy\.core|jaxlib|acme|ml_collections)\b")


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
    """Read a file of weights: anything that ``torch.save`` or safetensors wrote, as long as it is only weights.

    Raises:
        CheckpointError: If it is missing, empty, damaged, no file of weights, or would run code when opened.
    """
    _check_there(path)
    is_safe = path.suffix == ".safetensors"
    tree = _read_safetensors(path) if is_safe else _read_torch(path)
    tensors = dict(_flatten(tree, path))
    if not tensors:
        raise CheckpointError(f"{path.name} holds no weights.", "Choose the file that has the network in it.")
    return ForeignFile(path, tensors, _sha256(path), _read_header(path) if is_safe else None)


def _check_there(path: Path) -> None:
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder.", "Choose the file of weights inside it.")
    try:
        size = path.stat().st_size
    except OSError as problem:
        raise CheckpointError(f"There is no file {path}.", "Choose another one.") from problem
    if size == 0:
        raise CheckpointError(f"{path.name} is empty.", "Copy or download it again.")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as problem:
        raise _damaged(path) from problem


def _read_header(path: Path) -> Passport | None:
    with safe_open(path, framework="pt") as file:
        return read_passport(file.metadata() or {})


def _read_torch(path: Path) -> Any:
    is_zip = zipfile.is_zipfile(path)
    if is_zip:
        _refuse_bombs(path)
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(HARMLESS):
            warnings.simplefilter("ignore")  # of foreign files; what cannot be used is refused in words
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except pickle.UnpicklingError as problem:
        raise _refusal(path, problem, is_zip=is_zip) from problem
    except MemoryError as problem:
        raise CheckpointError(
            f"{path.name} asks for more memory than there is.", "Choose a smaller file."
        ) from problem
    # A damaged pickle can raise nearly anything, as pickle's own documentation says.
    except Exception as problem:
        raise _damaged(path) from problem


def _refuse_bombs(path: Path) -> None:
    """A file of ``torch.save`` stores its parts as they are; one that unpacks to more than itself is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError) as problem:
        raise _damaged(path) from problem
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise CheckpointError(
            f"{path.name} is a compressed archive, not a file of weights.",
            "Unpack it, and choose the file of weights inside it.",
        )


def _refusal(path: Path, problem: Exception, *, is_zip: bool) -> CheckpointError:
    """Say what a file wanted to run, and what to do instead."""
    asked = _ASKED_FOR.findall(str(problem))
    if is_zip:
        with torch.serialization.safe_globals(HARMLESS):
            asked = torch.serialization.get_unsafe_globals_in_checkpoint(path) or asked
    asked = asked or list(_asked_by_pickle(path))
    if any(_NO_TORCH.match(name) for name in asked):
        return CheckpointError(
            f"{path.name} is of another framework and would run '{asked[0]}' when opened, so it was not opened.",
            "Convert it to torch first (DeepMind's BYOL files: byol-convert; its output has torchvision's names) "
            "and import that file.",
        )
    if not asked:
        return _damaged(path)
    return CheckpointError(
        f"{path.name} holds more than weights: opening it would run '{asked[0]}', so it was not opened.",
        "Where you trust the file, save its weights alone (torch.save of the state_dict, or safetensors) "
        "and import that.",
    )


def _asked_by_pickle(path: Path) -> Iterator[str]:
    """What a bare pickle would import, by reading its operations without doing any."""
    texts: list[str] = []
    remembered: list[str] = []
    try:
        with path.open("rb") as file:
            for number, (operation, argument, _) in enumerate(pickletools.genops(file)):
                if operation.name == "GLOBAL":
                    yield str(argument).replace(" ", ".")
                elif operation.name == "STACK_GLOBAL":
                    yield ".".join(texts[-2:])
                elif operation.name == "MEMOIZE":
                    remembered.append(texts[-1] if texts else "")
                elif operation.name in ("BINGET", "LONG_BINGET"):
                    texts += remembered[int(argument or 0) :][:1]
                elif isinstance(argument, str):
                    texts.append(argument)
                if number > MOST_OPERATIONS:
                    return
    except Exception:  # noqa: BLE001 (a damaged pickle can raise nearly anything; there is nothing more to tell)
        return


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is damaged or no file of weights.",
        "Download it again, or choose a file of torch.save or safetensors.",
    )


def _flatten(tree: Any, path: Path) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a tree of dictionaries and lists by its place; values that are no tensors are passed over."""
    count = 0
    waiting: list[tuple[tuple[str, ...], Any]] = [((), tree)]
    while waiting:
        place, value = waiting.pop()
        count += 1
        if count > MOST_TENSORS or len(place) > DEEPEST:
            raise CheckpointError(
                f"{path.name} is nested like no network's weights.", "Choose a file of plain weights."
            )
        if isinstance(value, Tensor):
            yield "/".join(place), _checked(value, "/".join(place), path)
        else:
            waiting += reversed([((*place, str(name)), part) for name, part in _parts(value)])


def _parts(value: Any) -> Sequence[tuple[Any, Any]]:
    if isinstance(value, argparse.Namespace):
        return ()
    if isinstance(value, Mapping):
        return [
            (name, part) for name, part in value.items() if isinstance(part, Tensor | Mapping | list | tuple)
        ]
    if isinstance(value, list | tuple):
        return [
            (name, part)
            for name, part in enumerate(value)
            if isinstance(part, Tensor | Mapping | list | tuple)
        ]
    return ()


def _checked(tensor: Tensor, place: str, path: Path) -> Tensor:
    """Refuse a tensor that claims to be larger than what the file stores of it."""
    is_plain = tensor.layout is torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"
    if not is_plain or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(
            f"'{place}' in {path.name} is no ordinary tensor.", "Choose a file of plain weights."
        )
    return tensor


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
