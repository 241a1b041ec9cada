"""The published catalogue is what the methods declare."""

from importlib.resources import files

from engine.catalogue import render


def test_the_published_catalogue_is_current():
    published = files("resources").joinpath("catalogue.json").read_text(encoding="utf-8")
    assert published == render(), "run `ssl-engine catalogue --write` and commit resources/catalogue.json"
