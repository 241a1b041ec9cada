"""What the doctor costs beside the training: its share of a step, and that of the signs it reads.

Run ``python tests/benchmarks/bench_doctor.py [--json FILE] [--tiny]``; prints shares, which depend less on the machine
than times do.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch

from engine.doctor import Doctor, RunFacts
from engine.monitors import momentum_norm
from engine.nn.encoders import make_encoder
from engine.recipe import EncoderSettings

SERIES = (
    *("loss", "grad_norm", "lr", "data_wait", "feature_spread", "mean_cosine", "effective_rank", "knn"),
    *(
        "monitor/teacher_entropy",
        "monitor/kl",
        "monitor/ln_k",
        "monitor/teacher_std",
        "monitor/prototype_use",
    ),
)
STEPS = 10  # each half a second: 20 steps a second
FLUSH_SECONDS = 0.5
BATCH = 64


def doctor_seconds(flushes: int) -> float:
    """Seconds the doctor takes for what half a second of training records, every series at every step."""
    doctor = Doctor(RunFacts("DINO", flushes * STEPS, 10, 10, rank_limit=192, test_pictures=500))
    started = time.perf_counter()
    for flush in range(flushes):
        steps = range(flush * STEPS, (flush + 1) * STEPS)
        doctor.take([(name, step, 0.5) for step in steps for name in SERIES])
        doctor.look()
    return (time.perf_counter() - started) / flushes


def momentum_share(steps: int) -> float:
    """Share of an AdamW step of a small ViT that the norm of the momentum takes, once in ten steps."""
    encoder = make_encoder(EncoderSettings(name="vit_tiny", image_size=32, patch_size=4))
    optimizer = torch.optim.AdamW(encoder.parameters())
    images = torch.randn(BATCH, 3, 32, 32)

    def step() -> None:
        encoder.features(images).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    return _seconds(lambda: momentum_norm(optimizer), 5 * steps) / _seconds(step, steps) / 10


def _seconds(action: Callable[[], object], number: int) -> float:
    started = time.perf_counter()
    for _ in range(number):
        action()
    return (time.perf_counter() - started) / number


def main() -> None:
    """Measure, print, write JSON on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    options = parser.parse_args()
    found = {
        "doctor, share of the time": doctor_seconds(2 if options.tiny else 200) / FLUSH_SECONDS,
        "momentum norm, share of a step": momentum_share(1 if options.tiny else 4),
    }
    for title, share in found.items():
        print(f"{title:32} {share:.3%}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
