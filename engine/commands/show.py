"""Show one run: how far it is, its last numbers, its log; or the recipe that makes it again."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.options import JsonOption, RunArgument, StoreOption
from engine.commands.speech import say, say_json

if TYPE_CHECKING:
    from engine.store import Run, Store

LAST_EVENTS = 10


def show(
    run_id: RunArgument,
    store: StoreOption = None,
    recipe: Annotated[
        bool, typer.Option("--recipe", help="Print the recipe as a file for 'train --recipe'.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one run."""
    from engine.store import get_run, open_store

    opened = open_store(store)
    try:
        run = get_run(opened, run_id)
        if recipe:
            _print_recipe(run)
        elif as_json:
            from engine.commands.summary import summarise

            say_json({**summarise(opened, run), "is_lost": run.is_lost, "row": asdict(run)})
        else:
            _describe(opened, run)
    finally:
        opened.close()


def _print_recipe(run: "Run") -> None:
    from engine.declared import recipe_from_dict, recipe_to_toml

    say(recipe_to_toml(recipe_from_dict(run.recipe)).rstrip())


def _describe(store: "Store", run: "Run") -> None:
    """Say everything about a run that fits on a screen."""
    from engine.store import list_artifacts, series_summaries

    state = "lost: its worker gives no sign of life" if run.is_lost else run.status.value
    say(f"Run {run.id}: {run.name}")
    say(
        f"  {state}{f', {run.phase}' if run.phase else ''}; {run.method} on {run.claimed_device or run.device}"
    )
    say(
        f"  step {run.step:,} of {run.total_steps:,}, epoch {run.epoch:.2f}, {run.images_seen:,} pictures seen"
    )
    if run.error:
        say(f"  {run.error} {run.error_fix}")
    for series in series_summaries(store, [run.id]).get(run.id, {}).values():
        value = "not a number" if series.last_value is None else f"{series.last_value:.6g}"
        say(f"  {series.name:<24} {value:>12}  at step {series.last_step:,}")
    _print_fidelity(run)
    for artifact in list_artifacts(store, run.id):
        say(f"  {artifact.kind} at step {artifact.step:,}: {artifact.path} ({artifact.size / 2**20:.1f} MiB)")
    _print_events(store, run.id)


def _print_fidelity(run: "Run") -> None:
    """Say what is not as in the paper; nothing for a recipe that this program cannot read."""
    from engine.declared import fidelity, recipe_from_dict
    from engine.errors import SettingsError

    try:
        deviations = fidelity(recipe_from_dict(run.recipe))
    except SettingsError:
        return
    say(f"  {len(deviations)} difference{'' if len(deviations) == 1 else 's'} from the paper")
    for deviation in deviations:
        say(f"    {deviation.sentence}")


def _print_events(store: "Store", run_id: int) -> None:
    from engine.store import Level, events_after

    for event in events_after(store, run_id=run_id, limit=100_000)[-LAST_EVENTS:]:
        at = datetime.fromtimestamp(event.wall).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        say(f"  {at} {event.level.value}: {event.message}")
        for line in event.detail.splitlines() if event.level is Level.ALARM else ():
            say(f"    {line}")
