"""How much the trainer adds to a bare loop, and what bf16 gains: ratios of one run, in turn.

python tests/benchmarks/bench_trainer.py [--preset desktop] [--steps 10] [--rounds 3] [--json FILE] [--tiny]
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from engine.compute import Compute, Precision, cpu_computes_bf16
from engine.declared import make_recipe
from engine.nn.normalise import Normalise
from engine.optim import set_rates
from engine.parts import make_method
from engine.plan import make_plan
from engine.recipe import Recipe
from engine.trainer import Trainer

Batches = list[dict[str, Any]]
PICTURES = 100_000  # of the set that the schedules are planned for
TINY = {"encoder.name": "vit_nano", "encoder.image_size": 32, "training.batch_size": 4}


def make_trainer(recipe: Recipe, precision: Precision) -> Trainer:
    """Build the trainer that a run would have."""
    device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    plan = make_plan(recipe.training, PICTURES)
    return Trainer(make_method(recipe).to(device), plan, Compute(device, precision), Normalise().to(device))


def make_batches(recipe: Recipe, count: int) -> Batches:
    """Make ready views (B, 3, H, W) of MAE, uint8, with the noise (B, N) that hides patches."""
    size, batch = recipe.encoder.image_size, recipe.training.batch_size
    patches = (size // recipe.encoder.patch_size) ** 2
    return [
        {
            "image": torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8),
            "noise": torch.rand(batch, patches),
            "index": torch.arange(batch),
        }
        for _ in range(count)
    ]


def time_trainer(trainer: Trainer, batches: Batches) -> float:
    """Seconds that the trainer takes for so many steps."""
    until = trainer.step + len(batches)
    started = time.perf_counter()
    trainer.train(iter(batches), record=lambda _: None, control=lambda: trainer.step >= until)
    return time.perf_counter() - started


def time_bare_loop(trainer: Trainer, batches: Batches) -> float:
    """Forward, backward, step over views that are ready, with the same module, optimizer and precision."""
    views = [trainer.prepare(batch) for batch in batches]
    plan, step = trainer.plan, trainer.step
    set_rates(trainer.optimizer, plan.lr_at(step), plan.weight_decay_at(step))
    started = time.perf_counter()
    for view in views:
        with trainer.compute.autocast():
            loss = trainer.method(view, plan.progress(step)).loss
        loss.backward()
        trainer.optimizer.step()
        trainer.optimizer.zero_grad(set_to_none=True)
    return time.perf_counter() - started


def measure(recipe: Recipe, precision: Precision, steps: int, rounds: int) -> dict[str, float]:
    """Both loops in turn; medians over the rounds."""
    trainer, batches = make_trainer(recipe, precision), make_batches(recipe, steps)
    time_trainer(trainer, batches[:2])
    times = [(time_bare_loop(trainer, batches), time_trainer(trainer, batches)) for _ in range(rounds)]
    images = steps * recipe.training.batch_size
    return {
        "images_per_second": images / statistics.median(full for _, full in times),
        "share_of_bare_loop": statistics.median(bare / full for bare, full in times),
    }


def main() -> None:
    """Measure, print, write JSON on request."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="desktop")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    options = parser.parse_args()
    if options.tiny:
        options.steps, options.rounds = 1, 1
    recipe = make_recipe("mae", options.preset, TINY if options.tiny else {})
    precisions: list[Precision] = (
        ["fp32", "bf16"] if cpu_computes_bf16() or torch.cuda.is_available() else ["fp32"]
    )
    found = {name: measure(recipe, name, options.steps, options.rounds) for name in precisions}
    for name, figures in found.items():
        pace, share = figures["images_per_second"], figures["share_of_bare_loop"]
        print(f"{name}: {pace:.0f} images/s, {share:.3f} of a bare loop")
    if "bf16" in found:
        gain = found["bf16"]["images_per_second"] / found["fp32"]["images_per_second"]
        print(f"bf16 is {gain:.2f} times as fast as fp32")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
