"""Lists of pictures of every form that programs and people write."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.list_text import MOST_BYTES
from engine.data.sources import open_pictures
from engine.errors import DataError
from tests.engine.data.trees import grow, plant


def draw(*paths: Path):
    for path in paths:
        plant(path.parent, path.name)


def names(pictures, split):
    return [pictures.describe(i) for i in pictures.splits[split]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "a.png,cat\nsub/b.png,dog\nc.png,cat\n"),
        ("list.tsv", "path\tlabel\na.png\tcat\nsub/b.png\tdog\nc.png\tcat\n"),
        ("list.csv", "\ufeffclass;x;filename\ncat;1;a.png\ndog;2;sub/b.png\n\ncat;3;c.png\n"),
        ("list.txt", "a.png,cat\r\nsub\\b.png,dog\r\nc.png,cat"),
    ],
)
def test_lists_of_many_forms_say_the_same(tmp_path, name, text):
    draw(tmp_path / "a.png", tmp_path / "sub" / "b.png", tmp_path / "c.png")
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    pictures = open_pictures(tmp_path / name)
    assert (pictures.kind, pictures.classes, pictures.labels.tolist()) == ("list", ("cat", "dog"), [0, 1, 0])
    assert names(pictures, "train") == ["a.png", "sub/b.png", "c.png"]
    assert pictures.read(1).shape == (5, 5, 3)


def test_a_list_may_leave_labels_open_and_name_splits(tmp_path):
    draw(*(tmp_path / f"{i}.png" for i in range(4)))
    (tmp_path / "list.csv").write_text("0.png,10,train\n1.png,,train\n2.png,9,val\n3.png,10\n")
    pictures = open_pictures(tmp_path / "list.csv")
    assert pictures.classes == ("9", "10")
    assert pictures.labels.tolist() == [1, -1, 0, 1]
    assert names(pictures, "validation") == ["2.png"]
    (tmp_path / "bare.csv").write_text("0.png\n1.png\n")
    assert open_pictures(tmp_path / "bare.csv").labels is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("x,y\n1,2\n", "names no pictures"),
        ("a.png,1\n", "only one picture"),
        ("nope.png,1\nneither.png,2\n", "None of the first pictures"),
        ("a.png,1,train\na.png,2,somewhere\n", "the split 'somewhere'"),
        ("a.png,1,test\na.png,2,test\n", "no training pictures"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_in_words(tmp_path, text, message):
    draw(tmp_path / "a.png")
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        open_pictures(tmp_path / "list.csv")


def test_labels_that_only_look_like_numbers_are_names(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "b.png")
    (tmp_path / "list.csv").write_text("a.png,--5\nb.png,7\n")
    assert open_pictures(tmp_path / "list.csv").classes == ("--5", "7")


def test_a_name_that_no_file_can_have_is_one_more_broken_picture(tmp_path):
    draw(tmp_path / "a.png", tmp_path / "b.png")
    (tmp_path / "list.csv").write_text("a.png,x\nb\0.png,y\nb.png,y\n")
    pictures = open_pictures(tmp_path / "list.csv")
    with pytest.raises(DataError, match="holds a character"):
        pictures.read(1)


def test_a_list_that_is_no_text_is_refused_in_words(tmp_path):
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00garbage!")
    with pytest.raises(DataError, match="not text in UTF-8"):
        open_pictures(tmp_path / "list.csv")


ROWS = [(f"img/{kind}/{number}.png", kind) for kind in ("cat", "dog") for number in range(3)]


@pytest.fixture
def place(tmp_path):
    grow(tmp_path, "img/cat", "img/dog", count=3)
    return tmp_path


def opened(place, text, name="list.csv", encoding="utf-8"):
    (place / name).write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return open_pictures(place / name)


def lines(form, rows=ROWS):
    return "".join(form.format(path=path, label=label, i=i, back=path.replace("/", "\\"), bare=path[:-4],
                               one=int(label == "cat"), two=int(label == "dog"), fold=i % 5, number=i % 2,
                               use=("Training", "PrivateTest")[i % 2])
                   for i, (path, label) in enumerate(rows))  # fmt: skip


def is_read(pictures, classes=("cat", "dog")):
    assert pictures.classes == classes
    assert names(pictures, "train") == [path for path, _ in ROWS]
    assert pictures.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert pictures.account.seen == pictures.account.kept + pictures.account.count()


@pytest.mark.parametrize(
    "text",
    [
        lines("{path},{label}\n"),
        "img_path,species\n" + lines("{path},{label}\n"),
        "Datei;Klasse\n" + lines("{path};{label}\n"),
        "species,img_path\n" + lines("{label},{path}\n"),
        "image_id,label\n" + lines("{bare},{label}\n"),
        ",path,label\n" + lines("{i},{path},{label}\n"),
        lines("{i}\t{label}\t{path}\n"),
        lines("{path} {label}\n"),
        lines("{path}|{label}\n"),
        "path,label,,\n" + lines("{path},{label},,\n") + ",,,\n\n",
        "# made by hand\n" + lines("{path},{label}\n"),
        "sep=;\npath;label\n" + lines("{path};{label}\n"),
        lines("{path},{label}\r\n"),
        lines("{path},{label}\r"),
        lines('"{path}","{label}"\n'),
        lines(" {path} , {label} \n"),
        lines("C:\\data\\{back},{label}\n"),
        lines("/home/me/set/{path},{label}\n"),
        lines("{label} {path}\n"),
        lines("{i} {path} {label}\n"),
        "path,label,\n" + lines("{path},{label}\n") + "path,label,\n",
        "path,cat,dog\n" + lines("{path},{one},{two}\n"),
    ],
)
def test_forms_of_lists(place, text):
    is_read(opened(place, text))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_of_lists(place, encoding):
    pictures = opened(place, "path,label\n" + lines("{path},{label}é\n"), encoding=encoding)
    is_read(pictures, ("caté", "dogé"))


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="the system refuses such names")
def test_bytes_of_a_list_name_the_files_that_have_those_bytes(place):
    for number in range(2):
        (place / "img" / "cat" / f"{number}.png").rename(
            os.fsdecode(os.fsencode(place) + b"/b\xfc%d.png" % number)
        )
    pictures = opened(place, b"b\xfc0.png,caf\xe9\nb\xfc1.png,tee\n")
    assert names(pictures, "train") == ["b\\xfc0.png", "b\\xfc1.png"]
    assert pictures.classes == ("caf\\xe9", "tee")
    assert pictures.read(0).shape == (5, 5, 3)


def test_paths_with_spaces_and_commas_are_found_whole(place):
    plant(place, "my cat 1.png", "my dog, 2.png", "cat")
    assert names(opened(place, "my cat 1.png a b\nmy cat 1.png 0\n"), "train") == ["my cat 1.png"] * 2
    pictures = opened(place, "my dog, 2.png,dog\nmy cat 1.png,cat\nimg/cat/0.png,cat\n")
    assert names(pictures, "train") == ["my dog, 2.png", "my cat 1.png", "img/cat/0.png"]
    assert pictures.labels.tolist() == [1, 0, 0]


def test_names_around_which_spaces_belong_and_other_unicode_forms_are_found(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place / "img"))
    plant(place, " lead.png", "cafe\u0301.png")
    pictures = opened(place, " lead.png,a\ncaf\u00e9.png,b\n~/cat/0.png,a\n")
    assert [pictures.path(i).exists() for i in range(3)] == [True] * 3
    assert pictures.read(1).shape == (5, 5, 3)


def test_pictures_in_a_folder_beside_the_list_are_found(place):
    pictures = opened(place, "id,label\n0,x\n1,y\n2,x\n".replace("id,", "image_id,"), "img/list.csv")
    assert names(pictures, "train") == ["cat/0.png", "cat/1.png", "cat/2.png"]
    assert "Paths are read in the folder 'cat'." in pictures.notes


def test_pictures_of_one_list_are_found_in_several_places_and_each_once(place):
    grow(place, "part_1", "part_2", count=1)
    (place / "part_2" / "0.png").rename(place / "part_2" / "1.png")
    pictures = opened(place, "image_id,label\n0,a\n1,b\n")
    assert names(pictures, "train") == ["part_1/0.png", "part_2/1.png"]
    pictures = opened(place, "/ann/img/cat/0.png,a\n/bob/img/cat/1.png,b\n")
    assert names(pictures, "train") == ["img/cat/0.png", "img/cat/1.png"]
    assert "Paths are read without their beginning '/bob'." in pictures.notes
    # What may be one of two files is not given to both.
    pictures = opened(place, "/ann/train/1.png,a\n/ann/train/0.png,a\n/ann/val/0.png,b\n", "img/cat/list.csv")
    assert names(pictures, "train") == ["1.png", "0.png", "/ann/val/0.png"]
    assert "name no file: 1 of 3" in "".join(pictures.warnings)


def test_numbered_paths_and_addresses_of_paths_are_found(place):
    plant(place, "my cat.png")
    assert names(opened(place, lines("{i} {path}\n"), "list.txt"), "train") == [path for path, _ in ROWS]
    assert names(opened(place, "1 cat/0.png\n2 cat/1.png\n", "list.txt"), "train") == [
        "img/cat/0.png",
        "img/cat/1.png",
    ]
    assert names(opened(place, "my%20cat.png,a\nimg/cat/0.png,b\n"), "train") == [
        "my cat.png",
        "img/cat/0.png",
    ]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("image,usage\n" + lines("{path},{use}\n"), None),
        (lines("{path},{use}\n"), None),
        (lines("{path},{use},{label}\n"), [0, 0, 0, 1, 1, 1]),
        (lines("{use},{path},{label}\n"), [0, 0, 0, 1, 1, 1]),
        (lines("{path},{label},{use},,\n"), [0, 0, 0, 1, 1, 1]),
        ("image,label,is_training_img\n" + lines("{path},{label},{number}\n"), [0, 0, 0, 1, 1, 1]),
    ],
)
def test_columns_of_splits_are_known_by_what_they_hold(place, text, labels):
    pictures = opened(place, text)
    assert {split: len(indices) for split, indices in pictures.splits.items()} == {"train": 3, "test": 3}
    assert (None if pictures.labels is None else pictures.labels.tolist()) == labels
    assert not pictures.warnings


def test_folds_are_left_alone_with_a_word(place):
    pictures = opened(place, "path,label,fold\n" + lines("{path},{label},{fold}\n"))
    is_read(pictures)
    assert "'fold' holds numbers (0, 1, 2 and 2 more), such as folds" in "".join(pictures.warnings)
    is_read(opened(place, lines("{path},{label},{fold}\n")))


def test_columns_of_yes_and_no_name_a_split(place):
    pictures = opened(
        place,
        "path,label,is_valid\n"
        + lines("{path},{label},{number}\n").replace(",1\n", ",True\n").replace(",0\n", ",False\n"),
    )
    assert {split: len(indices) for split, indices in pictures.splits.items()} == {
        "train": 3,
        "validation": 3,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,score\n" + lines("{path},0.{i}7\n", ROWS), "measured values (0.07, 0.17, 0.27 and 3 more), not classes"),
        ("path,a,b\n" + lines("{path},1,1\n"), "several labels at once (columns 'a', 'b')"),
        ("path,width,author\n" + lines("{path},{i}5,me\n"), "None of the columns 'width', 'author' is called 'label'"),
        (lines("{path},{label}\n") + "no.png,cat\nnor.png,dog\n", "name no file: 2 of 8 (no.png, nor.png)"),
        (lines("{path},{label}\n") * 2, "listed more than once: 6 (img/cat/0.png"),
        (lines("{path},{label}\n") + "img/cat/0.png,dog\n", "several labels: 1 (img/cat/0.png as cat and dog)"),
        (lines("{path},{label}\n") + "https://x.org/a.png,dog\n", "which must be downloaded first: 1 png"),
        (lines("{path},{label}\n") + ",dog\n", "rows without a path: 1"),
        (lines("{path},{label}\n") + "img/cat/0.png,nan\n", "The class nan may stand for a missing label"),
        (lines("{path},{label}\n") + "img/cat/0.png,Cat\n", "differ only by case"),
        (lines("{path},{label}\n") + "img/cat/0.png,\n", "without a label: 1 of 7"),
        (lines('{path},"{label}\n'), "do not come in pairs"),
        ("# one\n" + lines("{path},{label}\n"), "begin with '#' are not read: 1"),
        (lines("{path},{label}\n") + lines("{path}\0,{label}\n"), "name no file: 6 of 12"),
        ("path,label,split\n" + lines("{path},{label},\n") + "img/cat/0.png,cat,val\n", "which train: 6 of 7"),
        ("path,mask\n" + lines("{path},{path}\n"), "only that of column 'path' is read, not 'mask'"),
        (lines("{path}," + "7" * 5000 + "{number}\n"), "The longest label has 5,001 letters"),
    ],
)  # fmt: skip
def test_what_may_be_meant_otherwise_is_said(place, text, words):
    pictures = opened(place, text)
    assert words in "\n".join((*pictures.warnings, *pictures.notes))
    assert len(pictures.fingerprint()) == 32
    assert pictures.account.seen == pictures.account.kept + pictures.account.count()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\n", "names no pictures"),
        ("https://x.org/a.png,1\nhttps://x.org/b.png,2\n", "must be downloaded first: 2 png"),
        ("a" * 200_000 + ".png,1\n", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff", "names no pictures"),
    ],
)
def test_lists_that_cannot_be_used_are_refused_in_words(place, text, words):
    with pytest.raises(DataError, match=words) as caught:
        opened(place, text)
    assert caught.value.fix


def test_a_list_larger_than_any_is_refused_unread(place):
    with (place / "list.csv").open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # takes no room
    with pytest.raises(DataError, match="more than the 256 allowed"):
        open_pictures(place / "list.csv")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_whatever_end_in_a_traceback(tmp_path_factory, content):
    place = tmp_path_factory.mktemp("list")
    plant(place, "a.png", "b.png")
    try:
        opened(place, b"a.png,x\n" + content)
    except DataError as error:
        assert error.message.endswith((".", "?"))  # noqa: PT017


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes of this kind")
def test_a_pipe_named_like_a_list_is_refused_unopened(tmp_path):
    os.mkfifo(tmp_path / "list.csv")
    with pytest.raises(DataError, match="no ordinary file"):
        open_pictures(tmp_path / "list.csv")
