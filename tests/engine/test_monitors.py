"""Signs of collapse, on features whose answer is known."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from engine.monitors import effective_rank, feature_spread, mean_cosine, momentum_norm
from engine.nn.lars import LARS


def random_features(number, width, seed=0):
    return torch.randn(number, width, generator=torch.Generator().manual_seed(seed))


def test_collapsed_features_have_no_spread_and_rank_one():
    features = torch.ones(100, 1) * torch.randn(1, 16, generator=torch.Generator().manual_seed(0))
    assert feature_spread(features) == pytest.approx(0, abs=1e-5)
    assert effective_rank(features) == pytest.approx(1, abs=1e-3)


def test_features_spread_evenly_over_the_sphere_score_one():
    features = torch.randn(5000, 32, generator=torch.Generator().manual_seed(0))
    assert feature_spread(features) == pytest.approx(1, abs=0.02)
    assert effective_rank(features) == pytest.approx(32, abs=0.5)


def test_the_golden_rank_of_a_decaying_spectrum():
    assert effective_rank(golden_features()) == pytest.approx(1.628271, abs=1e-5)


def golden_features():
    """Features whose spread and rank were computed with the official code."""
    waves = torch.sin(torch.arange(64 * 16, dtype=torch.float64) * 0.37).reshape(64, 16)
    return waves * 2.0 ** -torch.arange(16, dtype=torch.float64)


def test_the_golden_spread_of_a_decaying_spectrum():
    assert feature_spread(golden_features()) / 16**0.5 == pytest.approx(0.122376, abs=1e-6)


@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 1000))
def test_the_mean_cosine_is_that_of_the_pairs_written_out(number, width, seed):
    features = random_features(number, width, seed).double() + 0.3
    normalised = F.normalize(features, dim=1)
    table = normalised @ normalised.T
    pairs = table[~torch.eye(number, dtype=torch.bool)]
    assert mean_cosine(features) == pytest.approx(float(pairs.mean()), abs=1e-9)


def test_features_that_agree_have_cosine_one_and_opposite_ones_minus_one():
    assert mean_cosine(torch.ones(10, 1) * random_features(1, 16)) == pytest.approx(1, abs=1e-6)
    assert mean_cosine(torch.tensor([[1.0, 2.0], [-1.0, -2.0]])) == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "share"),
    [
        (lambda params: torch.optim.AdamW(params, lr=0.0, betas=(0.9, 0.95)), 0.1),
        (lambda params: torch.optim.SGD(params, lr=0.0, momentum=0.9), 1.0),
        (lambda params: LARS(params, lr=0.0, momentum=0.9), 1.0),
    ],
)
def test_momentum_after_one_step_is_the_gradient_times_its_share(make, share):
    weights = [torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(1))]
    optimizer = make(weights)
    assert momentum_norm(optimizer) == 0
    weights[0].grad, weights[1].grad = torch.tensor([3.0, 0.0, 0.0]), torch.tensor([4.0])
    optimizer.step()
    assert float(momentum_norm(optimizer)) == pytest.approx(5 * share)


def test_an_optimizer_without_momentum_has_none():
    weight = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    weight.grad = torch.ones(3)
    optimizer.step()
    assert momentum_norm(optimizer) == 0
