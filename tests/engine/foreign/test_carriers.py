"""Every known carrier through every entrance: a sentence, or read without harm; nothing of it ever runs."""

import importlib.util
import warnings
from pathlib import Path

import pytest
import torch

from engine.checkpoint import load_checkpoint
from engine.data.sources import open_pictures
from engine.errors import EngineError
from engine.jobs.import_weights import import_weights
from engine.jobs.starting_weights import starting_weights
from engine.nn.dalle_encoder import DalleTarget
from engine.nn.normalise import Normalise
from engine.recipe import EncoderSettings, Recipe
from engine.store import list_runs, open_store

_FOUND = importlib.util.spec_from_file_location("carriers", Path(__file__).with_name("carriers.py"))
carriers = importlib.util.module_from_spec(_FOUND)
_FOUND.loader.exec_module(carriers)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = open_store(tmp_path_factory.mktemp("store") / "studio.db")
    yield opened
    opened.close()


def as_import(path, store):
    import_weights(store, path)


def as_starting_weights(path, store):
    starting_weights(store, Recipe(encoder=EncoderSettings(name="resnet18", weights=str(path))))


def as_dalle(path, store):
    DalleTarget(str(path), Normalise(), width=4, codes=4).fit(iter(()))


def as_checkpoint(path, store):
    load_checkpoint(path)


def as_cifar_batch(path, store):
    folder = path.parent / "cifar"
    folder.mkdir()
    path.rename(folder / "data_batch_1")
    open_pictures(folder, "cifar10")


def as_cifar_names(path, store):
    folder = path.parent / "cifar"
    folder.mkdir()
    (folder / "data_batch_1.bin").write_bytes(bytes(3073))
    path.rename(folder / "batches.meta")
    open_pictures(folder, "cifar10")


ENTRANCES = (
    as_import,
    as_starting_weights,
    as_dalle,
    as_checkpoint,
    as_cifar_batch,
    as_cifar_names,
)
# Read without harm, because what is odd in them means nothing to this entrance.
UNHARMED = {("as_cifar_names", name) for name in ("pipe", "device", "broken_link", "link_to_itself")}


def told_by(entrance, path, store):
    """What an entrance says of a file; empty where it takes it."""
    try:
        entrance(path, store)
    except EngineError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("carrier", carriers.CARRIERS)
def test_no_carrier_runs_and_each_is_told_in_words(carrier, suffix, store, tmp_path):
    entrances = ENTRANCES if suffix == ".pth" else ENTRANCES[:2]
    for number, entrance in enumerate(entrances):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, sign = folder / f"file{suffix}", folder / "it ran"
        carriers.CARRIERS[carrier](path, sign)
        runs = len(list_runs(store))
        said = told_by(entrance, path, store)
        assert said or (entrance.__name__, carrier) in UNHARMED, entrance
        assert "Traceback" not in said
        assert not sign.exists(), entrance
        assert len(list_runs(store)) == runs


def test_the_script_would_run_where_torch_opens_it(tmp_path):
    """The test above can fail: this is what the carrier does elsewhere."""
    path, sign = tmp_path / "carrier.pt", tmp_path / "it ran"
    carriers.real_script(path, sign)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.load(path)
    assert sign.exists()
