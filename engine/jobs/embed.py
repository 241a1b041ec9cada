"""Features of every picture of a place, as a run's encoder sees them, in a file for use elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from engine.compute import make_compute
from engine.data.eval_loader import EvalBatch, make_eval_loader
from engine.data.picture_set import PictureSet
from engine.data.sources import open_pictures
from engine.errors import DataError, SettingsError
from engine.exports.disclosed import disclosed
from engine.exports.embedding_file import KINDS, check_kind
from engine.exports.whole import written_whole
from engine.file_names import place_as_text, place_from_text
from engine.jobs.embedded_rows import EmbeddedRows
from engine.jobs.taken_out import outputs_of, remember
from engine.jobs.trained import Trained, load_trained
from engine.local_path import local_path
from engine.nn.vit import ViTEncoder
from engine.parts import make_normalise
from engine.store import Store
from engine.value_range import parse_value_range

Pooling = Literal["auto", "cls", "mean", "patch"]
POOLINGS: Sequence[Pooling] = ("auto", "cls", "mean", "patch")
BATCH_SIZE = 128
BYTES = 4  # of a number of a vector
COPIES = 2
OnProgress = Callable[[int, int], None]


@dataclass
class Embedded:
    """What was written.

    Args:
        out: The file.
        vectors: Rows of it.
        width: D.
        pooling: What a vector is.
        skipped: Pictures that could not be read, each with its reason.
    """

    out: Path
    vectors: int
    width: int
    pooling: str
    skipped: list[str] = field(default_factory=list)


def embed_run(  # noqa: PLR0913 (what is embedded, with what, and where it goes)
    store: Store,
    run_id: int,
    location: str,
    out: Path,
    *,
    kind: str = "auto",
    pooling: Pooling = "auto",
    force: bool = False,
    device: str = "auto",
    workers: int = 0,
    on_progress: OnProgress | None = None,
) -> Embedded:
    """Write the features of all pictures of a place, in the order of the set; the whole file or none.

    Args:
        store: Where the run is.
        run_id: Whose encoder.
        location: Pictures, as for training.
        out: File to write, ending in .parquet or .npy (a .json beside it has the rows).
        kind: Layout of the pictures.
        pooling: "cls" the class token, "mean" the mean over patches or places, "patch" a vector of every patch; "auto"
            is what evaluations use: the class token, or the mean where the method is read so.
        force: Replace files that are there and that no run of this store wrote.
        device: Where to compute.
        workers: Loader processes.
        on_progress: Told of pictures done and all pictures.

    Raises:
        EngineError: In words, for a run, place, pooling or file that cannot be used.
    """
    out = local_path(out)
    check_kind(out)
    outputs = outputs_of(store, out, KINDS[out.suffix].names(out.name), force=force, pictures=location)
    outputs.check()
    pictures = open_pictures(location, kind)
    trained = load_trained(store, run_id)
    pictures.use_range(parse_value_range(trained.recipe.data.value_range))
    pooling = _checked(pooling, trained)
    facts = _facts(trained, pictures, pooling, outputs.folder)
    rows = EmbeddedRows(pictures)
    done = Embedded(out, 0, trained.encoder.width, pooling)
    outputs.check(needs=_needs(trained, pictures, pooling))
    with written_whole(outputs) as folder:
        file = KINDS[out.suffix](folder / out.name, done.width, facts)
        try:
            for batch, vectors in _vectors(trained, pictures, pooling, device, workers, done):
                flat = vectors.flatten(0, 1).numpy()
                file.add(flat, rows.of(batch, patches=vectors.shape[1] if pooling == "patch" else 0))
                done.vectors += len(flat)
                if on_progress is not None:
                    on_progress(int(batch.index[-1]) + 1, len(pictures))
        finally:
            file.close()
        if not done.vectors:
            raise DataError(f"No picture of {location} could be read.", "Choose another folder.")
    meta = {"pooling": pooling, "pictures": pictures.location, "vectors": done.vectors}
    remember(store, run_id, out, outputs, kind="embedding", step=trained.step, meta=meta)
    return done


def _needs(trained: Trained, pictures: PictureSet, pooling: str) -> int:
    """Bytes of the vectors: a NumPy file is copied once when the number of its rows is known."""
    encoder = trained.encoder
    patches = encoder.num_patches if pooling == "patch" and isinstance(encoder, ViTEncoder) else 1
    return COPIES * BYTES * encoder.width * patches * len(pictures)


def _checked(pooling: Pooling, trained: Trained) -> Pooling:
    is_vit, view = isinstance(trained.encoder, ViTEncoder), trained.view
    if pooling not in POOLINGS:
        raise SettingsError(
            f"There is no pooling '{pooling}'.", f"Choose one of {', '.join(POOLINGS)}.", field="pooling"
        )
    if pooling == "auto":
        return view.pooling
    if pooling in ("cls", "patch") and not is_vit:
        raise SettingsError(
            "A ResNet has neither class token nor patches.", "Choose mean, or auto.", field="pooling"
        )
    return pooling


@torch.no_grad()
def _vectors(
    trained: Trained, pictures: PictureSet, pooling: Pooling, device: str, workers: int, done: Embedded
) -> Iterator[tuple[EvalBatch, Tensor]]:
    """Batches of pictures with their vectors (B, 1 or N, D) in fp32 on the CPU."""
    view = trained.view
    compute = make_compute(device, view.precision)
    encoder = trained.encoder.to(compute.device).eval()
    normalise = make_normalise(trained.recipe).to(compute.device)
    batches = make_eval_loader(
        pictures,
        np.arange(len(pictures)),
        image_size=view.size,
        batch_size=BATCH_SIZE,
        workers=workers,
        channels=view.channels,
        on_skip=lambda _, reason: done.skipped.append(reason),
    )
    for batch in batches:
        images = normalise(batch.images.to(compute.device))
        if pooling == "patch" and isinstance(encoder, ViTEncoder):
            vectors = encoder.tokens(images)[:, 1:]
        else:
            vectors = encoder.features(images, pooling=pooling).unsqueeze(1)
        yield batch, vectors.float().cpu()


def _place(pictures: PictureSet, folder: Path) -> str:
    """Where the pictures are as seen from a folder that they lie in, else only what they are called."""
    place = place_from_text(pictures.location)
    is_near = ":" not in pictures.location and place.is_relative_to(folder) and place != folder
    return place_as_text(place.relative_to(folder)) if is_near else pictures.name


def _facts(trained: Trained, pictures: PictureSet, pooling: str, folder: Path) -> dict[str, Any]:
    """What the vectors are, for whoever opens the file in this folder; nothing of where on this computer it is."""
    return {
        "run": trained.run.id,
        "name": trained.run.name,
        "step": trained.step,
        "method": trained.recipe.method,
        "encoder": disclosed(trained.recipe.encoder.model_dump()),
        "pooling": pooling,
        "pictures": _place(pictures, folder),
        # With the range that was found here, where the run has none: imported, or trained on pictures of 8 bits.
        "view": replace(trained.view, deep_range=str(pictures.value_range or "")).as_dict(),
        "fingerprint": pictures.fingerprint(),
        "classes": list(pictures.classes),
        "origin": disclosed(trained.origin),
    }
