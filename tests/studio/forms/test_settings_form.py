"""A form made from declared fields."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QToolButton

from engine.declared import FieldEntry, Problem, load_catalogue, make_recipe, scale_preset
from studio.forms.settings_form import MOST_ESSENTIALS, SettingsForm

FIELDS = [
    FieldEntry(
        "encoder.image_size", "Image size", "integer", 96, 16, 1024, unit="px", source="ours", essential=True
    ),
    FieldEntry(
        "training.base_lr",
        "Base learning rate",
        "number",
        1.5e-4,
        maximum=100,
        exclusive_minimum=0,
        unit="per 256 pictures",
        source="PRETRAIN.md, --blr",
        essential=True,
        log=True,
    ),
    FieldEntry("training.flip", "Mirror", "boolean", True, source="ours: both"),
    FieldEntry("training.precision", "Precision", "choice", "auto", source="ours", choices=("auto", "fp32")),
    FieldEntry("training.note", "Note", "string", "x", source="ours"),
    FieldEntry("data.place", "Place", "path", "/tmp", source="ours"),
    FieldEntry("settings.share", "Share", "number", 0.75, 0, 0.99, unit="of patches", source="paper, fig. 5"),
]


@pytest.fixture
def form(qtbot):
    made = SettingsForm(FIELDS)
    qtbot.addWidget(made)
    made.resize(420, 700)
    made.show()
    return made


def type_into(qtbot, form, path, text):
    editor = form.findChild(QLineEdit, f"field.{path}")
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    return editor


def test_an_untouched_form_returns_exactly_the_defaults(form):
    assert form.values() == {field.path: field.default for field in FIELDS}
    assert all(type(form.values()[field.path]) is type(field.default) for field in FIELDS)
    assert form.changes() == {}
    assert form.errors() == {}


def test_an_untouched_form_of_every_method_makes_the_default_recipe(qtbot):
    catalogue = load_catalogue()
    for name in catalogue.methods:
        fields = catalogue.fields_for(name)
        form = SettingsForm(fields)
        qtbot.addWidget(form)
        assert form.values() == {field.path: field.default for field in fields}


def test_an_untouched_form_on_a_preset_makes_the_presets_recipe(qtbot):
    catalogue = load_catalogue()
    for name, method in catalogue.methods.items():
        for preset in method.presets.values():
            form = SettingsForm(catalogue.fields_for(name))
            qtbot.addWidget(form)
            scaled = scale_preset(preset, num_train=3_781)
            form.set_base(scaled.values, scaled.sources)
            form.set_values({row.field.path: row.base for row in form.rows.values()})
            assert form.changes() == {}
            assert make_recipe(name, preset.name, form.values(), 3_781) == make_recipe(
                name, preset.name, num_train=3_781
            )


def test_a_learning_rate_is_shown_short_and_kept_as_typed(form, qtbot):
    editor = form.findChild(QLineEdit, "field.training.base_lr")
    assert editor.text() == "1.5e-4"
    type_into(qtbot, form, "training.base_lr", "0.00030")
    assert editor.text() == "0.00030"
    assert form.values()["training.base_lr"] == 0.0003
    form.set_values({"training.base_lr": 0.0003})
    assert editor.text() == "0.00030"


def test_a_learning_rate_steps_in_decades(form, qtbot):
    editor = form.findChild(QLineEdit, "field.training.base_lr")
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.text() == "0.0015"
    qtbot.keyClick(editor, Qt.Key.Key_Down)
    qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert editor.text() == "1.5e-5"


def test_steps_stay_inside_the_bounds(form, qtbot):
    editor = type_into(qtbot, form, "encoder.image_size", "1020")
    qtbot.keyClick(editor, Qt.Key.Key_PageUp)
    assert form.values()["encoder.image_size"] == 1024
    editor = type_into(qtbot, form, "training.base_lr", "50")
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert form.values()["training.base_lr"] == 100


def test_a_value_out_of_bounds_is_explained_below_its_field_as_it_is_typed(form, qtbot):
    type_into(qtbot, form, "encoder.image_size", "8")
    assert form.errors() == {"encoder.image_size": "Must be 16 or more."}
    assert "encoder.image_size" not in form.values()
    qtbot.waitUntil(lambda: form.rows["encoder.image_size"].note_text == "Must be 16 or more.")


def test_a_changed_field_says_what_it_was_and_can_be_taken_back(form, qtbot):
    row = form.rows["encoder.image_size"]
    assert row.note_text == "ours"
    type_into(qtbot, form, "encoder.image_size", "64")
    qtbot.waitUntil(lambda: "96" in row.note_text)
    assert form.changes() == {"encoder.image_size": 64}
    qtbot.mouseClick(form.findChild(type(row._reset), "reset.encoder.image_size"), Qt.MouseButton.LeftButton)
    assert form.changes() == {}
    assert row.note_text == "ours"


def test_taking_a_change_back_settles_the_form_at_once(form, qtbot):
    form.set_values({"encoder.image_size": 64})
    with qtbot.waitSignal(form.settled, timeout=100):
        form.findChild(QToolButton, "reset.encoder.image_size").click()


def test_fields_out_of_sight_hold_their_values_as_well(form):
    form.set_values({"settings.share": 0.5, "training.precision": "fp32"})
    assert form.changes() == {"settings.share": 0.5, "training.precision": "fp32"}
    form.show_field("settings.share")
    assert form.changes() == {"settings.share": 0.5, "training.precision": "fp32"}
    assert form.findChild(QLineEdit, "field.settings.share").text() == "0.5"


def test_a_preset_moves_what_counts_as_unchanged(form):
    form.set_base({"encoder.image_size": 224}, {"encoder.image_size": "paper, table 8"})
    form.set_values({"encoder.image_size": 224})
    assert form.changes() == {}
    assert form.rows["encoder.image_size"].note_text == "paper, table 8"


def rebase(form, size, share):
    values = {"encoder.image_size": size, "settings.share": share}
    form.rebase(values, dict.fromkeys(values, f"for {size}"))


def test_another_data_set_moves_what_nobody_chose_and_keeps_the_rest(form):
    rebase(form, 128, 0.5)
    form.set_values({"settings.share": 0.25})
    seen = []
    form.settled.connect(lambda: seen.append(True))
    rebase(form, 160, 0.6)
    assert form.values()["encoder.image_size"] == 160
    assert form.rows["encoder.image_size"].note_text == "for 160"
    assert form.changes() == {"settings.share": 0.25}
    assert seen == []


def test_a_chosen_value_that_the_preset_comes_to_and_leaves_again_stays(form):
    form.set_values({"settings.share": 0.25})
    for share in (0.5, 0.25, 0.6):
        rebase(form, 96, share)
        assert form.values()["settings.share"] == 0.25
        assert form.changes() == {"settings.share": 0.25}
    form.reset()
    assert form.changes() == {}
    rebase(form, 96, 0.7)
    assert form.values()["settings.share"] == 0.7


def test_settled_is_emitted_once_after_a_burst_of_keys(form, qtbot):
    seen = []
    form.settled.connect(lambda: seen.append(form.values()["settings.share"]))
    form.show_field("settings.share")
    with qtbot.waitSignal(form.settled):
        type_into(qtbot, form, "settings.share", "0.625")
    assert seen == [0.625]


def test_advanced_fields_are_folded_found_by_words_and_counted(form, qtbot):
    share = form.rows["settings.share"]
    assert not share.isVisible()
    toggle = form.findChild(object, "advanced_toggle")
    assert toggle.text() == "Advanced (5)"
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert share.isVisible()
    search = form.findChild(QLineEdit, "advanced_search")
    qtbot.keyClicks(search, "fig. 5")
    assert share.isVisible()
    assert not form.rows["training.flip"].isVisible()
    search.clear()
    type_into(qtbot, form, "settings.share", "2")
    qtbot.waitUntil(lambda: toggle.text() == "Advanced (5) · 1 changed · 1 to correct")


def test_problems_of_the_whole_recipe_appear_at_their_fields(form):
    form.set_problems(
        [
            Problem("encoder.image_size", "Doubtful.", "", "warning"),
            Problem("encoder.image_size", "A patch does not divide it.", "Take 96."),
        ]
    )
    assert form.rows["encoder.image_size"].note_text == "A patch does not divide it."
    form.set_problems([])
    assert form.rows["encoder.image_size"].note_text == "ours"


def test_hidden_fields_are_left_to_the_page_and_essentials_stay_few(qtbot):
    fields = [
        FieldEntry(f"training.f{n}", f"Field {n}", "integer", n, source="ours", essential=True)
        for n in range(12)
    ]
    form = SettingsForm(fields, hidden=["training.f3"])
    qtbot.addWidget(form)
    form.show()
    assert "training.f3" not in form.values()
    assert sum(row.isVisible() for row in form.rows.values()) == MOST_ESSENTIALS


def test_what_the_surroundings_know_becomes_a_choice(qtbot):
    form = SettingsForm(FIELDS, options={"training.note": {"x": "The first", "cuda:0": "NVIDIA"}})
    qtbot.addWidget(form)
    form.show()
    form.show_field("training.note")
    box = form.findChild(QComboBox, "field.training.note")
    assert box.currentText() == "The first"
    form.set_values({"training.note": "cuda:7"})
    assert form.values()["training.note"] == "cuda:7"


def test_every_editor_has_a_name_for_tests_and_screen_readers(form):
    for path, row in form.rows.items():
        form.show_field(path)
        inner = row.editor.focusProxy()
        assert inner.objectName() == f"field.{path}"
        assert inner.accessibleName() == row.field.title


def test_comma_and_point_mean_the_same_in_every_locale(form, qtbot):
    form.show_field("settings.share")
    type_into(qtbot, form, "settings.share", "0,5")
    assert form.values()["settings.share"] == 0.5


def test_a_title_of_three_lines_is_shown_whole(qtbot):
    form = SettingsForm(FIELDS)
    qtbot.addWidget(form)
    form.resize(215, 700)
    form.show()
    label = next(label for label in form.findChildren(QLabel) if label.text() == "Base learning rate")
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
    assert label.heightForWidth(label.width()) >= 3 * label.fontMetrics().height()
