"""Batches of views for a whole run, made by loader processes.

A batch depends on seed, epoch and pictures only: neither on the number of processes nor on where the run began.
"""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext, ForkServerContext
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, get_worker_info

from engine.data.epoch_order import WHOLE, Share, batch_plan, batches_per_epoch, picture_rng
from engine.data.parent_watch import end_with_parent
from engine.data.picture_set import PictureSet
from engine.data.readable import ReadableSet, Skipped
from engine.data.shared_room import NO_ROOM, SharedRoom
from engine.errors import DataError

ViewMaker = Callable[[Tensor, np.random.Generator], Mapping[str, Tensor]]
Batch = dict[str, Any]
BatchMaker = Callable[[tuple[int, list[int]]], Batch]
OnSkip = Callable[[int, str], None]
OnNote = Callable[[str], None]

# Key of a request that a loader process sends back.
UNMADE = "unmade"

# Batches that wait, ready, per loader process.
PREFETCH = 3

# What a loader process needs and what takes long to import. Not the methods, whose timm takes as long as torch itself:
# view makers live in engine.data.
SLOW_IMPORTS = ("torch", "cv2", "engine.data.loader")


class _TrainBatches:
    """Makes the batch of one epoch and some picture numbers; lives in the loader processes."""

    def __init__(self, pictures: ReadableSet, view_maker: ViewMaker, seed: int) -> None:
        self.pictures = pictures
        self.view_maker = view_maker
        self.seed = seed

    def __call__(self, request: tuple[int, list[int]]) -> Batch:
        epoch, wanted = request
        skipped: Skipped = []
        shown, views = [], []
        for index in wanted:
            number, picture = self.pictures.read(index, skipped)
            shown.append(number)
            views.append(self.view_maker(picture, picture_rng(self.seed, epoch, index)))
        batch: Batch = {name: torch.stack([view[name] for view in views]) for name in views[0]}
        labels = self.pictures.pictures.labels
        if labels is not None:
            batch["label"] = torch.from_numpy(labels[shown])
        return {**batch, "index": torch.tensor(shown, dtype=torch.int64), "skipped": skipped}


class _Requests(Dataset[Batch]):
    """Hands whole requests to a batch maker; an error of ours travels as a value, because it has two sentences."""

    def __init__(self, make_batch: BatchMaker) -> None:
        self.make_batch = make_batch
        self.room = SharedRoom()

    def __getitem__(self, request: tuple[int, list[int]]) -> Batch:
        is_loader_process = get_worker_info() is not None
        if is_loader_process and not self.room.is_likely:
            return {UNMADE: request}
        try:
            batch = self.make_batch(request)
        except DataError as error:
            return {"error": (error.message, error.fix)}
        return {UNMADE: request} if is_loader_process and not self.room.takes(batch) else batch


class _Plan(Sampler[tuple[int, list[int]]]):
    """The requests of a run in order."""

    def __init__(self, make_plan: Callable[[], Iterator[tuple[int, list[int]]]], length: int) -> None:
        self.make_plan = make_plan
        self.length = length

    def __iter__(self) -> Iterator[tuple[int, list[int]]]:
        return self.make_plan()

    def __len__(self) -> int:
        return self.length


def make_loader(  # noqa: PLR0913 (all by name; each is a fact of the run)
    pictures: PictureSet,
    indices: NDArray[np.int64],
    *,
    view_maker: ViewMaker,
    batch_size: int,
    seed: int,
    start_step: int,
    total_steps: int,
    workers: int = 0,
    channels: int = 3,
    on_skip: OnSkip | None = None,
    on_note: OnNote | None = None,
    pin_memory: bool = False,
    share: Share = WHOLE,
) -> Generator[Batch, None, None]:
    """Make the batches ``start_step`` to ``total_steps`` - 1 of a run.

    Args:
        pictures: The set.
        indices: The pictures to learn from; every epoch shows each at most once, in a new order.
        view_maker: Picklable function from a (C, H, W) uint8 picture and a generator to named tensors.
        batch_size: Pictures in a batch, of all processes.
        seed: Of the run.
        start_step: Number of the first batch wanted; the batches before it cost nothing.
        total_steps: Batches of the whole run.
        workers: Loader processes; 0 makes the batches in this process.
        channels: 1 or 3.
        on_skip: Told once of every picture that could not be read: its number and the reason.
        on_note: Told in a sentence what a person should know of how batches come about.
        pin_memory: True for a CUDA device.
        share: The part of every batch that this process makes, where several train together.

    Returns:
        A generator of batches: the views of the maker stacked along a new first axis, ``index`` (B,) int64 and
        ``skipped``, a list of (index, reason) of pictures replaced by the next readable one, each once a run.
        Close it to end the loader processes early.

    Raises:
        DataError: When a batch is larger than the set, here, or, while iterating, when no picture can be read any more
            or a loader process was ended.
    """
    batches_per_epoch(len(indices), batch_size)
    maker = _TrainBatches(ReadableSet(pictures, indices, channels), view_maker, seed)

    def plan() -> Iterator[tuple[int, list[int]]]:
        return batch_plan(
            indices, batch_size=batch_size, seed=seed, first=start_step, last=total_steps, share=share
        )

    requests = _Plan(plan, max(0, total_steps - start_step))
    return run_requests(
        maker, requests, workers=workers, on_skip=on_skip, on_note=on_note, pin_memory=pin_memory
    )


def run_requests(
    maker: BatchMaker,
    requests: Sampler[tuple[int, list[int]]],
    *,
    workers: int,
    on_skip: OnSkip | None,
    on_note: OnNote | None = None,
    pin_memory: bool = False,
) -> Generator[Batch, None, None]:
    """Have batches made in loader processes and yield them in order; see ``make_loader``.

    A batch that a loader process cannot hand over, for want of shared memory, is made in this one.
    """
    loader: DataLoader[Batch] = DataLoader(
        _Requests(maker),
        batch_size=None,
        sampler=requests,
        num_workers=workers,
        multiprocessing_context=_context() if workers else None,
        worker_init_fn=_prepare_worker if workers else None,
        prefetch_factor=PREFETCH if workers else None,
        pin_memory=pin_memory,
        # A generator of its own: without one, starting the loader would draw from the run's.
        generator=torch.Generator(),
    )
    reported: set[int] = set()
    notes = [NO_ROOM]  # what is still to be said
    with closing(_received(loader)) as batches:
        for received in batches:
            if UNMADE in received and on_note is not None and notes:
                on_note(notes.pop())
            batch = _Requests(maker)[received[UNMADE]] if UNMADE in received else received
            if "error" in batch:
                raise DataError(*batch["error"])
            batch["skipped"] = _first_time(batch["skipped"], reported)
            if on_skip is not None:
                for index, reason in batch["skipped"]:
                    on_skip(index, reason)
            yield batch


def _received(loader: DataLoader[Batch]) -> Generator[Batch, None, None]:
    """What the loader processes send; none of them lives on afterwards.

    Raises:
        DataError: When one of them is gone.
    """
    with _out_of_reach_of_ctrl_c():
        batches = iter(loader)
    processes = list(getattr(batches, "_workers", ()))
    try:
        while (batch := next(batches, None)) is not None:
            yield batch
    except (RuntimeError, OSError, EOFError) as problem:
        if all(process.is_alive() for process in processes):
            raise
        raise DataError(
            "A loader process was ended from outside, as the system does when memory runs out.",
            "Resume the run; if it happens again, take fewer loader processes (training.workers) or a smaller batch.",
        ) from problem
    finally:
        del batches  # asks them to end and waits for a while
        for process in processes:
            if process.is_alive():  # it hangs, on a disk that does not answer or because it was halted
                process.kill()


def _first_time(skipped: Sequence[tuple[int, str]], reported: set[int]) -> Skipped:
    """Keep what was not reported before; a damaged picture comes up every epoch."""
    fresh = [(index, reason) for index, reason in dict(skipped).items() if index not in reported]
    reported.update(index for index, _ in fresh)
    return fresh


def _context() -> BaseContext:
    """How loader processes start: never by forking this one, which may have used CUDA or threads.

    The fork server loads once what this process has loaded, so that each loader process starts in milliseconds instead
    of importing torch for seconds.
    """
    if sys.platform in ("win32", "darwin"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["__main__", *(module for module in SLOW_IMPORTS if module in sys.modules)]
    )
    return context


def warm_loaders() -> None:
    """Start getting ready for loader processes in the background, while this process builds its network."""
    if isinstance(_context(), ForkServerContext):
        with _out_of_reach_of_ctrl_c():
            forkserver.ensure_running()


@contextmanager
def _out_of_reach_of_ctrl_c() -> Iterator[None]:
    """Processes that are started inside never see Ctrl-C, which a terminal sends to all of them.

    Only the run may decide what it means: a fork server that it reaches while it still imports torch dies, and the
    run with it. Here the signal waits until the block is left, so that it is not lost.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it would be started inside, and sets the signals free again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_worker(_: int) -> None:
    """One thread per loader process, for the processes are the parallelism; and none that outlives the run."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    end_with_parent()
