"""What is published of the methods is what they declare."""

from importlib.resources import files
from pathlib import Path

import pytest

from engine.catalogue import render
from engine.declared import load_catalogue
from engine.method_pages import PAGE, render_methods

ROOT = Path(__file__).parents[2]


def test_the_published_catalogue_is_current():
    published = files("resources").joinpath("catalogue.json").read_text(encoding="utf-8")
    assert published == render(), "run `ssl-engine catalogue --write` and commit resources/catalogue.json"


def test_the_page_of_the_methods_is_current():
    published = (ROOT / PAGE).read_text(encoding="utf-8")
    assert published == render_methods(), f"run `ssl-engine catalogue --write` and commit {PAGE}"


@pytest.mark.parametrize("method", load_catalogue().methods.values(), ids=lambda method: method.name)
def test_the_page_has_every_method_with_its_presets_and_settings(method):
    page = render_methods()
    assert f"## {method.title} (`{method.name}`)" in page
    assert method.paper in page
    assert all(f"| `{field.path}` |" in page for field in method.fields)
    assert all(sentence in page for sentence in method.deviations)
