"""Runs keep decoded pictures where that is asked for or pays, and results do not depend on it."""

import pytest

from engine.jobs.assembly import assemble
from engine.jobs.caching import with_cache
from engine.jobs.pretrain import run
from engine.recipe import Recipe
from engine.store import RunStatus, events_after, read_points

pytestmark = pytest.mark.usefixtures("every_step_tells")


def cached(recipe, folder, must_stop=lambda: False):
    """The set that a run of this recipe reads, the sentences said and the phases entered."""
    said, phases = [], []
    assembly = assemble(recipe, "cpu")
    pictures = with_cache(assembly, folder, say=said.append, enter=phases.append, must_stop=must_stop)
    return pictures is not assembly.pictures, said, phases


def recipe_of(make_claimed, **changes):
    return Recipe.model_validate(make_claimed(**changes).recipe)


def test_a_cache_is_built_when_it_is_asked_for_and_used_again(make_claimed, tmp_path):
    recipe = recipe_of(make_claimed, data__cache="on")
    is_cached, said, phases = cached(recipe, tmp_path / "cache")
    assert is_cached
    assert said == []
    assert phases[0] == "building the picture cache"
    assert phases[-1] == "building the picture cache, 100 %"
    assert cached(recipe, tmp_path / "cache") == (True, [], [])


def test_no_cache_is_built_where_it_does_not_pay_or_is_switched_off(make_claimed, tmp_path, monkeypatch):
    assert cached(recipe_of(make_claimed), tmp_path / "cache") == (False, [], [])
    monkeypatch.setattr("engine.jobs.caching.WORTH_SECONDS", 0.0)
    assert cached(recipe_of(make_claimed, data__cache="off"), tmp_path / "cache") == (False, [], [])
    in_memory = recipe_of(make_claimed, data__cache="on", data__location="builtin:shapes")
    assert cached(in_memory, tmp_path / "cache") == (False, [], [])
    is_cached, _, _ = cached(recipe_of(make_claimed), tmp_path / "cache")
    assert is_cached


def test_a_stop_gives_the_building_up(make_claimed, tmp_path):
    recipe = recipe_of(make_claimed, data__cache="on")
    is_cached, said, _ = cached(recipe, tmp_path / "cache", must_stop=lambda: True)
    assert not is_cached
    assert said == []
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said_and_costs_no_run(make_claimed, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    is_cached, [sentence], _ = cached(recipe_of(make_claimed, data__cache="on"), tmp_path / "cache")
    assert not is_cached
    assert "cannot be kept" in sentence
    assert "decodes them anew" in sentence


@pytest.mark.slow
def test_a_run_has_the_same_losses_with_and_without_a_cache(store, make_claimed):
    losses, phases = [], []
    for cache in ("off", "on", "on"):
        claimed = make_claimed(data__cache=cache)
        ended = run(store, claimed.id, on_progress=lambda progress: phases.append(progress.phase))
        assert ended.status is RunStatus.FINISHED
        losses.append([value for _, value, _ in read_points(store, claimed.id, "loss")])
        assert not [event for event in events_after(store, run_id=claimed.id) if "kept" in event.message]
    assert losses[0] == losses[1] == losses[2]
    assert any(phase.startswith("building the picture cache") for phase in phases)
