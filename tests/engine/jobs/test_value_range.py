"""A run keeps the range of values that it found, and whatever uses the run reads pictures by it."""

import numpy as np
import pytest
from PIL import Image

from engine.data.decode import read_picture
from engine.jobs.embed import embed_run
from engine.jobs.looks import Looks
from engine.jobs.pretrain import run as pretrain
from engine.jobs.trained import load_trained
from engine.store import RunStatus, events_after


def save(folder, top, count=16):
    rng = np.random.default_rng(top)
    for name in "ab":
        (folder / name).mkdir(parents=True)
        for number in range(count // 2):
            values = rng.integers(0, top + 1, (32, 32)).astype(np.uint16)
            values[0, 0] = top
            Image.fromarray(values).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def trained(store, make_claimed, tmp_path):
    """A run on pictures of 12 bits in files of 16, of which nobody was told the range."""
    folder = save(tmp_path / "deep", 4095)
    claimed = make_claimed(data__location=str(folder), training__steps=2, training__warmup_epochs=0)
    done = pretrain(store, claimed.id)
    assert done.status is RunStatus.FINISHED, done.error
    return done


def test_the_range_is_told_kept_and_used(store, trained, tmp_path):
    assert trained.versions["value range"] == "0:4095"
    assert any(
        "values 0:4095 become black to white" in event.message
        for event in events_after(store, run_id=trained.id)
    )
    assert load_trained(store, trained.id).recipe.data.value_range == "0:4095"
    # Elsewhere as well: pictures that reach a quarter of the range stay dark.
    dark = save(tmp_path / "dark", 1023, count=4)
    embed_run(store, trained.id, str(dark), tmp_path / "dark.npy")
    embed_run(store, trained.id, trained.recipe["data"]["location"], tmp_path / "own.npy")
    eight_bit = tmp_path / "levels"
    for path in sorted(dark.rglob("*.png")):
        (eight_bit / path.parent.name).mkdir(parents=True, exist_ok=True)
        levels = np.rint(np.asarray(Image.open(path)) * (255 / 4095)).astype(np.uint8)
        Image.fromarray(levels).save(eight_bit / path.parent.name / path.name)
    embed_run(store, trained.id, str(eight_bit), tmp_path / "levels.npy")
    np.testing.assert_allclose(np.load(tmp_path / "dark.npy"), np.load(tmp_path / "levels.npy"), atol=1e-6)


def test_a_picture_of_ones_own_is_looked_at_in_the_range_of_the_run(store, trained, tmp_path):
    values = np.full((32, 32), 1023, np.uint16)
    Image.fromarray(values).save(tmp_path / "own.png")
    assert read_picture(tmp_path / "own.png").max() == 255
    look = Looks(store).answer({"op": "attention", "run": trained.id, "picture": str(tmp_path / "own.png")})
    assert abs(int(look.arrays["picture"].max()) - 64) <= 1
