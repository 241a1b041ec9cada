"""Batches: the same whatever makes them and wherever a run begins."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.data.epoch_order import batch_plan, epoch_order, picture_rng
from engine.data.eval_loader import make_eval_loader
from engine.data.loader import make_loader
from engine.data.sources import open_pictures
from engine.data.views import RandomResizedCrop, random_flip
from engine.errors import DataError


def make_view(picture, rng, crop):
    return {"image": random_flip(crop(picture, rng), rng), "noise": torch.from_numpy(rng.random(4))}


VIEW = partial(make_view, crop=RandomResizedCrop(16))


def batches(pictures, **changes):
    arguments = {"view_maker": VIEW, "batch_size": 4, "seed": 3, "start_step": 0, "total_steps": 7, **changes}
    return list(make_loader(pictures, pictures.train, **arguments))


def same(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert set(a) == set(b) == {"image", "noise", "index", "skipped"}
        assert all(torch.equal(a[name], b[name]) for name in ("image", "noise", "index"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(10):
        Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(tmp_path / f"{i}.png")
    return tmp_path


def test_two_loader_processes_give_the_same_batches_as_none(folder):
    pictures = open_pictures(folder)
    alone = batches(pictures)
    same(alone, batches(pictures, workers=2))
    assert alone[0]["image"].shape == (4, 3, 16, 16)
    assert alone[0]["image"].dtype == torch.uint8


def test_one_channel_is_read_as_grey(folder):
    assert batches(open_pictures(folder), channels=1)[0]["image"].shape == (4, 1, 16, 16)


def test_starting_at_a_batch_gives_the_tail_of_the_whole_run(folder):
    pictures = open_pictures(folder)
    whole = batches(pictures)
    for start in (1, 2, 5):
        same(whole[start:], batches(pictures, start_step=start))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**31 - 1), st.integers(0, 40), st.integers(0, 40)
)
def test_the_plan_of_a_resumed_run_is_the_tail_of_the_whole_plan(count, batch_size, seed, start, length):
    indices = np.arange(count, dtype=np.int64) * 3
    if batch_size > count:
        with pytest.raises(DataError, match="larger than the data set"):
            list(batch_plan(indices, batch_size=batch_size, seed=seed, first=0, last=1))
        return
    whole = list(batch_plan(indices, batch_size=batch_size, seed=seed, first=0, last=start + length))
    assert whole[start:] == list(
        batch_plan(indices, batch_size=batch_size, seed=seed, first=start, last=start + length)
    )
    epochs = [epoch for epoch, _ in whole]
    for epoch in set(epochs):
        shown = [i for e, batch in whole if e == epoch for i in batch]
        assert len(shown) == len(set(shown))
        assert set(shown) <= set(indices.tolist())


def test_every_epoch_has_its_own_order():
    indices = np.arange(50, dtype=np.int64)
    first, second = epoch_order(indices, 1, 0), epoch_order(indices, 1, 1)
    assert sorted(first) == sorted(second) == list(range(50))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, epoch_order(indices, 2, 0))


def test_streams_of_pictures_and_epochs_differ():
    draws = {picture_rng(s, e, i).random() for s in range(3) for e in range(3) for i in range(20)}
    assert len(draws) == 3 * 3 * 20


def test_a_broken_picture_is_replaced_by_the_next_one_and_reported_once(folder):
    (folder / "3.png").write_bytes(b"")
    told = []
    pictures = open_pictures(folder)
    made = batches(pictures, on_skip=lambda index, reason: told.append((index, reason)), total_steps=8)
    assert [index for index, _ in told] == [3]
    assert "3.png" in told[0][1]
    assert "empty" in told[0][1]
    assert all(3 not in batch["index"] for batch in made)
    same(made, batches(pictures, workers=2, total_steps=8))


def test_a_folder_that_is_gone_ends_the_run_in_words(folder):
    pictures = open_pictures(folder)
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(DataError, match="can be read any more") as caught:
        batches(pictures, workers=2)
    assert "resume" in caught.value.fix


def test_a_batch_larger_than_the_set_is_refused_before_anything_is_made(folder):
    with pytest.raises(DataError, match="larger than the data set of 10"):
        make_loader(
            open_pictures(folder),
            np.arange(10),
            view_maker=VIEW,
            batch_size=11,
            seed=0,
            start_step=0,
            total_steps=1,
        )


def test_making_batches_does_not_touch_the_generator_of_the_run(folder):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    batches(open_pictures(folder))
    assert torch.equal(before, torch.get_rng_state())


def test_evaluation_sees_every_readable_picture_in_order(folder):
    (folder / "2.png").write_bytes(b"no picture")
    pictures, told = open_pictures(folder), []
    seen = list(
        make_eval_loader(
            pictures, pictures.train, image_size=16, batch_size=3, on_skip=lambda *s: told.append(s)
        )
    )
    assert torch.cat([batch.index for batch in seen]).tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 9]
    assert all(batch.images.shape[1:] == (3, 16, 16) for batch in seen)
    assert set(torch.cat([batch.labels for batch in seen]).tolist()) == {-1}
    assert told[0][0] == 2
