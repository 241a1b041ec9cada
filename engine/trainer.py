"""The training loop: it knows the method contract, not which method, and neither store nor window."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from engine.compute import Compute, choose_attention
from engine.data.device_views import finish_views
from engine.data.multi_crop import DRAWN
from engine.distributed import is_alone, mean_of_each, rank, world_size
from engine.errors import CheckpointError, NotFiniteError
from engine.method import Method, StepOutput, Views
from engine.monitors import momentum_norm
from engine.nn.normalise import Normalise
from engine.nn.shared_norm import share_norms
from engine.optim import clip_each, make_optimizer, set_rates
from engine.plan import Plan
from engine.state_fit import check_network, check_optimizer, check_scaler

# Reading every running mean costs about what the gradient's norm does; once in ten steps that is not felt.
MOMENTUM_STEPS = 10
FINITE_CHECK_STEPS = 20  # on a device whose queue a check would stall; on a CPU every step is checked

FITTING_STEP = 2**62  # seeds what comes before the first step; no step of a run has this number


@dataclass
class StepReport:
    """What one optimizer step leaves to be written down.

    Args:
        step: Finished steps, this one included.
        values: Metric name -> number or scalar tensor still on the device.
        images: Pictures seen in this step, by all processes.
        wait_seconds: Time this process spent waiting for the loader.
        seconds: Time of the whole step.
        skipped: Pictures that this process could not read, as (number, sentence).
    """

    step: int
    values: dict[str, Tensor | float]
    images: int
    wait_seconds: float
    seconds: float
    skipped: list[tuple[int, str]] = field(default_factory=list)


Record = Callable[[StepReport], None]
Control = Callable[[], bool]


def step_seed(seed: int, step: int, process: int = 0) -> int:
    """The seed of torch's generator at a step: any step's draws can be repeated without those before it.

    Each process of a run draws numbers of its own, the first one those of a run of one process.
    """
    words = [seed, step, process] if process else [seed, step]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> 1)


class Trainer:
    """A method, its optimizer and where they are in the run.

    In a run of several processes each has a trainer, all take the same steps, and ``DistributedDataParallel`` averages
    their gradients; batch norms go over all of them, and what a step reports is the mean of all.

    Args:
        method: The method, already on the device.
        plan: Length of the run and its schedules.
        compute: Device and precision.
        normalise: From uint8 pictures to what the network sees.
    """

    def __init__(self, method: Method, plan: Plan, compute: Compute, normalise: Normalise) -> None:
        choose_attention(method, compute)
        self.method = method
        self._call: torch.nn.Module = method
        if not is_alone():
            share_norms(method, compute.device)
            index = [compute.device.index] if compute.device.type == "cuda" else None
            # Buffers need no sending around: norms are shared, and methods average what they keep.
            self._call = DistributedDataParallel(method, device_ids=index, forward_sync_buffers=False)
        self.plan = plan
        self.compute = compute
        self.normalise = normalise
        self.optimizer = make_optimizer(method.param_groups(), plan.training)
        self.scaler = compute.make_scaler()
        self.step = 0
        self._parameters = [
            parameter for group in self.optimizer.param_groups for parameter in group["params"]
        ]

    def fit_method(self, batches: Iterator[dict[str, Any]]) -> None:
        """Let the method learn what must stand before the first step; the same seed and batches give the same.

        Args:
            batches: Of training views, without an end.
        """
        torch.manual_seed(step_seed(self.plan.training.seed, FITTING_STEP))
        self.method.before_training(map(self.prepare, batches))

    def train(self, batches: Iterator[dict[str, Any]], *, record: Record, control: Control) -> bool:
        """Train from the present step to the end.

        Args:
            batches: Batches from the present step on.
            record: Called after every step.
            control: Called after every step; True stops the run here.

        Returns:
            True when the run came to its end, False when ``control`` stopped it.

        Raises:
            NotFiniteError: When a loss term is NaN or infinite.
        """
        self.method.train()
        while self.step < self.plan.total_steps:
            record(self._make_step(batches))
            if control():
                return False
        return True

    def _make_step(self, batches: Iterator[dict[str, Any]]) -> StepReport:
        started, waited, images = time.perf_counter(), 0.0, 0
        skipped: list[tuple[int, str]] = []
        torch.manual_seed(step_seed(self.plan.training.seed, self.step, rank()))
        scheduled = self._set_schedules()
        outputs = []
        for number in range(self.plan.training.accumulation):
            asked = time.perf_counter()
            batch = next(batches)
            waited += time.perf_counter() - asked
            images += len(batch["index"]) * world_size()
            skipped += batch.get("skipped", [])
            with self._gradients_kept(number):
                outputs.append(self._forward_backward(self.prepare(batch)))
        norm = self._update()
        self.step += 1
        self.method.after_step(self.plan.progress(self.step))
        values: dict[str, Tensor | float] = {**_mean_values(outputs), **scheduled, "grad_norm": norm}
        if self.step % MOMENTUM_STEPS == 0:
            values["momentum_norm"] = momentum_norm(self.optimizer)
        return StepReport(self.step, values, images, waited, time.perf_counter() - started, skipped)

    def _set_schedules(self) -> dict[str, float]:
        """Write this step's rates into the optimizer; returns every scheduled value by its metric name."""
        plan = self.plan
        lr, weight_decay = plan.lr_at(self.step), plan.weight_decay_at(self.step)
        set_rates(self.optimizer, lr, weight_decay)
        curves = type(self.method).curves(self.method.settings, plan.progress(self.step))
        values = {"lr": lr} | {f"schedule/{name}": value for name, value in curves.items()}
        return values | ({"schedule/weight_decay": weight_decay} if plan.moves_weight_decay else {})

    def prepare(self, batch: dict[str, Any]) -> Views:
        """Bring a batch to the device; pictures are distorted there where that was left, and normalised."""
        device = self.compute.device
        views = {
            name: value for name, value in batch.items() if isinstance(value, Tensor) and name != "index"
        }
        moved = {
            name: value if name.endswith(DRAWN) else value.to(device, non_blocking=True)
            for name, value in views.items()
        }
        return {
            name: self.normalise(value) if value.dtype == torch.uint8 else value
            for name, value in finish_views(moved).items()
        }

    def _gradients_kept(self, number: int) -> AbstractContextManager[None]:
        """Processes exchange gradients with the last batch of a step only."""
        is_last = number == self.plan.training.accumulation - 1
        if isinstance(self._call, DistributedDataParallel) and not is_last:
            return self._call.no_sync()
        return nullcontext()

    def _forward_backward(self, views: Views) -> StepOutput:
        with self.compute.autocast():
            output: StepOutput = self._call(views, self.plan.progress(self.step))
        report = _average(
            output
        )  # first of all: every process must find a bad loss, or the others would wait
        if self.compute.device.type == "cpu" or self.step % FINITE_CHECK_STEPS == 0:
            check_finite(report.losses, self.step + 1)
        self.scaler.scale(output.loss / self.plan.training.accumulation).backward()
        return report

    def _update(self) -> Tensor:
        """Clip as the method declares it and change the weights; returns the gradient's norm before clipping."""
        self.scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.get_total_norm([p.grad for p in self._parameters if p.grad is not None])
        limit = self.plan.training.clip_norm
        if limit and self.method.clips_each_parameter:
            clip_each(self._parameters, limit)
        elif limit:
            torch.nn.utils.clip_grads_with_norm_(self._parameters, limit, norm)
        for parameter in self.method.frozen_parameters(self.plan.progress(self.step)):
            parameter.grad = (
                None  # not zero: weight decay and moments must leave it alone, too (DINO, utils.py)
            )
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        return norm

    def check_weights(self) -> None:
        """Refuse weights that are NaN or infinite, so that no checkpoint keeps them.

        Raises:
            NotFiniteError: With the first such parameter.
        """
        for name, parameter in self.method.named_parameters():
            if not torch.isfinite(parameter).all():
                raise NotFiniteError(name, self.step)

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs; schedules and random draws follow from the step alone."""
        return {
            "step": self.step,
            "method": self.method.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that ``state`` gave; one that does not fit changes nothing.

        Raises:
            CheckpointError: With what does not fit.
        """
        optimizer, scaler = state.get("optimizer"), state.get("scaler")
        step = state.get("step")
        if type(step) is not int or not 0 <= step <= self.plan.total_steps:
            raise CheckpointError(
                f"It is of no step of {self.plan.total_steps:,}.", "Choose another checkpoint."
            )
        check_network(self.method, state.get("method"))
        check_optimizer(self.optimizer, optimizer, step, may_be_new=self.scaler.is_enabled())
        check_scaler(scaler)
        # The rest of a group follows from the recipe and the step, so that only what was learned is taken over.
        own_groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state["optimizer"]["state"], "param_groups": own_groups})
        if scaler:
            self.scaler.load_state_dict(dict(state["scaler"]))
        self.method.load_state_dict(state["method"])
        self.step = step


def check_finite(losses: dict[str, Tensor], step: int) -> None:
    """Refuse a loss term that is NaN or infinite.

    Raises:
        NotFiniteError: With the first such term and the step.
    """
    for name, term in losses.items():
        if not torch.isfinite(term):
            raise NotFiniteError(name, step)


def _average(output: StepOutput) -> StepOutput:
    """Losses and monitors without gradient, as means over all processes."""
    parts = {"loss": output.losses, "monitor": output.monitors}
    flat = {f"{part} {name}": value.detach() for part, of in parts.items() for name, value in of.items()}
    means = mean_of_each(flat)
    losses, monitors = ({name: means[f"{part} {name}"] for name in of} for part, of in parts.items())
    return StepOutput(losses, monitors)


def _mean_values(outputs: list[StepOutput]) -> dict[str, Tensor | float]:
    """Average the accumulated batches; single terms are named only where there are several."""
    terms = {
        name: torch.stack([output.losses[name] for output in outputs]).mean() for name in outputs[0].losses
    }
    watched = {
        name: torch.stack([o.monitors[name].float() for o in outputs]).mean() for name in outputs[0].monitors
    }
    values: dict[str, Tensor | float] = {"loss": torch.stack([output.loss for output in outputs]).mean()}
    if len(terms) > 1:
        values |= {f"loss/{name}": value for name, value in terms.items()}
    return values | {f"monitor/{name}": value for name, value in watched.items()}
