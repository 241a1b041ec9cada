"""When something is said: once per episode, withdrawn when it is gone, not again after a resume."""

import pytest

from engine.doctor import Doctor, History, Raised, Recommended, Withdrawn, not_finite
from engine.doctor.suspects import Suspect, causes_and_knob


def waiting(*stretches):
    """``data_wait`` points: (number, value) stretches one behind the other."""
    values = [value for number, value in stretches for _ in range(number)]
    return {"data_wait": dict(enumerate(values))}


def test_an_episode_is_said_once_withdrawn_once_and_a_new_one_said_again(ask):
    said = ask(waiting((60, 0.6), (100, 0.05), (60, 0.6)))
    assert [type(change) for change in said] == [Raised, Withdrawn, Raised]
    assert said[1].rule == "loader_bound"
    assert said[1].sentence == "No longer: waiting for pictures."
    assert said[0].step == 19


def test_a_value_that_swings_around_its_threshold_is_one_episode(ask):
    said = ask(waiting((40, 0.6), *[(10, 0.05), (25, 0.6)] * 6))
    assert [type(change) for change in said] == [Raised]


def test_what_stood_before_a_resume_is_not_said_again_but_withdrawn(ask, make_facts):
    doctor = Doctor(make_facts(), standing=["loader_bound"])
    assert ask(waiting((60, 0.6)), doctor=doctor) == []
    doctor = Doctor(make_facts(), standing=["loader_bound"])
    assert [type(change) for change in ask(waiting((90, 0.05)), doctor=doctor)] == [Withdrawn]


def test_numbers_that_are_finite_again_after_a_resume_withdraw_the_alarm(ask, make_facts):
    doctor = Doctor(make_facts(), standing=["not_finite"])
    said = ask({"loss": dict.fromkeys(range(100), 1.0)}, doctor=doctor)
    assert [(change.rule, change.step) for change in said] == [("not_finite", 50)]


def test_without_new_points_of_its_series_no_rule_is_asked(make_facts):
    asked = []

    class Counting:
        name, title, reads = "counting", "Counting", ("loss",)

        def look(self, history, facts):
            asked.append(history.step)

    doctor = Doctor(make_facts(), rules=[Counting()])
    doctor.take([("loss", 1, 1.0)])
    doctor.look()
    doctor.look()
    doctor.take([("lr", 2, 1.0)])
    doctor.look()
    assert asked == [1]


def test_the_memory_of_a_long_run_stays_small():
    history = History()
    history.add(("loss", step, float(step % 7)) for step in range(20_000))
    track = history.track("loss")
    assert len(track.recent) == 512
    assert track.start == [0, 1, 2, 3, 4]
    assert track.count == 20_000
    assert history.last("loss", 2) == [19_998 % 7, 19_999 % 7]
    assert history.last("loss", 513) == []


CENTRING = Suspect("settings.centring", "other", "No centring.", "centring")
RATE = Suspect("training.base_lr", "high", "A high rate.", "the base learning rate", factor=0.5)
SUSPECTS = (RATE, CENTRING)
USUAL = {"settings.centring": Recommended(True, "paper"), "training.base_lr": Recommended(0.02, "paper")}


def test_a_setting_that_strays_from_its_preset_comes_first_and_goes_back(make_facts):
    facts = make_facts({"settings.centring": False}, recommended=USUAL)
    causes, knob = causes_and_knob(facts, SUSPECTS)
    assert causes == ("No centring.", "A high rate.")
    assert (knob.setting, knob.value) == ("settings.centring", True)
    assert knob.advice == "Set centring from off to on (paper)."


def test_with_nothing_astray_the_first_that_can_be_moved_is_moved(make_facts):
    causes, knob = causes_and_knob(make_facts({"settings.centring": True}, recommended=USUAL), SUSPECTS)
    assert causes == ("A high rate.", "No centring.")
    assert (knob.setting, knob.value) == ("training.base_lr", 0.01)
    assert knob.advice == "Lower the base learning rate from 0.02 to 0.01."


@pytest.mark.parametrize(("rate", "value"), [(0.5, 0.02), (0.001, 0.0005)])
def test_a_high_rate_goes_back_and_a_low_one_is_only_moved(make_facts, rate, value):
    _, knob = causes_and_knob(make_facts({"training.base_lr": rate}, recommended=USUAL), (RATE,))
    assert knob.value == value


def test_settings_that_the_run_does_not_have_are_no_suspects(make_facts):
    assert causes_and_knob(make_facts(), (CENTRING,)) == ((), None)


@pytest.mark.parametrize(
    ("precision", "setting"), [("fp16", "training.precision"), ("fp32", "training.base_lr")]
)
def test_numbers_that_are_none_are_told_with_term_step_and_the_way_back(make_facts, precision, setting):
    facts = make_facts({"training.precision": precision})
    finding = not_finite(facts, term="distillation", step=120, last_good_step=100)
    assert finding.sentence == (
        "'distillation' became NaN or infinite at step 120. The last checkpoint, of step 100, is good."
    )
    assert finding.knob.setting == setting
    assert "No checkpoint" in not_finite(facts, term="x", step=1, last_good_step=None).sentence


def test_a_minor_setting_is_turned_only_where_no_other_can_be(make_facts):
    usual = {"training.warmup_epochs": Recommended(10, "paper")}
    warm_up = Suspect("training.warmup_epochs", "low", "Short.", "the warm-up", is_minor=True)
    facts = make_facts({"training.warmup_epochs": 0}, recommended=usual)
    assert causes_and_knob(facts, (RATE, warm_up))[1].setting == "training.base_lr"
    assert causes_and_knob(facts, (warm_up,))[1].value == 10
