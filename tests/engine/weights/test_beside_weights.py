"""What lies beside the weights in a file is never looked up or run, and never in the way of reading them."""

import collections
import datetime
import enum
import functools
import io
import pathlib
import pickle
import random
import types
import warnings
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoint import load_checkpoint
from engine.errors import EngineError
from engine.weights.reading import fit_to_itself, recognise


class Configuration(dict):
    """As Lightning's AttributeDict or OmegaConf."""


class Colour(enum.Enum):
    RED = 1


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 3


def others():
    weight = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.AdamW([weight])
    return {
        "scalars": (np.float64(71.5), np.float32(1), np.int64(3), np.bool_(True), np.str_("x")),
        "arrays": [np.arange(3), np.array(["a"], dtype=object), np.array(["b"]), np.zeros((2, 2), order="F")],
        "random": (np.random.default_rng(0), torch.get_rng_state()),
        "times": (np.datetime64("2020-01-01"), datetime.datetime(2026, 1, 1)),
        "paths": pathlib.PurePosixPath("/x"),
        "tables": (collections.defaultdict(list), collections.Counter("ab"), collections.deque([1])),
        "objects": (
            Configuration(lr=1),
            Colour.RED,
            Slotted(),
            types.SimpleNamespace(a=1),
            range(3),
            {1},
            1j,
        ),
        "calls": (len, functools.partial(print, 1), Slotted),
        "torch": (torch.device("cuda:0"), torch.float16, torch.Size([1])),
        "training": (optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1)),
    }


def under_numpy_1(path):
    """NumPy 2 moved the module of its scalars; files of before say where it was."""
    with zipfile.ZipFile(path) as archive:
        members = [(part.filename, archive.read(part)) for part in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))


@pytest.mark.parametrize("kind", ["zip", "legacy", "numpy 1"])
def test_weights_are_read_whatever_lies_beside_them(kind, hand_vit, tmp_path):
    path = tmp_path / "last.ckpt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of a step of a schedule without one of its optimizer
        beside = others()
    torch.save(
        {"state_dict": hand_vit.weights, **beside}, path, _use_new_zipfile_serialization=kind != "legacy"
    )
    if kind == "numpy 1":
        under_numpy_1(path)
    _, _, fitted = fit_to_itself(recognise(path), heads=3)
    assert all(torch.equal(value, fitted.state[name]) for name, value in hand_vit.weights.items())


@pytest.mark.parametrize(("suffix", "save"), [(".pth", save_file), (".safetensors", torch.save)])
def test_a_file_is_known_by_its_content(suffix, save, hand_vit, tmp_path):
    save(hand_vit.weights, tmp_path / f"weights{suffix}")
    assert len(recognise(tmp_path / f"weights{suffix}").tensors) == len(hand_vit.weights)


def test_a_file_without_sums_is_read_and_one_that_changed_is_not(hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(hand_vit.weights, path)
    finally:
        torch.serialization.set_crc32_options(True)
    assert len(recognise(path).tensors) == len(hand_vit.weights)
    torch.save(hand_vit.weights, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(EngineError, match="is damaged"):
        recognise(path)


def containers(weights):
    """The same weights in each container."""
    for new in (True, False):
        file = io.BytesIO()
        torch.save(
            {"format": 1, "model": weights, "lr": np.float64(1)}, file, _use_new_zipfile_serialization=new
        )
        yield file.getvalue()
    yield pickle.dumps({"format": 1, "arrays": [value.numpy() for value in weights.values()]}, 2)


def test_changed_files_end_in_words_or_are_read(hand_vit, tmp_path):
    chance, path = random.Random(0), tmp_path / "weights.pth"
    small = {name: value for name, value in hand_vit.weights.items() if value.ndim < 2}
    for content in containers(small):
        for _ in range(200):
            changed = bytearray(content)
            for _ in range(chance.choice((1, 3, 30))):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            path.write_bytes(changed[: chance.choice((len(changed), chance.randrange(1, len(changed))))])
            for read in (recognise, load_checkpoint):
                try:
                    read(path)
                except EngineError as problem:
                    assert problem.message  # noqa: PT017 - a changed file may as well be read
