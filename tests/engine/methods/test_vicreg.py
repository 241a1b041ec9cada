"""VICReg: its three terms by hand, and what each of them is for."""

import pytest
import torch

from engine.errors import SettingsError
from engine.methods.vicreg import VICReg, VICRegSettings, covariance_term, variance_term
from engine.nn.resnet import make_resnet
from engine.schedules import Progress


def make(**settings):
    torch.manual_seed(0)
    return VICReg(VICRegSettings(expander_width=16, **settings), make_resnet("resnet_nano", stem="fast"))


def test_the_variance_term_is_the_mean_shortfall_of_the_deviations():
    rows = torch.tensor([[0.0, 0.0, 1.0], [0.0, 4.0, 1.5]])
    expected = sum(max(0.0, 1 - (rows[:, d].var() + 1e-4) ** 0.5) for d in range(3)) / 3
    torch.testing.assert_close(variance_term(rows), torch.as_tensor(expected))


def test_the_covariance_term_counts_pairs_of_channels_and_not_the_channels_themselves():
    rows = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    matrix = torch.cov(rows.T)
    pairs = sum(matrix[i, j] ** 2 for i in range(4) for j in range(4) if i != j)
    torch.testing.assert_close(covariance_term(rows), pairs / 4)
    assert covariance_term(rows[:, :1]) == pytest.approx(0.0, abs=1e-6)


def test_each_weight_scales_its_own_term():
    views = {"views": torch.randn(6, 2, 3, 32, 32, generator=torch.Generator().manual_seed(1))}
    plain = make(invariance=1, variance=1, covariance=1)(views, Progress(0, 1, 1)).losses
    weighted = make(invariance=2, variance=3, covariance=5)(views, Progress(0, 1, 1)).losses
    for name, factor in {"invariance": 2, "variance": 3, "covariance": 5}.items():
        torch.testing.assert_close(weighted[name], factor * plain[name])


def test_equal_views_agree_perfectly():
    view = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    losses = make()({"views": torch.stack([view, view], dim=1)}, Progress(0, 1, 1)).losses
    assert losses["invariance"].item() == pytest.approx(0.0, abs=1e-9)
    assert losses["variance"] > 0


def test_a_batch_of_one_is_refused_in_words():
    with pytest.raises(SettingsError, match="one picture"):
        make().eval()({"views": torch.randn(1, 2, 3, 32, 32)}, Progress(0, 1, 1))
