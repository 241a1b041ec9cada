"""The supervised baseline: what it learns from, what it leaves alone and what it refuses."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.declared import make_recipe
from engine.errors import DataError
from engine.methods.supervised import Supervised, SupervisedSettings
from engine.nn.resnet import make_resnet
from engine.parts import make_method, method_parts
from engine.schedules import Progress

NOW = Progress(0, 10, 5)


def make_supervised(num_classes=3, **settings):
    torch.manual_seed(0)
    return Supervised(SupervisedSettings(**settings), make_resnet("resnet_nano", stem="fast"), num_classes)


def make_batch(labels):
    torch.manual_seed(1)
    return {"views": torch.rand(len(labels), 1, 3, 32, 32), "label": torch.tensor(labels)}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_pictures_without_a_label_do_not_count(smoothing):
    method = make_supervised(label_smoothing=smoothing).eval()
    batch = make_batch([0, -1, 2, -1])
    output = method(batch, NOW)
    logits = method.head(method.encoder.features(batch["views"][::2, 0]))
    expected = F.cross_entropy(logits, torch.tensor([0, 2]), label_smoothing=smoothing)
    torch.testing.assert_close(output.loss, expected)
    right = (logits.argmax(1) == torch.tensor([0, 2])).float().mean()
    torch.testing.assert_close(output.monitors["accuracy"], right)


def test_a_batch_without_any_label_costs_nothing_and_changes_nothing():
    method = make_supervised()
    output = method(make_batch([-1, -1]), NOW)
    output.loss.backward()
    assert output.loss.item() == 0.0
    assert output.monitors["accuracy"].item() == 0.0
    assert all(not parameter.grad.any() for parameter in method.parameters())


def test_labels_are_learned():
    method, batch = make_supervised(), make_batch([0, 1, 2, 0, 1, 2])
    optimizer = torch.optim.AdamW(method.parameters(), lr=2e-3)
    for step in range(30):
        output = method(batch, Progress(step, 30, 5))
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
    assert output.monitors["accuracy"].item() == 1.0
    assert output.loss.item() < 0.1


def test_a_view_is_only_cropped_and_mirrored():
    method_class, settings, spec = method_parts(make_recipe("supervised", "quick"))
    maker = method_class.views(settings, spec)
    picture = torch.zeros(3, 40, 50, dtype=torch.uint8)
    picture[0], picture[1] = 200, 30
    view = maker(picture, np.random.default_rng(0))["views"]
    assert view.shape == (1, 3, 32, 32)
    assert torch.equal(view[0], picture[:, :1, :1].expand(3, 32, 32))


def test_pictures_of_one_class_are_refused_in_words():
    with pytest.raises(DataError, match="tell classes apart") as refused:
        make_method(make_recipe("supervised", "quick"), num_classes=1)
    assert "folder per class" in refused.value.fix
