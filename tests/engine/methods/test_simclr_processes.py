"""SimCLR in two processes: each contrasts its pictures with those of both."""

import pytest
import torch
from torch import distributed
from torch.distributed import ReduceOp

from engine.methods.simclr import SimCLR, SimCLRSettings
from engine.nn.vit import make_vit
from engine.schedules import Progress
from tests.engine.processes import PROCESSES, in_two_processes

PICTURES = 6


def loss_and_gradient(views, **settings):
    """The loss of two steps and the gradient of the encoder in the second.

    A transformer and one projection layer in evaluation mode: no statistics of a batch, which are another test's.
    """
    torch.manual_seed(0)
    encoder = make_vit(width=24, depth=1, heads=2, image_size=16, patch_size=8)
    method = SimCLR(SimCLRSettings(projection_width=8, **settings), encoder).eval()
    for step in range(2):
        loss = method({"views": views[step]}, Progress(step, 10, 5)).loss
        method.zero_grad()
        loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in method.encoder.parameters() if p.grad is not None])
    return loss.detach(), gradient


def make_views():
    return torch.rand(2, PICTURES, 2, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def share_of_loss_and_gradient(rank, settings):
    share = PICTURES // PROCESSES
    own = make_views()[:, rank * share : (rank + 1) * share]
    loss, gradient = loss_and_gradient(own, **settings)
    for value in (loss, gradient):
        distributed.all_reduce(value, ReduceOp.SUM)
        value /= PROCESSES
    return loss, gradient


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"memory_size": 16, "hardness": 0.5}], ids=["plain", "memory"])
def test_two_processes_have_the_loss_and_gradient_of_one_with_all_pictures(settings, tmp_path):
    (loss, gradient), _ = in_two_processes(share_of_loss_and_gradient, tmp_path, settings)
    expected_loss, expected_gradient = loss_and_gradient(make_views(), **settings)
    torch.testing.assert_close(loss, expected_loss)
    torch.testing.assert_close(gradient, expected_gradient, atol=1e-5, rtol=1e-4)
