"""What people see of names from outside is never obeyed and never lost."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from engine.printable import printable

ANY_NAME = st.text(alphabet=st.characters(exclude_categories=()))


def test_signs_that_a_terminal_obeys_are_shown():
    assert printable("a\x1b[31mb\x07\r\x9b") == r"a\x1b[31mb\x07\r\x9b"


def test_signs_that_reorder_a_line_are_shown():
    assert printable("gpj.\u202eexe") == r"gpj.\u202eexe"


def test_ordinary_names_stay_as_they_are():
    for name in ("Grünfink", "鳥の写真", "עורב", "👩‍👩‍👧 party", "naïve (2) [red] & <b>"):
        assert printable(name) == name


def test_bytes_that_are_no_text_are_shown_as_bytes():
    assert printable(b"caf\xe9".decode("utf-8", "surrogateescape")) == r"caf\xe9"


def test_lines_stay_lines_where_they_are_wanted():
    assert printable("one\ntwo\x1b", keep="\n") == "one\ntwo\\x1b"


@given(ANY_NAME)
def test_nothing_is_left_that_is_obeyed_or_cannot_be_written(text):
    shown = printable(text)
    shown.encode("utf-8")
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in shown)
    assert printable(shown) == shown
