"""CIFAR and STL-10 in their published files, made small."""

import collections
import os
import pickle

import numpy as np
import pytest

from engine.data.sources import open_pictures
from engine.errors import DataError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
LABELS = [3, 1, 0, 2, 1, 0]


def save(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    # Protocol 2 is what the published files are written in.
    path.write_bytes(pickle.dumps(content, protocol=2))


def cifar10_python(folder):
    for name, part in (
        ("data_batch_1", slice(0, 2)),
        ("data_batch_2", slice(2, 4)),
        ("test_batch", slice(4, 6)),
    ):
        save(folder / name, {"data": PIXELS[part].reshape(-1, 3072), "labels": LABELS[part]})
    save(folder / "batches.meta", {"label_names": ["ant", "bee", "cat", "dog"]})


def cifar10_binary(folder):
    folder.mkdir(parents=True)
    rows = np.concatenate([np.array(LABELS, np.uint8)[:, None], PIXELS.reshape(-1, 3072)], axis=1)
    for name, part in (
        ("data_batch_1", slice(0, 2)),
        ("data_batch_2", slice(2, 4)),
        ("test_batch", slice(4, 6)),
    ):
        (folder / f"{name}.bin").write_bytes(rows[part].tobytes())
    (folder / "batches.meta.txt").write_text("ant\nbee\ncat\ndog\n\n")


def cifar100_python(folder):
    for name, part in (("train", slice(0, 4)), ("test", slice(4, 6))):
        save(folder / name, {"data": PIXELS[part].reshape(-1, 3072), "fine_labels": LABELS[part]})
    save(folder / "meta", {"fine_label_names": ["ant", "bee", "cat", "dog"]})


def cifar100_binary(folder):
    folder.mkdir(parents=True)
    both = np.array([[9, label] for label in LABELS], np.uint8)
    rows = np.concatenate([both, PIXELS.reshape(-1, 3072)], axis=1)
    (folder / "train.bin").write_bytes(rows[:4].tobytes())
    (folder / "test.bin").write_bytes(rows[4:].tobytes())
    (folder / "fine_label_names.txt").write_text("ant\nbee\ncat\ndog\n")


@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [
        (cifar10_python, "cifar-10-batches-py", "cifar10"),
        (cifar10_binary, "cifar-10-batches-bin", "cifar10"),
        (cifar100_python, "cifar-100-python", "cifar100"),
        (cifar100_binary, "cifar-100-binary", "cifar100"),
    ],
)
def test_cifar_is_read_from_its_folder_or_the_one_above(tmp_path, make, name, kind):
    make(tmp_path / name)
    for folder in (tmp_path, tmp_path / name):
        pictures = open_pictures(folder)
        assert pictures.kind == kind
        assert pictures.labels.tolist() == LABELS
        assert pictures.classes == ("ant", "bee", "cat", "dog")
        assert {split: len(indices) for split, indices in pictures.splits.items()} == {"train": 4, "test": 2}
        sent = pickle.loads(pickle.dumps(pictures))
        for i in range(6):
            assert np.array_equal(sent.read(i), PIXELS[i].transpose(1, 2, 0))
        assert pictures.read(0, 1).shape == (32, 32, 1)
        assert pictures.path(0) is None


def test_both_versions_of_cifar_have_one_fingerprint(tmp_path):
    cifar10_python(tmp_path / "a")
    cifar10_binary(tmp_path / "b")
    assert open_pictures(tmp_path / "a").fingerprint() == open_pictures(tmp_path / "b").fingerprint()


def test_stl10_keeps_its_unlabelled_pictures_for_training(tmp_path):
    pixels = RNG.integers(0, 256, (5, 96, 96, 3), dtype=np.uint8)
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    columns = pixels.transpose(0, 3, 2, 1)
    for name, part in (("train", slice(0, 2)), ("unlabeled", slice(2, 4)), ("test", slice(4, 5))):
        (folder / f"{name}_X.bin").write_bytes(columns[part].tobytes())
    (folder / "train_y.bin").write_bytes(bytes([2, 1]))
    (folder / "test_y.bin").write_bytes(bytes([1]))
    (folder / "class_names.txt").write_text("airplane\nbird\n")
    pictures = open_pictures(tmp_path)
    assert pictures.labels.tolist() == [1, 0, -1, -1, 0]
    assert pictures.train.tolist() == [0, 1, 2, 3]
    assert all(np.array_equal(pictures.read(i), pixels[i]) for i in range(5))


class Attack:
    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


@pytest.mark.parametrize(
    "attack",
    [
        Attack(os.system, "touch owned"),
        Attack(eval, "1"),
        collections.OrderedDict(),
        Attack(getattr, "a", "upper"),
    ],
)
def test_a_pickle_that_asks_to_run_something_is_refused(tmp_path, attack, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cifar10_python(tmp_path)
    save(tmp_path / "data_batch_1", {"data": attack, "labels": []})
    with pytest.raises(DataError, match="asks to run"):
        open_pictures(tmp_path)
    assert not (tmp_path / "owned").exists()


def test_pickles_of_python_2_with_bytes_are_read(tmp_path):
    cifar10_python(tmp_path)
    save(
        tmp_path / "data_batch_1",
        {"data": PIXELS[:2].reshape(-1, 3072), "labels": LABELS[:2], "note": b"\xff"},
    )
    assert len(open_pictures(tmp_path)) == 6


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x02garbage", "is damaged"),
        (pickle.dumps([1, 2]), "not a file of CIFAR-10"),
        (pickle.dumps({"data": PIXELS[:1].reshape(1, -1), "labels": [1, 2]}, 2), "1 pictures but 2 labels"),
    ],
)
def test_a_damaged_cifar_file_is_refused_in_words(tmp_path, content, message):
    cifar10_python(tmp_path)
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_pictures(tmp_path)


def test_a_cut_binary_file_is_refused_in_words(tmp_path):
    cifar10_binary(tmp_path / "c")
    file = tmp_path / "c" / "data_batch_1.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match="not a whole number of pictures"):
        open_pictures(tmp_path / "c")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"data": PIXELS[:2].reshape(-1, 3072), "labels": [3, 10**9]}, "labels outside 0..9"),
        ({"data": PIXELS[:2].reshape(-1, 3072), "labels": [3, -1]}, "labels outside 0..9"),
        ({"data": PIXELS[:2].reshape(-1, 3072), "labels": [3]}, "2 pictures but 1 labels"),
        ({"data": "pixels", "labels": [3, 1]}, "is not a file of CIFAR-10"),
        (["no", "table"], "is not a file of CIFAR-10"),
    ],
)
def test_files_that_are_not_what_they_are_called_are_refused_in_words(tmp_path, content, words):
    cifar10_python(tmp_path / "set")
    save(tmp_path / "set" / "data_batch_2", content)
    with pytest.raises(DataError, match=words):
        open_pictures(tmp_path / "set")


@pytest.mark.parametrize("content", [["no", "table"], {"label_names": 5}, {}])
def test_a_file_of_names_without_names_is_refused_in_words(tmp_path, content):
    cifar10_python(tmp_path / "set")
    save(tmp_path / "set" / "batches.meta", content)
    with pytest.raises(DataError, match="does not name the classes"):
        open_pictures(tmp_path / "set")


def test_files_that_a_published_set_lacks_are_named(tmp_path):
    cifar10_python(tmp_path / "set")
    pictures = open_pictures(tmp_path / "set")
    assert pictures.warnings == (
        "Files of CIFAR-10 that are not in the folder: data_batch_3, data_batch_4, data_batch_5.",
    )
