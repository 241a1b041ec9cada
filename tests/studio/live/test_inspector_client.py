"""The window's side of the inspector, against a small real process that speaks its lines."""

import sys
from pathlib import Path

import pytest

from studio.live.inspector import InspectorClient

SPEAKING = Path(__file__).with_name("speaking_process.py")


@pytest.fixture
def client(store, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKING_FOLDER", str(tmp_path))
    made = InspectorClient(store, command=[sys.executable, str(SPEAKING)])
    yield made
    made.stop()


def ask(client, replies, lane="a", op="thumbnails", **arguments):
    return client.request(lane, op, replies.append, **arguments)


def test_a_reply_brings_its_arrays_and_its_file_is_deleted(client, qtbot, tmp_path):
    replies = []
    number = ask(client, replies, word="hello")
    qtbot.waitUntil(lambda: len(replies) == 1)
    reply = replies[0]
    assert (reply.id, reply.lane, reply.ok, reply.info) == (number, "a", True, {"echo": "hello"})
    assert reply.arrays["0"].shape == (4, 5, 3)
    assert list(tmp_path.glob("*.npz")) == []
    assert client.is_ready
    assert not client.is_busy


def test_only_the_newest_request_of_a_lane_is_answered(client, qtbot, tmp_path):
    replies, others = [], []
    for word in ("first", "second", "third"):
        ask(client, replies, op="slow", word=word)
    ask(client, others, lane="b", word="other lane")
    qtbot.waitUntil(lambda: bool(others))
    assert [reply.info["echo"] for reply in replies] == ["third"]
    assert [reply.info["echo"] for reply in others] == ["other lane"]
    assert list(tmp_path.glob("*.npz")) == []


def test_a_cancelled_lane_is_never_answered(client, qtbot):
    replies, others = [], []
    ask(client, replies, op="slow")
    client.cancel("a")
    ask(client, others, lane="b")
    qtbot.waitUntil(lambda: bool(others))
    assert replies == []


def test_a_refusal_is_a_sentence_and_a_way_out(client, qtbot):
    replies = []
    ask(client, replies, op="refuse")
    qtbot.waitUntil(lambda: bool(replies))
    assert not replies[0].ok
    assert replies[0].error == "There is no such picture."
    assert replies[0].fix == "Choose another."


def test_a_dead_inspector_is_reported_once_and_starts_again_with_the_next_request(client, qtbot):
    replies = []
    ask(client, replies, op="die")
    qtbot.waitUntil(lambda: bool(replies))
    assert not replies[0].ok
    assert "stopped unexpectedly" in replies[0].error
    assert "the last words" in replies[0].detail
    assert not client.is_ready
    ask(client, replies)
    qtbot.waitUntil(lambda: len(replies) == 2)
    assert replies[1].ok


def test_an_inspector_that_cannot_start_says_so(store, qtbot):
    client = InspectorClient(store, command=["/nowhere/python"])
    replies = []
    ask(client, replies)
    qtbot.waitUntil(lambda: bool(replies))
    assert "could not be started" in replies[0].error
    client.stop()


def test_stopping_ends_the_process_and_forgets_requests(client, qtbot):
    replies = []
    ask(client, replies, op="slow")
    qtbot.waitUntil(lambda: client.is_ready)
    client.stop()
    assert not client.is_busy
    assert not client.is_ready
    qtbot.wait(50)
    assert replies == []


def test_a_callback_may_ask_again_in_the_same_lane(client, qtbot):
    seen = []

    def on_reply(reply):
        seen.append(reply.info["echo"])
        if len(seen) < 3:
            client.request("a", "thumbnails", on_reply, word=str(len(seen)))

    client.request("a", "thumbnails", on_reply, word="0")
    qtbot.waitUntil(lambda: seen == ["0", "1", "2"])
