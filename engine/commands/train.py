"""Train in this very process: from flags to a finished run, its numbers and an exit code."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.options import JsonOption, StoreOption, path_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.recipe import Recipe
    from engine.store import Run, Store

FLAGS = (
    "data.location",
    "encoder.name",
    "encoder.image_size",
    "encoder.patch_size",
    "training.batch_size",
    "training.epochs",
    "training.steps",
    "training.device",
    "training.seed",
)
"""The settings that have a flag of their own, in the order of ``train``'s parameters."""


def train(  # noqa: PLR0913, PLR0917 - the signature is the list of flags
    method: Annotated[
        str | None, typer.Option(help="A name of 'ssl-engine methods'; mae when left out.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="A folder, a list, or builtin:NAME.")
    ] = None,
    encoder: Annotated[str | None, typer.Option(help="The network to train, such as vit_tiny.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Side of the pictures, px.")] = None,
    patch_size: Annotated[int | None, typer.Option(help="Side of a patch, px.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures in a batch.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the pictures.")] = None,
    steps: Annotated[int | None, typer.Option(help="Updates of the weights, instead of epochs.")] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; may be repeated."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Where the other values come from; desktop when left out.")
    ] = None,
    recipe: Annotated[
        Path | None,
        path_option(metavar="FILE", help_text="A recipe file of the studio or of 'show RUN --recipe'."),
    ] = None,
    store: StoreOption = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random draw.")] = None,
    name: Annotated[str | None, typer.Option(help="Label of the run.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a method on pictures, here and now.

    Ctrl-C stops after the current step and saves (exit code 130); a second one stops at once.
    """
    from engine.commands.recipe_choice import choose_recipe
    from engine.declared import load_catalogue
    from engine.store import open_store
    from engine.store.place import find_place
    from engine.store.private import write_privately

    values = (data, encoder, image_size, patch_size, batch_size, epochs, steps, device, seed)
    changes = {path: value for path, value in zip(FLAGS, values, strict=True) if value is not None}
    choice = choose_recipe(file=recipe, method=method, preset=preset, changes=changes, pairs=pairs or [])
    checked, pictures_name = _check_with_pictures(choice, find_place(store).folder)
    # Torch is loaded before there is a run, so that Ctrl-C meanwhile leaves nothing behind.
    from engine.commands.together import train_together
    from engine.jobs.pretrain import run as pretrain

    job = pretrain if checked.training.processes == 1 else train_together
    write_privately()
    opened = open_store(store)
    try:
        run = _claim(
            opened, checked, name or f"{load_catalogue().method(checked.method).title} {pictures_name}"
        )
        code = _train_claimed(opened, run, job, as_json)
    finally:
        opened.close()
    raise typer.Exit(code)


def _check_with_pictures(choice: Any, folder: Path) -> "tuple[Recipe, str]":
    """Open the pictures, check everything that can be known before, and return the recipe and the pictures' name."""
    from engine.commands.recipe_choice import Facts, check_choice, relocated
    from engine.compute import make_compute
    from engine.data.sources import open_pictures
    from engine.data.splits import knn_split
    from engine.devices import check_device, list_devices, this_computer
    from engine.parts import method_parts

    recipe = choice.recipe
    devices = list_devices()
    check_device(recipe.training.device, devices)
    pictures = open_pictures(recipe.data.location, recipe.data.kind)
    split = knn_split(pictures, recipe.held_out, recipe.training.seed)
    facts = Facts(pictures.classes if pictures.labels is not None else (), len(split.train))
    names = [device.name for device in devices]
    checked = check_choice(choice.scaled(facts.num_train), facts, names, this_computer(folder))
    make_compute(checked.training.device, checked.training.precision)
    method_parts(checked)
    return relocated(checked, pictures.location), pictures.name


def _claim(store: "Store", recipe: "Recipe", name: str) -> "Run":
    """Make the run and take it for this process, before an engine thread can."""
    import os
    import socket

    from engine.devices import resolve_device
    from engine.store import RunStatus, claim_run, create_run, find_dataset, update_run
    from engine.supervisor.worker_process import WorkerIdentity

    known = find_dataset(store, recipe.data.location)
    draft = create_run(
        store,
        name=name,
        method=recipe.method,
        recipe=recipe.model_dump(mode="json"),
        seed=recipe.training.seed,
        device=recipe.training.device,
        dataset_id=known.id if known else None,
        status=RunStatus.DRAFT,
    )
    WorkerIdentity.of_this_process().write(store.run_folder(draft.id))
    claim_run(store, device=resolve_device(draft.device), host=socket.gethostname(), run_id=draft.id)
    return update_run(store, draft.id, pid=os.getpid())


def _train_claimed(store: "Store", run: "Run", job: "Callable[..., Run]", as_json: bool) -> int:
    """Do the run with a job, tell how it went, and return the exit code."""
    from engine.commands.interrupts import Interrupts
    from engine.commands.progress import shown_progress
    from engine.commands.speech import remark
    from engine.supervisor.worker_process import WorkerIdentity

    logging.getLogger("engine").addHandler(logging.NullHandler())  # a person gets the sentence, not its trace
    remark(f"Run {run.id}: {run.name}")
    folder = store.run_folder(run.id)  # known now: the store may be gone in the end
    try:
        with Interrupts(store, run.id) as interrupts, shown_progress() as tell:
            done = job(store, run.id, on_progress=tell)
    finally:
        WorkerIdentity.remove(folder)
    return _tell_end(store, done, as_json=as_json, interrupted=interrupts.count > 0)


def _tell_end(store: "Store", run: "Run", *, as_json: bool, interrupted: bool) -> int:
    """Say how the run ended and return the exit code."""
    from engine.commands.exit_codes import DONE, INTERRUPTED, RUN_FAILED
    from engine.commands.speech import complain, say, say_json
    from engine.commands.summary import describe_end, summarise
    from engine.store import RunStatus

    if run.status is RunStatus.FAILED:
        complain(f"{run.error} {run.error_fix}".strip())
    summary = summarise(store, run)
    if as_json:
        say_json(summary)
    else:
        say(describe_end(run, summary))
    if run.status is RunStatus.FAILED:
        return RUN_FAILED
    return INTERRUPTED if interrupted else DONE
