"""Decides whether a run keeps its decoded pictures, and has them kept."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from engine.data.picture_cache import build_cache, expected_bytes, open_cache
from engine.data.picture_set import PictureSet
from engine.errors import DataError
from engine.jobs.assembly import Assembly
from engine.store import Store

# A cache is built by itself where it saves so much decoding, in seconds of one core.
WORTH_SECONDS = 60.0
SAMPLE = 32

Say = Callable[[str], None]


def cache_folder(store: Store) -> Path:
    """Where the runs of a store keep decoded pictures."""
    return store.folder / "cache"


def existing_cache(assembly: Assembly, folder: Path) -> PictureSet:
    """The run's pictures, from a cache where there is one already."""
    if not _can_be_cached(assembly):
        return assembly.pictures
    channels = assembly.recipe.data.channels
    return open_cache(assembly.pictures, folder, channels=channels) or assembly.pictures


def with_cache(
    assembly: Assembly, folder: Path, *, say: Say, enter: Say, must_stop: Callable[[], bool]
) -> PictureSet:
    """Return the run's pictures, from a cache where the recipe wants one or, on "auto", where it pays.

    A cache that cannot be made costs time and no run: the pictures are then read as they are, with a sentence why.

    Args:
        assembly: The run.
        folder: Where caches lie.
        say: Told what the person should know.
        enter: Told what is being done, for the run's phase.
        must_stop: Asked now and then; True gives the building up.
    """
    data, pictures = assembly.recipe.data, existing_cache(assembly, folder)
    if pictures is not assembly.pictures or not _can_be_cached(assembly):
        return pictures
    if data.cache == "auto" and not _pays(assembly, folder):
        return pictures
    told = 0.0

    def on_progress(done: int, total: int) -> bool:
        nonlocal told
        if time.monotonic() - told > 0.5 or done == total:
            told = time.monotonic()
            enter(f"building the picture cache, {100 * done // total} %")
            return must_stop()
        return False

    enter("building the picture cache")
    try:
        built = build_cache(
            pictures,
            pictures.train,
            folder,
            channels=data.channels,
            most_bytes=round(data.cache_gib * 2**30),
            threads=max(1, assembly.loader_workers),
            on_progress=on_progress,
        )
    except DataError as problem:
        say(f"{problem.message} {problem.fix}")
        return pictures
    return built or pictures


def _can_be_cached(assembly: Assembly) -> bool:
    """Pictures that are no files are in memory or mapped already."""
    first = int(assembly.pictures.train[0])
    return assembly.recipe.data.cache != "off" and assembly.pictures.path(first) is not None


def _pays(assembly: Assembly, folder: Path) -> bool:
    """Whether decoding once saves a minute or more, and the decoded pictures fit the bound, the disk and the memory."""
    data, pictures, train = assembly.recipe.data, assembly.pictures, assembly.pictures.train
    sample = np.unique(np.linspace(0, len(train) - 1, SAMPLE).astype(np.int64))
    started = time.process_time()
    size = expected_bytes(pictures, train[sample].tolist(), data.channels) * len(train)
    seconds = (time.process_time() - started) / len(sample)
    shown = assembly.plan.total_batches * assembly.recipe.training.batch_size
    if seconds * (shown - len(train)) < WORTH_SECONDS:
        return False
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    # Pages that do not stay in memory are read from the disk again, which is hardly faster than decoding.
    room = min(
        data.cache_gib * 2**30, shutil.disk_usage(existing).free / 2, psutil.virtual_memory().available / 2
    )
    return size < room
