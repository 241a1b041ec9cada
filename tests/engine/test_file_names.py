"""Names of files as text: nothing is lost, and everything can be stored."""

import json
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.file_names import name_as_text, name_from_text, place_as_text, place_from_text
from engine.printable import is_printable


@given(st.binary(min_size=1, max_size=40))
@example(b"caf\xe9")
@example(b"\\xe9")
@example(b"\\\\n\n\t\r\x1b\\")
@example("\u202eevil\u0085\U000e0001".encode())
def test_every_name_of_a_file_system_is_text_and_comes_back(name):
    raw = os.fsdecode(name)
    text = name_as_text(raw)
    assert all(map(is_printable, text))
    text.encode("utf-8")
    assert name_from_text(text) == raw
    assert os.fsencode(name_from_text(json.loads(json.dumps(text)))) == name


@given(st.text(st.characters(codec="utf-8"), max_size=30).filter(lambda text: "\\" not in text))
def test_a_name_that_is_good_text_is_its_own_text(name):
    if all(map(is_printable, name)):
        assert name_as_text(name) == name


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="the system refuses such names")
@pytest.mark.parametrize(
    "name", [b"caf\xe9", b" spaced ", b"line\nbreak", b"a~b", b"back\\slash", "\u202erl".encode()]
)
def test_a_place_is_found_again_by_its_text(tmp_path, name):
    place = os.path.join(os.fsencode(tmp_path), name)
    os.mkdir(place)
    assert os.fsencode(place_from_text(place_as_text(os.fsdecode(place)))) == place


def test_the_home_folder_is_meant_only_at_the_beginning(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "birds").mkdir()
    assert place_from_text(" ~/birds ") == tmp_path / "birds"
    assert place_from_text("~nobody-of-this-name/x").name == "x"
