"""How much the trainer adds to a bare loop, and what bf16 gains: ratios of one run, in turn.

python tests/benchmarks/bench_trainer.py [--preset desktop] [--steps 10] [--rounds 3] [--json FILE]
"""

import argparse
import json
import statistics
import time

import torch

from engine.compute import Compute, cpu_computes_bf16
from engine.declared import make_recipe
from engine.nn.normalise import Normalise
from engine.optim import set_lr
from engine.parts import make_method
from engine.plan import make_plan
from engine.trainer import Trainer


def make_trainer(recipe, precision):
    device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    compute = Compute(device, precision)
    return Trainer(
        make_method(recipe).to(device), make_plan(recipe.training, 100_000), compute, Normalise().to(device)
    )


def make_batches(recipe, count):
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


def time_trainer(trainer, batches):
    until = trainer.step + len(batches)
    started = time.perf_counter()
    trainer.train(iter(batches), record=lambda report: None, control=lambda: trainer.step >= until)
    return time.perf_counter() - started


def time_bare_loop(trainer, batches):
    """Forward, backward, step over views that are ready, with the same module, optimizer and precision."""
    views = [trainer.prepare(batch) for batch in batches]
    progress = trainer.plan.progress(trainer.step)
    set_lr(trainer.optimizer, trainer.plan.lr_at(trainer.step))
    started = time.perf_counter()
    for view in views:
        with trainer.compute.autocast():
            loss = trainer.method(view, progress).loss
        loss.backward()
        trainer.optimizer.step()
        trainer.optimizer.zero_grad(set_to_none=True)
    return time.perf_counter() - started


def measure(recipe, precision, steps, rounds):
    trainer, batches = make_trainer(recipe, precision), make_batches(recipe, steps)
    time_trainer(trainer, batches[:2])
    times = [(time_bare_loop(trainer, batches), time_trainer(trainer, batches)) for _ in range(rounds)]
    images = steps * recipe.training.batch_size
    return {
        "images_per_second": images / statistics.median(full for _, full in times),
        "share_of_bare_loop": statistics.median(bare / full for bare, full in times),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="desktop")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    recipe = make_recipe("mae", options.preset)
    precisions = ["fp32", "bf16"] if cpu_computes_bf16() or torch.cuda.is_available() else ["fp32"]
    found = {name: measure(recipe, name, options.steps, options.rounds) for name in precisions}
    for name, figures in found.items():
        print(
            f"{name}: {figures['images_per_second']:.0f} images/s, {figures['share_of_bare_loop']:.3f} of a bare loop"
        )
    if "bf16" in found:
        found["bf16_gain"] = found["bf16"]["images_per_second"] / found["fp32"]["images_per_second"]
        print(f"bf16 is {found['bf16_gain']:.2f} times as fast as fp32")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
