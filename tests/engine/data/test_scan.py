"""What a scan finds out."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from engine.cli import app
from engine.data.scan import scan
from engine.data.sources import open_pictures
from engine.errors import DataError
from engine.exports.embedding_file import COLUMNS, ParquetFile
from engine.store import list_datasets, open_store

RNG = np.random.default_rng(1)


def noise(path, width=70, height=66, channels=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (height, width, channels), dtype=np.uint8)
    Image.fromarray(pixels if channels == 3 else pixels[:, :, 0]).save(path)


@pytest.fixture
def folder(tmp_path):
    for split, count in (("train", 6), ("val", 2)):
        for kind in "ab":
            for i in range(count):
                noise(tmp_path / split / kind / f"{i}.png")
    return tmp_path


def reasons(report, kind):
    return {problem.path: problem.reason for problem in report.problems if problem.kind == kind}


def test_a_clean_set_has_counts_and_no_problems(folder):
    report = scan(folder)
    assert (report.num_pictures, report.kind, report.classes) == (16, "split_folders", ["a", "b"])
    assert report.class_counts == {"a": 8, "b": 8}
    assert report.splits == {"train": 12, "validation": 4}
    assert report.problems == []
    assert report.notes == []
    assert (report.sizes.median, report.sizes.distinct) == ((70, 66), 1)
    assert report.fingerprint == open_pictures(folder).fingerprint()


def test_each_kind_of_problem_is_found_with_its_reason(folder):
    whole = (folder / "train" / "a" / "0.png").read_bytes()
    (folder / "train" / "a" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "train" / "a" / "empty.jpg").touch()
    (folder / "train" / "a" / "text.png").write_text("hello")
    (folder / "train" / "b" / "again.png").write_bytes(whole)
    (folder / "val" / "b" / "leak.png").write_bytes((folder / "train" / "a" / "1.png").read_bytes())
    (folder / "train" / "b" / "wrong.jpg").write_bytes(
        (folder / "train" / "a" / "2.png").read_bytes()[:-12] + b"\0"
    )
    noise(folder / "train" / "b" / "small.png", 20, 40)
    noise(folder / "train" / "b" / "wide.png", 400, 60)
    noise(folder / "train" / "b" / "grey.png", channels=1)
    report = scan(folder)
    broken = reasons(report, "broken")
    assert set(broken) >= {"train/a/cut.png", "train/a/empty.jpg", "train/a/text.png"}
    assert "cut off" in broken["train/a/cut.png"]
    assert "empty" in broken["train/a/empty.jpg"]
    assert reasons(report, "conflict") == {
        "train/b/again.png": "The same as train/a/0.png, there as 'a' and here as 'b'.",
        "val/b/leak.png": "The same as train/a/1.png, there as 'a' and here as 'b'. It is in train and in validation: "
        "accuracy will look too good.",
    }
    assert report.leaks == 1
    assert reasons(report, "tiny") == {"train/b/small.png": "Only 20 x 40 px."}
    odd = reasons(report, "odd")
    assert "wide (400 x 60 px)" in odd["train/b/wide.png"]
    assert "grey" in odd["train/b/grey.png"]
    assert [problem.index for problem in report.problems if problem.kind == "broken"] == report.broken
    assert any("cannot be read" in note for note in report.notes)


def test_a_wrong_suffix_and_an_animation_are_said_and_read(tmp_path):
    for i in range(4):
        noise(tmp_path / f"{i}.png")
    (tmp_path / "3.png").rename(tmp_path / "3.jpg")
    frames = [Image.fromarray(RNG.integers(0, 256, (66, 70, 3), dtype=np.uint8)) for _ in range(2)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    report = scan(tmp_path)
    odd = reasons(report, "odd")
    assert "content is PNG" in odd["3.jpg"]
    assert "only the first is used" in odd["moving.gif"]
    assert report.broken == []


def test_small_pictures_are_not_tiny_among_their_like(tmp_path):
    for i in range(4):
        noise(tmp_path / f"{i}.png", 28, 28)
    assert scan(tmp_path).problems == []


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_and_std_are_those_of_the_pixels(tmp_path, channels):
    rng = np.random.default_rng(5)
    pictures = rng.integers(30, 200, (5, 40, 40, 3), dtype=np.uint8) // np.array([1, 2, 4], np.uint8)
    for i, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    report = scan(tmp_path, channels=channels)
    read = np.stack([open_pictures(tmp_path).read(i, channels) for i in range(5)]) / 255
    assert report.mean == pytest.approx(read.mean(axis=(0, 1, 2)), abs=1e-4)
    assert report.std == pytest.approx(read.std(axis=(0, 1, 2)), abs=1e-4)
    assert report.sampled == 5


def test_many_pictures_are_scanned_by_several_processes_with_the_same_result(tmp_path):
    for i in range(450):
        noise(tmp_path / "ab"[i % 2] / f"{i}.png", 16 + i % 3, 16)
    (tmp_path / "a" / "0.png").write_bytes(b"")
    told = []
    report = scan(tmp_path, on_progress=told.append)
    assert report.num_pictures == 450
    assert report.broken == [open_pictures(tmp_path).files.index("a/0.png")]
    assert report.sizes.distinct == 3
    assert told[-1].done == told[-1].total == 450
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)


def test_a_report_is_json_and_lists_no_more_than_its_reader_can_use(tmp_path):
    for i in range(3):
        noise(tmp_path / f"{i}.png")
    for i in range(520):
        (tmp_path / f"bad{i:03}.png").touch()
    report = scan(tmp_path)
    written = json.loads(json.dumps(report.as_dict()))
    assert written["problem_counts"] == {"broken": 520}
    assert len(written["problems"]) == 500
    assert len(report.broken) == 520


def test_built_in_sets_can_be_scanned(tmp_path):
    report = scan("builtin:digits", channels=1)
    assert (report.num_pictures, report.sizes.largest, len(report.mean)) == (1797, (32, 32), 1)
    assert report.class_counts["3"] == 183


def test_an_empty_folder_is_refused_in_words(tmp_path):
    with pytest.raises(DataError, match="has no pictures"):
        scan(tmp_path)


def test_equal_pictures_of_one_class_are_duplicates_and_many_are_a_warning(tmp_path):
    for number in range(4):
        noise(tmp_path / "a" / f"{number}.png")
        noise(tmp_path / "b" / f"{number}.png")
    (tmp_path / "a" / "9.png").write_bytes((tmp_path / "a" / "0.png").read_bytes())
    report = scan(tmp_path)
    assert reasons(report, "duplicate") == {"a/9.png": "The same as a/0.png."}
    assert report.warnings == ["1 of 9 pictures are copies of others: the set is smaller than it looks."]


def test_uneven_classes_are_a_warning_with_their_ratio(tmp_path):
    for number in range(8):
        noise(tmp_path / "large" / f"{number}.png")
    noise(tmp_path / "small" / "0.png")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "0.png").write_bytes(b"")
    warnings = "\n".join(scan(tmp_path).warnings)
    assert "uneven, 8 to 1: 8 training pictures of 'large', 1 of" in warnings
    assert "right for 80 % of them" in warnings
    assert "No picture can be read of 1 of 3 classes: gone" in warnings
    assert "single training picture: 2 of 3" in warnings


@pytest.mark.parametrize(
    ("made", "grey", "words"),
    [("L", 1, "All pictures are grey"), ("RGB", 1, "All pictures are grey"), ("half", 0.5, "50 %")],
)
def test_grey_is_what_the_pixels_say(tmp_path, made, grey, words):
    for number in range(4):
        noise(tmp_path / f"{number}.png", channels=1)
        with Image.open(tmp_path / f"{number}.png") as picture:
            coloured = picture.convert("RGB")
        if made == "RGB":
            coloured.save(tmp_path / f"{number}.png")
        elif made == "half" and number % 2:
            noise(tmp_path / f"{number}.png")
    report = scan(tmp_path)
    assert report.grey == grey
    assert any(words in note for note in report.notes)


def test_what_was_only_sampled_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.data.scan.MOST_SAMPLED", 3)
    for number in range(6):
        noise(tmp_path / f"{number}.png")
    assert any("measured on 3 of 6 training pictures" in note for note in scan(tmp_path).notes)


def test_the_account_is_part_of_the_report(tmp_path):
    for number in range(2):
        noise(tmp_path / f"{number}.png")
    (tmp_path / "c.heic").write_bytes(b"x")
    account = json.loads(json.dumps(scan(tmp_path).as_dict()))["account"]
    assert (account["seen"], account["kept"]) == (3, 2)
    assert account["left_out"] == [
        {"reason": "picture", "suffix": ".heic", "count": 1, "examples": ["c.heic"]}
    ]


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="the system refuses such names")
def test_names_that_are_no_text_go_through_store_json_and_parquet(tmp_path):
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/p\xefaces"))
    for number in range(2):
        noise(place / os.fsdecode(b"caf\xe9") / f"{number}.png")
        noise(place / "tee" / os.fsdecode(b"\xfc%d\n.png" % number))
    said = CliRunner().invoke(app, ["scan", str(place), "--store", str(tmp_path / "s.db"), "--json"])
    report = json.loads(said.stdout.splitlines()[-1])
    assert report["classes"] == ["caf\\xe9", "tee"]
    store = open_store(tmp_path / "s.db")
    (dataset,) = list_datasets(store)
    store.close()
    again = open_pictures(dataset.location, dataset.kind)
    assert again.fingerprint() == dataset.fingerprint
    file = ParquetFile(
        tmp_path / "e.parquet", 1, {"classes": list(again.classes), "pictures": again.location}
    )
    paths = [again.describe(index) for index in range(4)]
    filled = {"path": paths, "split": ["train"] * 4, "class": ["tee"] * 4}
    file.add(np.zeros((4, 1), np.float32), {name: filled.get(name, [0] * 4) for name in COLUMNS})
    file.close()
    assert pq.read_table(tmp_path / "e.parquet").column("path").to_pylist() == paths
    assert paths[3] == "tee/\\xfc1\\n.png"
