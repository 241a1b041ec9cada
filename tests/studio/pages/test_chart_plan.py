"""The names of a run's metrics decide its charts."""

from studio.pages.run.chart_plan import Place, chart_plan, positions


def titles(*names):
    return [chart.title for chart in chart_plan(names)]


def test_a_run_without_points_has_no_charts():
    assert titles() == []


def test_loss_comes_first_and_takes_the_whole_width():
    plan = chart_plan(["system/cpu", "lr", "loss", "knn", "images_per_second"])
    assert [chart.title for chart in plan] == ["Loss", "k-NN top-1", "Learning rate", "Throughput", "System"]
    assert [chart.is_wide for chart in plan] == [True, False, False, False, False]


def test_several_terms_are_drawn_beside_the_loss_and_one_alone_is_not():
    assert [one.name for one in chart_plan(["loss", "loss/regression"])[0].series] == ["loss"]
    two = chart_plan(["loss", "loss/decode", "loss/align"])[0]
    assert [one.title for one in two.series] == ["loss", "align", "decode"]


def test_without_labels_spread_and_rank_say_what_is_learned():
    assert titles("loss", "feature_spread", "effective_rank") == ["Loss", "Feature spread", "Effective rank"]


def test_shares_are_shown_in_percent():
    plan = {chart.title: chart for chart in chart_plan(["knn", "data_wait", "system/cpu"])}
    assert plan["k-NN top-1"].series[0].scale == 100
    assert [(one.name, one.scale) for one in plan["System"].series] == [("system/cpu", 1), ("data_wait", 100)]


def test_a_method_s_own_monitors_get_a_chart_each():
    assert titles("monitor/target_entropy") == ["Target entropy"]


def test_the_teacher_s_curves_share_a_chart_with_the_line_of_ln_k():
    plan = chart_plan(["monitor/kl", "monitor/ln_k", "monitor/teacher_entropy"])
    assert [(chart.title, chart.unit) for chart in plan] == [
        ("Teacher: entropy and KL to the student", "nats")
    ]
    assert [one.name for one in plan[0].series] == ["monitor/teacher_entropy", "monitor/kl", "monitor/ln_k"]


def test_signs_on_one_scale_share_a_chart_and_each_is_drawn_once():
    names = [
        "feature_spread",
        "mean_cosine",
        "effective_rank",
        "monitor/target_cosine",
        "monitor/projection_std",
    ]
    plan = chart_plan(names)
    assert [chart.title for chart in plan] == ["Feature spread", "Cosine", "Effective rank"]
    assert sorted(one.name for chart in plan for one in chart.series) == sorted(names)


def test_schedules_of_a_method_are_drawn():
    assert titles("schedule/teacher_momentum", "lr") == ["Learning rate", "Teacher momentum"]


def test_the_norms_of_gradient_and_momentum_share_a_chart():
    assert [one.title for one in chart_plan(["momentum_norm", "grad_norm"])[0].series] == [
        "gradient",
        "momentum",
    ]


def test_charts_stand_side_by_side_and_a_wide_one_takes_its_row():
    plan = chart_plan(["loss", "knn", "lr", "grad_norm"])
    two = positions(plan, 2)
    assert two["loss_chart"] == Place(0, 0, 2)
    assert [(two[f"{key}_chart"].row, two[f"{key}_chart"].column) for key in ("knn", "lr", "grad_norm")] == [
        (1, 0),
        (1, 1),
        (2, 0),
    ]
    assert [place.row for place in positions(plan, 1).values()] == [0, 1, 2, 3]
