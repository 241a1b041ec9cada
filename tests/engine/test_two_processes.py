"""Two processes that share every batch train as one process that has it whole."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from engine.compute import Compute
from engine.data.builtin import open_builtin
from engine.data.epoch_order import Share
from engine.data.loader import make_loader
from engine.distributed import (
    from_all,
    from_first,
    gather_rows,
    largest_of,
    mean_of_each,
    mean_over_processes,
)
from engine.errors import NotFiniteError
from engine.jobs.words import Word, exchange
from engine.method import Method, StepOutput
from engine.methods.dino import DINO, DINOSettings
from engine.methods.simclr import SimCLR, SimCLRSettings
from engine.nn.normalise import Normalise
from engine.nn.resnet import make_resnet
from engine.nn.shared_norm import share_norms
from engine.nn.vit import make_vit
from engine.optim import split_decay
from engine.plan import Plan
from engine.recipe import TrainingSettings
from engine.settings import Settings
from engine.trainer import Trainer, step_seed
from tests.engine.processes import PROCESSES, in_two_processes

CPU = torch.device("cpu")
BATCH, STEPS = 8, 4


def rows_of(rank, values):
    share = len(values) // PROCESSES
    return values[rank * share : (rank + 1) * share]


def make_method(kind):
    torch.manual_seed(0)
    if kind == "dino":
        encoder = make_vit(width=24, depth=2, heads=2, image_size=16, patch_size=4)
    else:
        encoder = make_resnet("resnet_nano", stem="fast")
    if kind.startswith("simclr"):
        memory = {"memory_size": 16} if kind == "simclr_memory" else {}
        return SimCLR(SimCLRSettings(projection_width=16, **memory), encoder)
    small = {
        "prototypes": 24,
        "head_hidden": 32,
        "head_bottleneck": 16,
        "drop_path": 0.0,
        "freeze_last_layer": 0,
    }
    return DINO(DINOSettings(**small, head_batch_norm=kind == "dino_resnet"), encoder)


def make_batches(kind, accumulation):
    generator = torch.Generator().manual_seed(1)
    for _ in range(STEPS * accumulation):
        if kind.startswith("simclr"):
            yield {"views": torch.randn(BATCH, 2, 3, 16, 16, generator=generator)}
        else:
            yield {
                "global": torch.randn(BATCH, 2, 3, 16, 16, generator=generator),
                "local": torch.randn(BATCH, 2, 3, 8, 8, generator=generator),
            }


def train(kind, accumulation, rank=None):
    """Every value of every step, and the weights at the end; with a rank, on its share of every batch."""
    # Behind batch norms many gradients are nothing but rounding, of which Adam would make steps of full size.
    optimizer = "adamw" if kind == "dino" else "sgd"
    training = TrainingSettings(
        batch_size=BATCH,
        accumulation=accumulation,
        warmup_epochs=0,
        base_lr=1e-3,
        lr_scaling="none",
        optimizer=optimizer,
        clip_norm=1.0,
    )
    trainer = Trainer(
        make_method(kind), Plan(training, 10 * accumulation, STEPS), Compute(CPU, "fp32"), Normalise()
    )
    batches = (
        {name: view if rank is None else rows_of(rank, view) for name, view in batch.items()}
        for batch in make_batches(kind, accumulation)
    )
    reports = []
    trainer.train(
        ({**batch, "index": torch.arange(len(next(iter(batch.values()))))} for batch in batches),
        record=reports.append,
        control=lambda: False,
    )
    values = [{name: float(value) for name, value in report.values.items()} for report in reports]
    return values, trainer.method.state_dict(), [report.images for report in reports]


def train_share(rank, kind, accumulation):
    return train(kind, accumulation, rank)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "accumulation"),
    [("dino", 1), ("dino", 2), ("dino_resnet", 1), ("simclr", 1), ("simclr_memory", 1)],
)
def test_losses_monitors_norms_and_weights_are_those_of_one_process(kind, accumulation, tmp_path):
    expected, state, images = train(kind, accumulation)
    results = in_two_processes(train_share, tmp_path, kind, accumulation)
    for values, other_state, other_images in results:
        for step, other in zip(expected, values, strict=True):
            assert other["loss"] == pytest.approx(step["loss"], rel=2e-6)
            assert other["grad_norm"] == pytest.approx(step["grad_norm"], rel=1e-4)
        assert other_state.keys() == state.keys()
        for name, value in state.items():
            torch.testing.assert_close(
                other_state[name], value, atol=2e-3, rtol=1e-3, msg=lambda text, name=name: f"{name}: {text}"
            )
        assert other_images == images
    assert results[0][0] == results[1][0]
    same = [torch.equal(results[0][1][name], results[1][1][name]) for name in state]
    assert all(same)
    if kind.startswith("dino"):
        torch.testing.assert_close(results[0][1]["centre.center"], state["centre.center"], atol=1e-5, rtol=0)


class Stumbler(Method):
    """Loses its way in one process only."""

    name, title, paper, use_when = "stumbler", "Stumbler", "none", "tests"
    Config = Settings

    def forward(self, views, progress):
        loss = self.encoder.features(views["image"]).square().mean()
        return StepOutput({"way": loss * views["factor"].mean()})

    def param_groups(self):
        return split_decay(self.named_parameters())


def stumble(rank):
    training = TrainingSettings(batch_size=4, warmup_epochs=0)
    encoder = make_vit(width=24, depth=1, heads=2, image_size=16, patch_size=8)
    trainer = Trainer(
        Stumbler(Settings(), encoder), Plan(training, 10, 10), Compute(CPU, "fp32"), Normalise()
    )

    def batches():
        for step in range(10):
            factor = math.nan if (rank, step) == (1, 2) else 1.0
            yield {
                "image": torch.randn(2, 3, 16, 16),
                "factor": torch.full((2,), factor),
                "index": torch.arange(2),
            }

    try:
        trainer.train(batches(), record=lambda report: None, control=lambda: False)
    except NotFiniteError as problem:
        return problem.term, problem.step
    return None


@pytest.mark.slow
def test_a_loss_that_breaks_in_one_process_stops_both_with_the_same_words(tmp_path):
    assert in_two_processes(stumble, tmp_path) == [("way", 3), ("way", 3)]


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 5), nn.BatchNorm1d(5)
    )


def normalise_share(rank, pictures):
    network = share_norms(make_network(), CPU)
    rows = rows_of(rank, pictures).requires_grad_()
    for _ in range(2):
        output = network(rows)
    output.pow(3).mean().backward()
    return output.detach(), rows.grad, network.state_dict(), network.eval()(rows).detach()


@pytest.mark.slow
def test_batch_norms_go_over_the_pictures_of_both_processes(tmp_path):
    pictures = torch.randn(8, 3, 8, 8) * 3 + 5
    network, rows = make_network(), pictures.clone().requires_grad_()
    for _ in range(2):
        output = network(rows)
    output.pow(3).mean().backward()
    (first, first_grad, state, judged), (second, second_grad, other_state, _) = in_two_processes(
        normalise_share, tmp_path, pictures
    )
    torch.testing.assert_close(torch.cat([first, second]), output.detach(), atol=1e-5, rtol=1e-5)
    # Each process has the mean over its own half: half of it is its part in the mean over all.
    torch.testing.assert_close(torch.cat([first_grad, second_grad]) / 2, rows.grad, atol=1e-5, rtol=1e-4)
    assert state.keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(state[name], value, atol=1e-5, rtol=1e-5)
        assert torch.equal(state[name], other_state[name])
    torch.testing.assert_close(judged, network.eval()(pictures)[:4].detach(), atol=1e-5, rtol=1e-5)


def test_norms_of_a_process_alone_are_the_ordinary_ones():
    pictures, shared = torch.randn(6, 3, 8, 8), share_norms(make_network(), CPU)
    torch.testing.assert_close(shared(pictures), make_network()(pictures))


def exchange_things(rank):
    rows = torch.full((2, 3), float(rank), requires_grad=True)
    (gather_rows(rows).square().sum() * (rank + 1)).backward()
    means = mean_of_each({"a": torch.tensor(float(rank)), "b": torch.tensor(3.0)})
    skipped = [(rank, f"picture {rank}")] if rank else []
    return (
        rows.grad,
        float(mean_over_processes(torch.tensor(float(rank)))),
        {name: float(value) for name, value in means.items()},
        from_first({"step": 7} if rank == 0 else None),
        from_all(rank),
        largest_of([rank, 5 - rank]),
        [
            int(exchange(word)[0])
            for word in ((Word.GO_ON, Word.WAIT, Word.LEAVE) if rank == 0 else [Word.GO_ON] * 3)
        ],
        exchange(skipped=skipped)[1],
    )


@pytest.mark.slow
def test_processes_hear_each_other(tmp_path):
    for rank, heard in enumerate(in_two_processes(exchange_things, tmp_path)):
        gradient, mean, means, first, everyone, largest, words, skipped = heard
        assert torch.equal(
            gradient, torch.full((2, 3), 2.0 * rank * 3)
        )  # 1 and 2 times the loss, of both processes
        assert (mean, means) == (0.5, {"a": 0.5, "b": 3.0})
        assert (first, everyone, largest) == ({"step": 7}, [0, 1], [1, 5])
        assert words == [Word.GO_ON, Word.WAIT, Word.LEAVE]
        assert skipped == [(1, "picture 1")]


def test_a_process_alone_hears_itself():
    assert exchange(Word.LEAVE, [(1, "told already")]) == (Word.LEAVE, [])
    assert (from_first(3), from_all(3), largest_of([3])) == (3, [3], [3])


def flat_view(picture, rng):
    return {"image": picture, "draw": torch.tensor(rng.random())}


def test_the_shares_of_all_processes_are_the_batch_of_one():
    pictures = open_builtin("builtin:digits")
    indices = np.arange(30, dtype=np.int64)

    def batches(share):
        return list(
            make_loader(
                pictures,
                indices,
                view_maker=flat_view,
                batch_size=6,
                seed=3,
                start_step=2,
                total_steps=8,
                share=share,
            )
        )

    whole, shares = batches(Share()), [batches(Share(process, 3)) for process in range(3)]
    for number, batch in enumerate(whole):
        for name in ("image", "draw", "index"):
            assert torch.equal(torch.cat([share[number][name] for share in shares]), batch[name])


def test_each_process_draws_numbers_of_its_own():
    assert step_seed(1, 5) == step_seed(1, 5, 0)
    assert len({step_seed(1, 5, process) for process in range(4)}) == 4
