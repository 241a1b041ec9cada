"""Signs of collapse, on features whose answer is known."""

import pytest
import torch

from engine.monitors import effective_rank, feature_spread


def test_collapsed_features_have_no_spread_and_rank_one():
    features = torch.ones(100, 1) * torch.randn(1, 16, generator=torch.Generator().manual_seed(0))
    assert feature_spread(features) == pytest.approx(0, abs=1e-5)
    assert effective_rank(features) == pytest.approx(1, abs=1e-3)


def test_features_spread_evenly_over_the_sphere_score_one():
    features = torch.randn(5000, 32, generator=torch.Generator().manual_seed(0))
    assert feature_spread(features) == pytest.approx(1, abs=0.02)
    assert effective_rank(features) == pytest.approx(32, abs=0.5)


def test_the_golden_rank_of_a_decaying_spectrum():
    waves = torch.sin(torch.arange(64 * 16, dtype=torch.float64) * 0.37).reshape(64, 16)
    features = waves * 2.0 ** -torch.arange(16, dtype=torch.float64)
    assert effective_rank(features) == pytest.approx(1.628271, abs=1e-5)
