"""Files that are damaged, partial, of something else, or that would run code: refused in words, and nothing runs."""

import pickle
import zipfile
from argparse import Namespace

import pytest
import torch

from engine.errors import CheckpointError, SettingsError
from engine.weights.reading import fit_to_itself, recognise


class RunsCode:
    """An object whose pickle makes a file when it is opened."""

    def __init__(self, sign):
        self.sign = sign

    def __reduce__(self):
        return exec, (f"open({str(self.sign)!r}, 'w').close()",)


def refusal(path):
    with pytest.raises(CheckpointError) as caught:
        recognise(path)
    assert caught.value.message
    assert caught.value.fix
    return str(caught.value)


@pytest.mark.parametrize("place", ["args", "model", "whole"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_with_code_is_refused_and_does_not_run(place, zipped, hand_vit, tmp_path):
    sign, path = tmp_path / "it ran", tmp_path / "weights.pth"
    hostile = RunsCode(sign)
    saved = {
        "args": {"model": hand_vit.weights, "args": Namespace(inner=hostile)},
        "model": {"model": {**hand_vit.weights, "x": hostile}},
        "whole": hostile,
    }[place]
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    assert "exec" in refusal(path)
    assert not sign.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_bare_pickle_with_code_is_refused_and_does_not_run(protocol, tmp_path):
    sign, path = tmp_path / "it ran", tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps({"weights": RunsCode(sign)}, protocol))
    assert "exec" in refusal(path)
    assert not sign.exists()


def test_haiku_files_are_told_to_be_converted(tmp_path):
    """DeepMind's BYOL files are dill pickles; only their names are needed to know them."""
    path = tmp_path / "pretrain_res50x1.pkl"
    path.write_bytes(b"\x80\x02cdill._dill\n_create_type\nq\x00.")
    assert "Convert it to torch first" in refusal(path)


def test_a_namespace_of_plain_values_is_allowed(hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"model": hand_vit.weights, "args": Namespace(lr=0.1, names=["a"])}, path)
    assert len(recognise(path).tensors) == len(hand_vit.weights)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", b"\x80\x04", b"PK\x03\x04 not really"])
def test_files_that_are_no_weights(suffix, content, tmp_path):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    said = refusal(path)
    assert "is empty" in said or "is damaged or no file of weights" in said


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_files(share, hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"model": hand_vit.weights}, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "is damaged or no file of weights" in refusal(path)


def test_a_missing_file_and_a_folder(tmp_path):
    assert "There is no file" in refusal(tmp_path / "nothing.pth")
    assert "is a folder" in refusal(tmp_path)


def test_a_compressed_archive_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 10_000_000)
    assert "compressed archive" in refusal(path)


def test_a_tensor_that_claims_to_be_larger_than_it_is(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"conv1.weight": torch.zeros(1).expand(10**7, 10**6)}, path)
    assert "no ordinary tensor" in refusal(path)


def test_a_file_that_multiplies_itself(tmp_path):
    """Twelve levels of ten references each are a few bytes and a billion places."""
    tree = {"x": torch.zeros(1)}
    for _ in range(12):
        tree = {str(number): tree for number in range(10)}
    path = tmp_path / "weights.pth"
    torch.save(tree, path)
    assert "nested like no network" in refusal(path)


def test_a_file_that_holds_itself(tmp_path):
    tree = {"x": torch.zeros(1)}
    tree["self"] = tree
    path = tmp_path / "weights.pth"
    torch.save(tree, path)
    assert "nested like no network" in refusal(path)


def test_a_file_without_tensors(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"epoch": 3}, path)
    assert "holds no weights" in refusal(path)


def test_a_network_of_another_kind(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"embeddings.word.weight": torch.zeros(3, 3)}, path)
    assert "no vision transformer or ResNet" in refusal(path)


def test_a_partial_transformer(hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({name: value for name, value in hand_vit.weights.items() if "attn" not in name}, path)
    with pytest.raises(
        CheckpointError, match=r"fills 22 of the encoder's 30 tensors; 'blocks.0.attn.qkv.weight'"
    ):
        fit_to_itself(recognise(path), heads=3)


def test_a_partial_resnet(torchvision_resnet18, tmp_path):
    path = tmp_path / "weights.pth"
    weights = {
        name: value for name, value in torchvision_resnet18.state_dict().items() if "layer4" not in name
    }
    torch.save(weights, path)
    with pytest.raises(CheckpointError, match="of the encoder's"):
        fit_to_itself(recognise(path))


def test_a_transformer_with_parts_that_ours_has_not(hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({**hand_vit.weights, "blocks.0.attn.relative_position_bias_table": torch.zeros(4, 3)}, path)
    with pytest.raises(CheckpointError, match="have no place in this one"):
        fit_to_itself(recognise(path), heads=3)


def test_weights_that_are_not_numbers(hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    hand_vit.weights["norm.bias"][3] = float("nan")
    torch.save(hand_vit.weights, path)
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        fit_to_itself(recognise(path), heads=3)


def test_heads_are_asked_for_where_no_shape_tells_them(hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(hand_vit.weights, path)
    weights = recognise(path)
    with pytest.raises(SettingsError, match="do not say how many attention heads"):
        fit_to_itself(weights)
    with pytest.raises(SettingsError, match="5 heads do not divide"):
        fit_to_itself(weights, heads=5)


@pytest.mark.parametrize(("format_of", "heads"), [("cae", 12), ("plain", 6)])
def test_known_widths_tell_the_heads_by_format(format_of, heads, make_hand_vit, tmp_path):
    """CAE's small model has 12 heads where everybody else's has 6."""
    hand = make_hand_vit(width=384, depth=1, heads=6)
    path = tmp_path / "weights.pth"
    weights = {f"encoder.{name}": value for name, value in hand.scaled().items()}
    torch.save({"model": weights} if format_of == "cae" else hand.weights, path)
    settings, _, _ = fit_to_itself(recognise(path))
    assert settings.name == f"vit_384x1x{heads}"


def test_flat_scaled_transformers_of_a_doubtful_width_ask_for_the_heads(make_hand_vit, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"model": make_hand_vit(width=384, depth=1, heads=6).scaled()}, path)
    with pytest.raises(SettingsError, match="do not say how many attention heads"):
        fit_to_itself(recognise(path))
