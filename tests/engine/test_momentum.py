"""A target follows its online network by the share that is asked for, parameters only."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.nn.momentum import follow, frozen_copy


def make_network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2, bias=False))


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 1))
def test_every_parameter_moves_by_the_same_share(momentum):
    online, target = make_network(0), frozen_copy(make_network(1))
    before = [value.clone() for value in target.parameters()]
    follow(target, online, momentum)
    for old, now, goal in zip(before, target.parameters(), online.parameters(), strict=True):
        torch.testing.assert_close(now, momentum * old + (1 - momentum) * goal.detach())


def test_statistics_stay_the_targets_own_and_nothing_of_it_is_trained():
    online = make_network(0)
    target = frozen_copy(online)
    online(torch.randn(8, 4))
    follow(target, online, 0.0)
    assert torch.equal(target[1].running_mean, torch.zeros(3))
    assert not torch.equal(online[1].running_mean, torch.zeros(3))
    assert not any(parameter.requires_grad for parameter in target.parameters())
    assert all(parameter.requires_grad for parameter in online.parameters())
