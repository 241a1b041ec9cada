"""Both themes: contrast, icons, one table of colours."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

import studio
from studio import theme
from studio.theme.tokens import SERIES, TOKENS


def luminance(name):
    def linear(part):
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    color = QColor(name)
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("back", ["window", "surface", "raised", "hover", "selected"])
@pytest.mark.parametrize("text", ["text", "muted"])
def test_text_can_be_read_on_every_ground(scheme, back, text):
    assert contrast(TOKENS[text][scheme], TOKENS[back][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(("text", "back"), [("on_accent", "accent"), ("on_accent", "accent_hover")])
def test_the_primary_button_can_be_read(scheme, text, back):
    assert contrast(TOKENS[text][scheme], TOKENS[back][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("level", ["good", "warn", "bad"])
def test_states_can_be_seen(scheme, level):
    assert contrast(TOKENS[level][scheme], TOKENS["surface"][scheme]) >= 3.0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_can_be_told_from_the_ground_and_from_each_other(scheme):
    ground = TOKENS["surface"][0 if scheme == "light" else 1]
    colors = SERIES[scheme]
    assert len(set(colors)) == len(colors)
    assert min(contrast(color, ground) for color in colors) >= 1.9


def test_every_icon_is_drawn_and_follows_the_theme(qapp):
    for name in theme.icon_names():
        icon = theme.icon(name)
        theme.apply_theme(qapp, "light")
        light = icon.pixmap(QSize(16, 16)).toImage()
        theme.apply_theme(qapp, "dark")
        dark = icon.pixmap(QSize(16, 16)).toImage()
        inked = [(x, y) for x in range(16) for y in range(16) if light.pixelColor(x, y).alpha() > 120]
        assert inked, name
        assert light.pixelColor(*inked[0]).lightness() < 80 < dark.pixelColor(*inked[0]).lightness(), name
    theme.apply_theme(qapp, "light")


def test_an_icon_that_does_not_exist_is_refused(qapp):
    with pytest.raises(FileNotFoundError):
        theme.icon("no_such_drawing")


def test_only_the_table_of_tokens_names_colours():
    folder = Path(studio.__file__).parent
    named = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba?\(\d|Qt\.GlobalColor\.(?!transparent)")
    guilty = [
        file.name
        for file in folder.rglob("*.py")
        if file.name not in ("tokens.py", "colormaps.py")
        and named.search(_without_docstrings(file.read_text()))
    ]
    assert guilty == []


def _without_docstrings(text):
    return re.sub(r'""".*?"""', "", text, flags=re.DOTALL)


def test_a_run_keeps_its_colour_and_many_runs_differ(qapp):
    theme.apply_theme(qapp, "light")
    colors = [theme.run_color(run_id).name() for run_id in range(1, 41)]
    assert colors == [theme.run_color(run_id).name() for run_id in range(1, 41)]
    assert len(set(colors)) == 40


def test_system_is_light_where_the_desktop_does_not_say(qapp):
    theme.apply_theme(qapp, "system")
    assert theme.choice() == "system"
    assert not theme.is_dark()


def test_an_unknown_theme_counts_as_system(qapp):
    theme.apply_theme(qapp, "sepia")
    assert theme.choice() == "system"


def test_inferno_gets_lighter_from_step_to_step():
    lights = [luminance(step.name()) for step in theme.ramp("inferno")]
    assert lights == sorted(lights)
    assert (lights[0] < 0.01, lights[-1] > 0.9) == (True, True)
