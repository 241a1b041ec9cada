"""A job that waits long for pictures says so, once, and says what it does when they come."""

import threading

from engine.jobs.patience import Patience


def test_a_long_wait_is_told_once_and_ends_when_a_batch_comes(monkeypatch):
    asked, given, closed = threading.Event(), threading.Event(), []

    def slow():
        try:
            yield {"number": 0}
            asked.set()
            assert given.wait(30)
            yield {"number": 1}
        finally:
            closed.append(True)

    patience = Patience()
    batches = patience.over(slow())
    assert next(batches)["number"] == 0
    monkeypatch.setattr("engine.jobs.patience.LONG_SECONDS", 0.0)
    assert (patience.phase, patience.complaint()) == ("", "")
    thread = threading.Thread(target=lambda: next(batches))
    thread.start()
    assert asked.wait(30)
    assert "waiting for pictures" in patience.phase
    assert "disk" in patience.complaint()
    assert patience.complaint() == ""
    given.set()
    thread.join()
    assert (patience.phase, patience.complaint()) == ("", "")
    batches.close()
    assert closed == [True]
