"""What the doctor costs beside the training: its share of a step, and that of the signs it reads.

Run ``python tests/benchmarks/bench_doctor.py``; prints shares, which depend less on the machine than times do.
"""

import time

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
FLUSHES, STEPS = 200, 10  # of half a second each: 20 steps a second
FLUSH_SECONDS = 0.5
BATCH = 64


def doctor_seconds() -> float:
    """Seconds the doctor takes for what half a second of training records, every series at every step."""
    doctor = Doctor(RunFacts("DINO", FLUSHES * STEPS, 10, 10, rank_limit=192, test_pictures=500))
    started = time.perf_counter()
    for flush in range(FLUSHES):
        steps = range(flush * STEPS, (flush + 1) * STEPS)
        doctor.take([(name, step, 0.5) for step in steps for name in SERIES])
        doctor.look()
    return (time.perf_counter() - started) / FLUSHES


def momentum_share() -> float:
    """Share of an AdamW step of a small ViT that the norm of the momentum takes, once in ten steps."""
    encoder = make_encoder(EncoderSettings(name="vit_tiny", image_size=32, patch_size=4))
    optimizer = torch.optim.AdamW(encoder.parameters())
    images = torch.randn(BATCH, 3, 32, 32)

    def step() -> None:
        encoder.features(images).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    return _seconds(lambda: momentum_norm(optimizer), 20) / _seconds(step, 3) / 10


def _seconds(action, number):
    started = time.perf_counter()
    for _ in range(number):
        action()
    return (time.perf_counter() - started) / number


if __name__ == "__main__":
    print(f"doctor: {doctor_seconds() / FLUSH_SECONDS:.2%} of the time")
    print(f"momentum norm: {momentum_share():.3%} of a step")
