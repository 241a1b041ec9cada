"""Looks into a run that was really trained."""

import numpy as np
import pytest
import torch
from PIL import Image

from engine.checkpoint import load_checkpoint
from engine.declared import make_recipe
from engine.errors import CheckpointError, DataError, SettingsError
from engine.inspection.attention import class_attention
from engine.jobs.looks import Looks
from engine.jobs.pretrain import run as do_run
from engine.parts import make_method
from engine.store import claim_run, create_run, list_artifacts

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


def test_where_a_method_has_a_teacher_its_attention_is_shown(store, picture_folder):
    sizes = {"encoder.name": "vit_nano", "encoder.image_size": 32, "encoder.patch_size": 8}
    length = {"training.batch_size": 8, "training.steps": 2, "training.warmup_epochs": 0.1}
    plain = {"training.workers": 0, "training.knn_every_epochs": 0, "training.device": "cpu"}
    changes = {**sizes, **length, **plain, "data.location": str(picture_folder(each=16))}
    recipe = make_recipe("dino", "quick", changes)
    run = create_run(store, name="a teacher", method="dino", recipe=recipe.model_dump(), seed=0)
    claim_run(store, device="cpu", host="here", run_id=run.id)
    do_run(store, run.id)

    found = Looks(store).answer({"op": "attention", "run": run.id, "picture": 0})
    method = make_method(recipe)
    content = load_checkpoint(list_artifacts(store, run.id, "checkpoint")[-1].path)
    method.load_state_dict(content.weights)
    images = method.normalise(3)(torch.from_numpy(found.arrays["picture"]).permute(2, 0, 1)[None])
    assert method.evaluated_encoder is not method.encoder
    with torch.no_grad():
        teacher, student = (
            class_attention(encoder.eval(), images)[0]
            for encoder in (method.evaluated_encoder, method.encoder)
        )
    torch.testing.assert_close(torch.from_numpy(found.arrays["attention"]), teacher)
    assert not torch.allclose(teacher, student, rtol=1e-5, atol=1e-7)


def test_what_cannot_be_looked_at_is_a_sentence(store, trained):
    looks = Looks(store)
    with pytest.raises(SettingsError, match="no patch"):
        looks.answer({"op": "attention", "run": trained.id, "size": 4})
    with pytest.raises(CheckpointError, match="cleared since"):
        looks.answer({"op": "attention", "run": trained.id, "artifact": 999})


def test_a_preview_looks_past_pictures_that_cannot_be_read(store, picture_folder):
    folder = picture_folder(each=4)
    first = min(folder.rglob("*.png"))
    first.write_bytes(b"no picture")
    recipe = make_recipe("simclr", "quick", {"data.location": str(folder)})
    looks = Looks(store)
    shown = looks.answer({"op": "preview", "recipe": recipe.model_dump(mode="json"), "picture": 0})
    after = looks.answer({"op": "preview", "recipe": recipe.model_dump(mode="json"), "picture": 1})
    assert all((shown.arrays[name] == after.arrays[name]).all() for name in after.arrays)
    for file in folder.rglob("*.png"):
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match="not a picture"):
        looks.answer({"op": "preview", "recipe": recipe.model_dump(mode="json"), "picture": 0})
