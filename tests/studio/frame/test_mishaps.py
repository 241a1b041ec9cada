"""What nobody expected is logged and said in the window."""

import logging
import threading

import pytest

from engine.errors import DataError
from studio.mishaps import MishapReporter, start_log


@pytest.fixture
def reporter(context, tmp_path):
    before = list(logging.getLogger().handlers)
    file = tmp_path / "studio.log"
    start_log(file)
    yield MishapReporter(context, file)
    for handler in set(logging.getLogger().handlers) - set(before):
        logging.getLogger().removeHandler(handler)
        handler.close()


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return type(caught), caught, caught.__traceback__


def test_an_error_of_ours_is_said_as_its_sentence(reporter, context):
    reporter.report(*raised(DataError("The folder is empty.", "Choose another.")))
    assert [(one.sentence, one.level) for one in context.said] == [
        ("The folder is empty. Choose another.", "bad")
    ]


def test_an_unexpected_error_is_logged_with_its_trace_and_offers_the_log(reporter, context, tmp_path):
    reporter.report(*raised(ZeroDivisionError("division by zero")))
    said = context.said[-1]
    assert "division by zero" in said.sentence
    assert said.action[0] == "Open log"
    assert "Traceback" in (tmp_path / "studio.log").read_text()


def test_an_error_in_another_thread_is_said_in_the_window_s_thread(reporter, context, qtbot):
    told_in = []
    context.toast = lambda *_values: told_in.append(threading.current_thread())
    thread = threading.Thread(target=lambda: reporter.report(*raised(ValueError("odd"))))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(told_in))
    assert told_in == [threading.main_thread()]
