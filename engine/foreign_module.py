"""Tensors of a file that may hold a whole pickled network, as DALL-E's encoder.pkl does, by its state dict's names."""

from pathlib import Path

from torch import Tensor

from engine.errors import CheckpointError
from engine.foreign.networks import tensor_records
from engine.foreign.torch_file import read_torch


def read_module_tensors(path: Path) -> dict[str, Tensor]:
    """Read weights by name, from a plain state dict or from a whole pickled network.

    Args:
        path: A file written by ``torch.save``.

    Returns:
        Name -> tensor on the CPU, named as the network's state dict.

    Raises:
        CheckpointError: If the file is missing, damaged, something else, or holds no weights.
    """
    file = read_torch(path)
    records = dict(tensor_records(file))
    nested = "state_dict/"
    inner = {place.removeprefix(nested): part for place, part in records.items() if place.startswith(nested)}
    tensors = {name: file.tensor(record, name) for name, record in (inner or records).items()}
    if not tensors:
        raise CheckpointError(f"{path.name} holds no weights.", "Choose a file of a network's weights.")
    return tensors
