"""Looks into a run that was really trained."""

import numpy as np
import pytest
from PIL import Image

from engine.errors import CheckpointError, SettingsError
from engine.jobs.looks import Looks
from engine.jobs.pretrain import run as do_run
from engine.store import list_artifacts

pytestmark = pytest.mark.slow


@pytest.fixture
def trained(store, make_claimed):
    return do_run(store, make_claimed(training__steps=2, training__warmup_epochs=0.1).id)


def test_attention_of_the_sets_pictures_and_of_a_file_at_the_size_that_is_asked(store, trained, tmp_path):
    looks = Looks(store)
    look = looks.answer({"op": "attention", "run": trained.id, "picture": 3})
    assert look.arrays["attention"].shape == (3, 4, 4)
    assert look.arrays["picture"].shape == (32, 32, 3)
    assert look.info["step"] == 2
    own = tmp_path / "own.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)).save(own)
    checkpoint = list_artifacts(store, trained.id, "checkpoint")[-1]
    request = {"op": "attention", "run": trained.id, "artifact": checkpoint.id, "size": 64}
    look = looks.answer({**request, "picture": str(own)})
    assert look.arrays["attention"].shape == (3, 8, 12)
    assert look.info["grid"] == [8, 12]


def test_what_cannot_be_looked_at_is_a_sentence(store, trained):
    looks = Looks(store)
    with pytest.raises(SettingsError, match="no patch"):
        looks.answer({"op": "attention", "run": trained.id, "size": 4})
    with pytest.raises(CheckpointError, match="cleared since"):
        looks.answer({"op": "attention", "run": trained.id, "artifact": 999})
