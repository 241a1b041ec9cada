"""Weighted k-NN against DINO's official numbers and on features with a known answer."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evaluation.knn import knn_accuracy, knn_votes


@pytest.mark.parity("dino_knn")
def test_votes_and_predictions_are_the_official_ones(official):
    k, temperature, classes = official.hyper["k"], official.hyper["T"], official.hyper["num_classes"]
    features = [official[f"in.{part}"] for part in ("train_features", "train_labels", "test_features")]
    votes = knn_votes(*features, classes, k=k, temperature=temperature)
    largest = official["out.votes"].max()
    torch.testing.assert_close(votes / largest, official["out.votes"] / largest, atol=1e-4, rtol=0)
    assert torch.equal(votes.argmax(1), official["out.prediction"])
    result = knn_accuracy(*features, official["in.test_labels"], k=k, temperature=temperature)
    assert result.top1 * 100 == pytest.approx(float(official["out.top1"]), abs=1e-4)
    assert result.top5 * 100 == pytest.approx(float(official["out.top5"]), abs=1e-4)


def test_the_golden_accuracy_of_the_official_code():
    train = torch.sin(torch.arange(500 * 16, dtype=torch.float64) * 0.731).reshape(500, 16).float()
    test = torch.cos(torch.arange(200 * 16, dtype=torch.float64) * 0.733).reshape(200, 16).float()
    result = knn_accuracy(train, torch.arange(500) % 7, test, torch.arange(200) % 7)
    assert result.top1 == pytest.approx(0.155)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(3, 30), st.integers(0, 1000))
def test_separable_features_are_classified_perfectly(classes, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(classes).repeat_interleave(per_class)
    features = torch.eye(classes)[labels] + 0.01 * torch.randn(len(labels), classes, generator=generator)
    result = knn_accuracy(features, labels, features, labels, k=min(20, per_class))
    assert result.top1 == 1.0


def test_fewer_training_pictures_than_neighbours_lower_k():
    features, labels = torch.eye(3), torch.arange(3)
    result = knn_accuracy(features, labels, features, labels)
    assert (result.k, result.top1) == (3, 1.0)
    assert math.isfinite(result.top1)
