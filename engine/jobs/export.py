"""Takes the encoder out of a run: as files that others can load, and a card that says what they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import SettingsError, StoreError
from engine.exports.model_card import NAME as CARD
from engine.exports.model_card import model_card
from engine.exports.onnx_file import NAME as ONNX
from engine.exports.onnx_file import write_onnx
from engine.exports.state_dict import NAME as STATE_DICT
from engine.exports.state_dict import write_state_dict
from engine.exports.subject import Subject
from engine.exports.timm_folder import FILES as TIMM_FILES
from engine.exports.timm_folder import write_timm_folder
from engine.exports.torch_program import NAME as TORCH_PROGRAM
from engine.exports.torch_program import write_torch_program
from engine.exports.whole import written_whole
from engine.imported_settings import IMPORTED
from engine.jobs.taken_out import outputs_of, remember
from engine.jobs.trained import Trained, load_trained
from engine.local_path import local_path
from engine.nn.encoders import encoder_size
from engine.parts import make_normalise
from engine.store import Run, Store, get_dataset, get_run, list_results, series_summaries

FORMATS: Mapping[str, Callable[[Subject, Path], float]] = {
    "timm": write_timm_folder,
    "state-dict": write_state_dict,
    "onnx": write_onnx,
    "torch-export": write_torch_program,
}
"""Name -> what writes it into a folder, checks it, and returns how far its features are from the encoder's."""
SCORES = ("knn", "feature_spread", "effective_rank")


FILES: Mapping[str, Sequence[str]] = {
    "timm": TIMM_FILES,
    "state-dict": (STATE_DICT,),
    "onnx": (ONNX,),
    "torch-export": (TORCH_PROGRAM,),
}
"""Name of a format -> the files that it writes."""
COPIES = 2  # of a file there may be one before it takes its place, and the one that it replaces


def export_run(
    store: Store, run_id: int, out: Path, formats: Sequence[str] = ("timm",), *, force: bool = False
) -> dict[str, float]:
    """Write a run's encoder in some formats, each checked, with a model card; all of it or nothing.

    Args:
        store: Where the run is.
        run_id: Which run.
        out: Folder to write to; made where it is missing.
        formats: Names of ``FORMATS``.
        force: Replace files that are there and that no run of this store wrote.

    Returns:
        Format -> relative difference between the file's features and the encoder's.

    Raises:
        EngineError: If the run has no checkpoint, a format is unknown or cannot hold this encoder, a file gives other
            features, the folder cannot be written, or files of others are in the way.
    """
    out = local_path(out)
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise SettingsError(
            f"There is no format '{unknown[0]}'." if unknown else "No format was asked for.",
            f"Choose some of {', '.join(FORMATS)}.",
            field="format",
        )
    wanted = list(dict.fromkeys(formats))
    names = [CARD, *(file for name in wanted for file in FILES[name])]
    location = str(get_run(store, run_id).recipe.get("data", {}).get("location", ""))
    outputs = outputs_of(store, out, names, force=force, pictures=location, is_folder=True)
    outputs.check()
    trained = load_trained(store, run_id)
    subject = subject_of(store, trained)
    outputs.check(needs=COPIES * len(wanted) * _size(subject))
    with written_whole(outputs) as folder:
        differences = {name: FORMATS[name](subject, folder) for name in wanted}
        (folder / CARD).write_text(model_card(subject, differences), encoding="utf-8")
        outputs = replace(outputs, names=[file.name for file in folder.iterdir()])
    remember(store, run_id, out, outputs, kind="export", step=trained.step, meta={"formats": wanted})
    return differences


def _size(subject: Subject) -> int:
    """Bytes of the weights."""
    return sum(weight.numel() * weight.element_size() for weight in subject.encoder.state_dict().values())


def subject_of(store: Store, trained: Trained) -> Subject:
    """A run's encoder with what is known of it."""
    run, recipe = trained.run, trained.recipe
    title = encoder_size(recipe.encoder.name).title
    how = "imported" if recipe.method == IMPORTED else f"pretrained with {trained.method.title}"
    facts = {
        "run": {
            "id": run.id,
            "name": run.name,
            "step": trained.step,
            "seed": run.seed,
            "images seen": run.images_seen,
            "data fingerprint": run.fingerprint,
            "versions": run.versions,
        },
        "data": _data(store, run),
        "origin": dict(trained.origin),
        "scores": _scores(store, run.id),
    }
    return Subject(trained.encoder.eval(), recipe, f"{title} {how}", make_normalise(recipe), facts)


def _data(store: Store, run: Run) -> dict[str, Any]:
    """Which pictures it was trained on, where they were scanned: never where they lie."""
    if run.dataset_id is None:
        return {}
    try:
        found = get_dataset(store, run.dataset_id)
    except StoreError:  # its scan was forgotten
        return {}
    return {"name": found.name, "number of pictures": found.num_pictures, "classes": len(found.classes)}


def _scores(store: Store, run_id: int) -> dict[str, Any]:
    """The last values that were measured on the way, and every result of an evaluation."""
    series = series_summaries(store, [run_id]).get(run_id, {})
    last = {name: series[name].last_value for name in SCORES if name in series}
    results = {result.protocol: result.value for result in list_results(store, run_id)}
    return {name: value for name, value in {**last, **results}.items() if value is not None}
