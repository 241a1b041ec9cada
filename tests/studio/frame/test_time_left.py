"""Time left is said only when it is known."""

from studio.live.time_left import TimeLeft


def test_a_steady_run_says_how_long_it_still_takes():
    clock = TimeLeft()
    for second in range(0, 20, 2):
        clock.note(second, 10 * second)
    assert clock.seconds(1180) == 100


def test_nothing_is_promised_after_a_few_steps():
    clock = TimeLeft()
    for second in range(3):
        clock.note(second, 10 * second)
    assert clock.seconds(1000) is None


def test_nothing_is_promised_while_the_speed_changes():
    clock = TimeLeft()
    step = 0
    for second in range(0, 40, 2):
        step += 20 if second < 20 else 100
        clock.note(second, step)
    assert clock.seconds(100_000) is None


def test_a_run_that_was_resumed_further_back_is_timed_anew():
    clock = TimeLeft()
    for second in range(0, 20, 2):
        clock.note(second, 10 * second)
    clock.note(30, 5)
    assert clock.seconds(1000) is None


def test_a_finished_run_has_no_time_left():
    clock = TimeLeft()
    for second in range(0, 20, 2):
        clock.note(second, 10 * second)
    assert clock.seconds(180) == 0
