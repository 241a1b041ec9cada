"""DALL-E's encoder from files of several kinds, none of whose code is run."""

import os
from pathlib import Path

import pytest
import torch

from engine.errors import CheckpointError
from engine.foreign_module import read_module_tensors
from engine.nn.dalle_encoder import DalleEncoder, DalleTarget
from engine.nn.normalise import Normalise

SMALL = {"width": 8, "codes": 12}


def random_encoder():
    torch.manual_seed(0)
    encoder = DalleEncoder(**SMALL)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return encoder


def save(kind, encoder, path):
    if kind == "state dict":
        torch.save(encoder.state_dict(), path)
    elif kind == "nested":
        torch.save({"state_dict": encoder.state_dict(), "meta": {"epoch": 1}}, path)
    elif kind == "module":
        torch.save(encoder, path)
    else:
        torch.save(encoder, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("kind", ["state dict", "nested", "module", "old module"])
def test_weights_are_read_from_plain_files_and_from_whole_networks(tmp_path, kind):
    encoder, path = random_encoder(), tmp_path / "encoder.pkl"
    save(kind, encoder, path)
    target = DalleTarget(str(path), Normalise(), **SMALL)
    assert not target.is_fitted
    target.fit(iter([]))
    assert target.is_fitted
    pixels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    codes = target.codes({"tokenizer_image": Normalise()(pixels)})
    assert codes.shape == (2, 16)
    expected = encoder(pixels.float() / 255 * 0.8 + 0.1).argmax(dim=1).flatten(1)
    assert torch.equal(codes, expected)
    assert len(set(codes.flatten().tolist())) > 1
    assert "encoder.pkl" in target.note


def test_the_published_encoder_has_its_weights_and_names():
    with torch.device("meta"):
        encoder = DalleEncoder()
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 53_786_240
    names = set(encoder.state_dict())
    for group, block, path in ((1, 1, "res_path.conv_1"), (2, 1, "id_path"), (4, 2, "res_path.conv_4")):
        assert f"blocks.group_{group}.block_{block}.{path}.w" in names
    assert {"blocks.input.w", "blocks.input.b", "blocks.output.conv.w"} <= names
    assert "blocks.group_1.block_1.id_path.w" not in names  # the widths agree there


class Malicious(torch.nn.Module):
    """A network whose file asks to make a folder."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.weight = torch.nn.Parameter(torch.ones(3))

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_no_code_of_a_file_is_run(tmp_path):
    folder = tmp_path / "made by the file"
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), Malicious(str(folder)))
    torch.save(network, tmp_path / "encoder.pkl")
    tensors = read_module_tensors(tmp_path / "encoder.pkl")
    assert not folder.exists()
    assert set(tensors) == {"0.weight", "0.bias"}


def test_another_network_is_refused_in_words(tmp_path):
    path = tmp_path / "other.pkl"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(CheckpointError, match="not the encoder"):
        DalleTarget(str(path), Normalise(), **SMALL).fit(iter([]))


@pytest.mark.parametrize("content", [b"", b"not a file of weights", b"\x80\x02}q\x00."])
def test_a_damaged_file_is_refused_in_words(tmp_path, content):
    path = Path(tmp_path / "damaged.pkl")
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        read_module_tensors(path)


def test_grey_pictures_are_seen_in_colour(tmp_path):
    path = tmp_path / "encoder.pkl"
    torch.save(random_encoder().state_dict(), path)
    target = DalleTarget(str(path), Normalise(1), **SMALL)
    target.fit(iter([]))
    assert target.codes({"tokenizer_image": torch.randn(1, 1, 16, 16)}).shape == (1, 4)
