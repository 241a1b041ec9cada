"""Bytes of a process become objects, line by line."""

import json

from hypothesis import given
from hypothesis import strategies as st

from studio.live.json_lines import JsonLines


@given(
    st.lists(st.dictionaries(st.text(max_size=4), st.integers(), max_size=3), max_size=5),
    st.integers(min_value=1, max_value=9),
)
def test_objects_arrive_whole_however_the_bytes_are_cut(objects, size):
    data = b"".join(json.dumps(one).encode() + b"\n" for one in objects)
    lines = JsonLines()
    found = [one for start in range(0, len(data), size) for one in lines.feed(data[start : start + size])]
    assert found == objects


def test_what_is_no_object_is_kept_as_text():
    lines = JsonLines()
    assert lines.feed(b'warning: x\n[1]\n\n{"a": 1}\n{"b"') == [{"a": 1}]
    assert lines.other == ["warning: x", "[1]"]
