"""The contrastive loss: what it must give in cases that can be worked out, and what it must not notice."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.nn.contrast import Others, nt_xent, unit_length
from engine.nn.memory import RowMemory


def make_pair(count=6, width=5, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    draws = torch.randn(2, count, width, generator=generator, dtype=dtype)
    first, second = draws / draws.norm(dim=-1, keepdim=True)
    return first.requires_grad_(), second.requires_grad_()


def plain_loss(first, second, temperature, beta=0.0, memory=None):
    """Eq. 4 of Robinson et al. without the correction, by the book: sums of exponentials, one anchor at a time."""
    total = 0.0
    for anchors, others in ((first, second), (second, first)):
        for i, anchor in enumerate(anchors):
            rows = [*(row for j, row in enumerate(others) if j != i)]
            rows += [row for j, row in enumerate(anchors) if j != i]
            rows += [] if memory is None else list(memory)
            negatives = torch.stack([torch.exp(anchor @ row / temperature) for row in rows])
            weights = negatives**beta
            positive = torch.exp(anchor @ others[i] / temperature)
            reweighted = (weights * negatives).sum() / weights.mean()
            total = total - torch.log(positive / (positive + reweighted)) / len(first)
    return total


@pytest.mark.parametrize("beta", [0.0, 0.5, 2.0])
def test_the_loss_and_its_gradient_are_those_of_the_formula(beta):
    pair, same = make_pair(), make_pair()
    loss = nt_xent(*pair, temperature=0.3, hardness=beta).loss
    expected = plain_loss(*same, 0.3, beta)
    torch.testing.assert_close(loss, expected)
    for ours, theirs in zip(
        torch.autograd.grad(loss, pair), torch.autograd.grad(expected, same), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_remembered_rows_are_further_negatives_and_empty_places_are_none(beta):
    (first, second), (memory, _) = make_pair(), make_pair(7, seed=1)
    is_filled = torch.arange(7) < 4
    others = Others(first, second, memory=memory.detach(), is_filled=is_filled)
    loss = nt_xent(first, second, temperature=0.3, others=others, hardness=beta).loss
    torch.testing.assert_close(loss, plain_loss(first, second, 0.3, beta, memory[:4]))
    empty = Others(first, second, memory=memory.detach(), is_filled=torch.zeros(7, dtype=torch.bool))
    torch.testing.assert_close(
        nt_xent(first, second, temperature=0.3, others=empty, hardness=beta).loss,
        nt_xent(first, second, temperature=0.3, hardness=beta).loss,
    )


def test_views_that_are_all_alike_cost_the_logarithm_of_their_number():
    rows = torch.ones(8, 4) / 2
    contrast = nt_xent(rows, rows, temperature=0.1)
    assert contrast.loss.item() == pytest.approx(2 * math.log(2 * 8 - 1), rel=1e-5)
    assert contrast.entropy.item() == pytest.approx(math.log(8), rel=1e-5)
    assert contrast.hardest.item() == pytest.approx(1.0, rel=1e-5)


def test_views_that_are_told_apart_are_found():
    rows = torch.eye(5)
    contrast = nt_xent(rows, rows, temperature=0.05)
    assert contrast.accuracy.item() == 1.0
    assert contrast.loss.item() < 1e-6
    assert contrast.entropy.item() < 1e-5
    assert contrast.hardest.item() == pytest.approx(0.0, abs=1e-6)


def test_an_anchors_own_first_view_does_not_count_in_the_accuracy():
    """The most similar row of all is another first view, yet among the second views the own one wins."""
    first = unit_length(torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.05, 0.0]]))
    second = unit_length(torch.tensor([[1.0, -0.6, 0.0], [1.0, 0.6, 0.0]]))
    contrast = nt_xent(first, second, temperature=0.1)
    assert contrast.accuracy.item() == 1.0
    assert contrast.loss.item() > 2 * math.log(2)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.floats(0.05, 1.0), st.sampled_from([0.0, 1.0]))
def test_pictures_of_several_processes_cost_what_they_cost_in_one(share, temperature, beta):
    """The mean of the processes' losses, and its gradient, are those of one process with all pictures."""
    pair, same = make_pair(2 * share), make_pair(2 * share)
    whole = nt_xent(*pair, temperature=temperature, hardness=beta).loss
    parts = [
        nt_xent(
            same[0][at : at + share],
            same[1][at : at + share],
            temperature=temperature,
            others=Others(*same, offset=at),
            hardness=beta,
        ).loss
        for at in (0, share)
    ]
    mean = torch.stack(parts).mean()
    torch.testing.assert_close(whole, mean)
    for ours, theirs in zip(torch.autograd.grad(whole, pair), torch.autograd.grad(mean, same), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("beta", [0.0, 1.0])
@pytest.mark.parametrize("count", [1, 2])
def test_few_pictures_and_half_precision_give_finite_gradients(beta, count):
    raw = torch.randn(2, count, 4, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        halved = raw @ torch.eye(4)
        assert halved.dtype == torch.bfloat16
        contrast = nt_xent(*unit_length(halved), temperature=0.01, hardness=beta)
    assert contrast.loss.dtype == torch.float32
    contrast.loss.backward()
    assert torch.isfinite(contrast.loss)
    assert torch.isfinite(contrast.hardest)
    assert torch.isfinite(raw.grad).all()


def test_a_row_of_zeros_has_no_direction_and_no_endless_gradient():
    rows = torch.zeros(1, 3, requires_grad=True)
    unit_length(rows).sum().backward()
    assert torch.equal(unit_length(rows), rows)
    assert torch.isfinite(rows.grad).all()


def test_a_memory_keeps_the_newest_rows():
    memory = RowMemory(5, 1)
    assert not memory.is_filled.any()
    memory.write(torch.tensor([[1.0], [2.0], [3.0]]))
    assert memory.is_filled.tolist() == [True, True, True, False, False]
    memory.write(torch.tensor([[4.0], [5.0], [6.0]]))
    assert sorted(memory.rows.flatten().tolist()) == [2.0, 3.0, 4.0, 5.0, 6.0]
    memory.write(torch.arange(10.0, 19.0)[:, None])
    assert sorted(memory.rows.flatten().tolist()) == [14.0, 15.0, 16.0, 17.0, 18.0]
    again = RowMemory(5, 1)
    again.load_state_dict(memory.state_dict())
    again.write(torch.tensor([[20.0]]))
    assert sorted(again.rows.flatten().tolist()) == [15.0, 16.0, 17.0, 18.0, 20.0]
