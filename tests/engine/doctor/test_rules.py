"""Each rule on curves that show its trouble, on curves that nearly do, and on what it must not take for trouble."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.doctor import RULES, Doctor, Raised, RunFacts
from engine.doctor.rules.no_better_than_untrained import standard_error

LN_K = math.log(1024)
LATE = 2000  # a step behind every warm-up of these tests
shares = st.floats(0, 1)


def every_epoch(*values, start=0):
    return {start + 100 * number: value for number, value in enumerate(values)}


def flat(value, number=300, start=LATE):
    return dict.fromkeys(range(start, start + number), value)


def teacher(entropy, kl, **kwargs):
    return {
        "monitor/teacher_entropy": flat(entropy * LN_K, **kwargs),
        "monitor/kl": flat(kl * LN_K, **kwargs),
        "monitor/ln_k": flat(LN_K, **kwargs),
    }


SICK = {
    "one_point": {
        "feature_spread": every_epoch(0.6, 0.02, 0.01, 0.01),
        "mean_cosine": every_epoch(0.6, 0.9996, 0.9999, 0.9999),
        "effective_rank": every_epoch(12, 1.01, 1.01, 1.01),
    },
    "few_dimensions": {
        "feature_spread": every_epoch(0.6, *[0.4] * 8),
        "mean_cosine": every_epoch(0.6, *[0.8] * 8),
        "effective_rank": every_epoch(25, *[1.9, 1.8] * 4),
    },
    "uniform_teacher": teacher(0.999, 0.001),
    "one_hot_teacher": teacher(0.001, 0.001),
    "diverging": {"loss": {step: 1.0 if step < 100 else 0.02 * step for step in range(400)}},
    "no_better_than_untrained": {"knn": every_epoch(*[0.3] * 8)},
    "loader_bound": {"data_wait": flat(0.62, 40)},
}


@pytest.mark.parametrize("rule", SICK)
def test_a_trouble_is_told_once_by_its_own_rule_in_numbers_with_causes(rule, ask, rules_of):
    said = ask(SICK[rule])
    assert rules_of(said) == [rule]
    finding = said[0].finding
    assert any(letter.isdigit() for letter in finding.sentence)
    assert finding.sentence.endswith(".")
    assert finding.causes
    assert finding.knob is not None
    assert finding.knob.advice.endswith(".")


def test_every_rule_that_reads_curves_has_curves_that_raise_it():
    assert {rule.name for rule in RULES} == {*SICK, "not_finite"}


def test_few_directions_are_the_aim_of_learning_from_labels(ask, make_facts, rules_of):
    assert rules_of(ask(SICK["few_dimensions"], make_facts(gathers_classes=True))) == []


@pytest.mark.parametrize(("untrained", "rank", "is_said"), [(25, 4, True), (25, 8, False), (6, 4, False)])
def test_a_rank_is_low_beside_the_untrained_networks(untrained, rank, is_said, ask, rules_of):
    series = {**SICK["few_dimensions"], "effective_rank": every_epoch(untrained, *[rank] * 8)}
    assert rules_of(ask(series)) == (["few_dimensions"] if is_said else [])


@pytest.mark.parametrize(
    "ranks",
    [
        # MAE's quick recipe on the built-in digits, looked at every 44 steps of 880 and of 528
        (4.16, 1.60, 1.55, 1.93, 3.30, 3.66),
        (4.16, 1.60, 1.55, 2.36, 4.02, 5.65, 6.50),
        (4.16, 1.60, 1.55, 1.50, 1.93, 3.30),
    ],
)
def test_a_healthy_dip_while_the_rate_rises_is_no_collapse(ranks, ask, make_facts):
    looks = {44 * number: rank for number, rank in enumerate(ranks)}
    series = {"effective_rank": looks, "feature_spread": dict.fromkeys(looks, 0.1)}
    assert ask(series, make_facts(total_steps=880, warmup_steps=110)) == []


def test_a_rank_that_is_on_its_way_back_is_no_collapse(ask, rules_of):
    series = {
        **SICK["few_dimensions"],
        "effective_rank": every_epoch(25, 12, 9, 8, 7, 3.0, 3.2, 3.6, 4.2, 5.5),
    }
    assert ask(series) == []
    stays = {**SICK["few_dimensions"], "effective_rank": every_epoch(25, 12, 9, 8, 7, 3.0, 3.2, 3.1, 3.1)}
    assert rules_of(ask(stays)) == ["few_dimensions"]


def test_a_run_of_few_updates_is_not_called_no_better(ask, make_facts, rules_of):
    judged = {10 * number: 0.3 for number in range(30)}
    facts = make_facts(total_steps=290, warmup_steps=20)
    assert ask({"knn": {step: share for step, share in judged.items() if step <= 160}}, facts) == []
    assert rules_of(ask({"knn": judged}, facts)) == ["no_better_than_untrained"]


def test_names_and_titles_of_rules_are_different():
    assert len({rule.name for rule in RULES}) == len({rule.title for rule in RULES}) == len(RULES)


@given(st.lists(st.tuples(st.floats(0.06, 1), st.floats(-0.1, 1)), min_size=4, max_size=20))
def test_features_with_spread_are_no_point_whatever_their_cosine(looks):
    doctor = Doctor(RunFacts("MAE", 10_000, 0, 100))
    for number, (spread, cosine) in enumerate(looks):
        doctor.take([("feature_spread", number, spread), ("mean_cosine", number, cosine)])
        assert doctor.look() == []


def test_a_network_that_starts_narrow_and_stays_so_has_not_collapsed(ask):
    narrow = {"feature_spread": every_epoch(*[0.04] * 8), "mean_cosine": every_epoch(*[0.998] * 8)}
    assert ask(narrow) == []


def test_a_batch_of_equal_outputs_is_a_point_though_the_features_are_not_watched(ask, rules_of):
    for name in ("view_spread", "teacher_std", "projection_std"):
        assert rules_of(ask({f"monitor/{name}": flat(0.01)})) == ["one_point"]
        assert ask({f"monitor/{name}": flat(0.01, start=0, number=400)}) == []  # 400 of 10,000 steps: early


def test_a_small_loss_alone_is_no_finding(ask):
    """BYOL's loss is near 0 when it learns well."""
    healthy = {
        "loss": {step: 2 / (step + 1) for step in range(3000)},
        "monitor/target_cosine": flat(0.99),
        "monitor/projection_std": flat(0.8),
    }
    assert ask(healthy) == []


@pytest.mark.parametrize(
    ("entropy", "kl"),
    [(0.999, 0.05), (0.6, 0.001), (0.3, 0.2), (0.01, 0.3), (0.98, 0.001)],
)
def test_a_teacher_is_collapsed_only_at_an_end_and_only_when_the_student_agrees(entropy, kl, ask):
    assert ask(teacher(entropy, kl)) == []


def test_a_uniform_teacher_in_the_warm_up_is_no_finding_yet(ask, rules_of):
    assert ask(teacher(0.999, 0.001, start=0, number=450)) == []
    assert rules_of(ask(teacher(0.999, 0.001, start=0, number=600))) == ["uniform_teacher"]


@given(st.lists(st.floats(0.5, 1.45), min_size=200, max_size=400))
def test_a_loss_below_its_start_is_never_called_diverging(noise):
    doctor = Doctor(RunFacts("MAE", 10_000, 0, 100))
    for step, value in enumerate(noise):
        doctor.take([("loss", step, 1.0 if step < 32 else value)])
    assert doctor.look() == []


def test_a_few_odd_batches_are_no_divergence(ask):
    loss = {step: 50.0 if step % 8 == 0 else 0.5 for step in range(1000)}
    assert ask({"loss": loss}) == []


def test_a_teacher_that_becomes_less_sure_raises_the_loss_and_is_no_divergence(ask, rules_of):
    """DINO's loss is entropy plus divergence; we saw it rise from 2.9 to 4.4 while k-NN rose too."""
    loss = {step: 2.0 if step < 50 else 4.4 for step in range(1000)}
    assert ask({"loss": loss, "monitor/kl": dict.fromkeys(range(1000), 0.3)}) == []
    assert rules_of(ask({"loss": loss})) == ["diverging"]


def test_a_teacher_that_becomes_surer_raises_the_divergence_and_is_no_divergence_of_the_run(ask, rules_of):
    divergence = {step: 0.3 if step < 50 else 1.2 for step in range(1000)}
    sharper = {step: 9.0 if step < 50 else 4.4 for step in range(1000)}
    assert ask({"loss": sharper, "monitor/kl": divergence}) == []
    lost = {step: 9.0 if step < 50 else 14.0 for step in range(1000)}
    assert rules_of(ask({"loss": lost, "monitor/kl": divergence})) == ["diverging"]


def test_a_loss_that_rises_from_its_best_but_not_above_its_start_is_no_divergence(ask):
    """BYOL's and DINO's rise while their targets sharpen."""
    loss = {step: 4.0 if step < 50 else 0.2 + step / 500 for step in range(1000)}
    assert ask({"loss": loss}) == []


@given(shares, shares, st.integers(20, 5000))
def test_an_accuracy_well_above_the_untrained_never_alarms(untrained, gain, pictures):
    facts = RunFacts("SimCLR", 10_000, 0, 100, test_pictures=pictures)
    later = untrained + gain
    if later > 1 or gain <= standard_error(untrained, pictures):
        return
    doctor = Doctor(facts)
    doctor.take([("knn", step, value) for step, value in every_epoch(untrained, *[later] * 12).items()])
    assert doctor.look() == []


def test_where_untrained_features_find_all_there_is_nothing_to_gain_but_something_to_lose(ask, rules_of):
    assert ask({"knn": every_epoch(*[1.0] * 12)}) == []
    assert rules_of(ask({"knn": every_epoch(1.0, *[0.7] * 12)})) == ["no_better_than_untrained"]


def test_a_start_below_the_untrained_is_given_time(ask):
    assert ask({"knn": every_epoch(0.4, 0.3, 0.32, 0.35, 0.5, 0.6, 0.6, 0.6)}) == []


def test_methods_that_neighbours_do_not_judge_are_not_judged_by_them(ask, make_facts):
    assert ask({"knn": every_epoch(0.5, *[0.3] * 12)}, make_facts(judged_by_neighbours=False)) == []


def test_a_loader_that_is_slow_now_and_then_is_no_finding(ask):
    assert ask({"data_wait": {step: 0.9 if step % 3 == 0 else 0.1 for step in range(200)}}) == []


def test_with_all_cores_loading_no_more_processes_are_advised(ask, make_facts):
    said = ask(SICK["loader_bound"], make_facts(loader_workers=8, cores=8))
    assert said[0].finding.knob is None
    assert len(said[0].finding.causes) == 2


def test_values_that_are_not_finite_are_passed_over(ask):
    assert ask({"loss": flat(math.nan), "data_wait": flat(math.inf), "knn": flat(math.nan, 20)}) == []


@given(
    st.lists(st.tuples(st.sampled_from(["one_point", "uniform_teacher", "knn"]), st.floats()), max_size=50)
)
def test_no_numbers_whatever_break_a_rule(values):
    names = sorted({name for rule in RULES for name in rule.reads} | {"monitor/ln_k"})
    doctor = Doctor(RunFacts("MAE", 100, 0, 10))
    for step, (_, value) in enumerate(values * 8):
        doctor.take([(name, step, value) for name in names])
        assert all(isinstance(change.step, int) for change in doctor.look())


def test_raised_findings_are_plain_values(ask):
    import json

    for curves in SICK.values():
        for change in ask(curves):
            assert isinstance(change, Raised)
            data = change.finding.as_data()
            assert json.loads(json.dumps(data)) == data
            assert change.finding.knob.advice in change.finding.detail
