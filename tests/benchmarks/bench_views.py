"""How fast pictures become views, decoding included, on one thread; beside lightly where it is installed.

Run it by hand: ``python tests/benchmarks/bench_views.py [--other PYTHON] [--json FILE] [--pictures N] [--tiny]``.
``--other`` is a Python in which ``import lightly`` works; the two are measured in processes of their own, one after the
other in turn, on the same files: 400x533 JPEGs, 224 px views. Time is that of the one core a process computes on, so
that other programs matter less; every figure is the best of the rounds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

IMAGE_SIZE, PATCH_SIZE = 224, 16
WIDTH, HEIGHT = 400, 533

# What lightly's default differs in from the official code's, which ours follow.
AS_LIGHTLY = {"dino": {"local_crops": 6}}


def make_pictures(folder: Path, count: int) -> None:
    """Write pictures with coarse and fine detail, about 60 kB each like photographs of that size."""
    for number in range(count):
        rng = np.random.default_rng(number)
        layers = [
            np.asarray(
                Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).resize(
                    (WIDTH, HEIGHT)
                ),
                float,
            )
            for side in (4, 16, 64, 256)
        ]
        mixed = sum(layer * weight for layer, weight in zip(layers, (0.5, 0.25, 0.15, 0.1), strict=True))
        Image.fromarray(np.uint8(mixed)).save(folder / f"{number:04}.jpg", quality=90)


def our_view(method: str) -> Callable[[Path], object]:
    """Read a file and make the views of one of our methods with its default settings, or lightly's of them."""
    import cv2
    import torch

    from engine.data.decode import read_picture
    from engine.data.epoch_order import picture_rng
    from engine.data.readable import as_tensor
    from engine.method import ViewSpec
    from engine.methods import METHODS

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    chosen = METHODS[method]
    maker = chosen.views(chosen.Config(**AS_LIGHTLY.get(method, {})), ViewSpec(IMAGE_SIZE, PATCH_SIZE))

    def make(path: Path) -> object:
        return maker(as_tensor(read_picture(path)), picture_rng(0, 0, int(path.stem)))

    return make


def their_view(method: str) -> Callable[[Path], object]:
    """Read a file the way lightly's data set does and apply its transform for the method."""
    import torch
    from lightly import transforms

    torch.set_num_threads(1)
    classes = {
        "mae": "MAETransform",
        "simclr": "SimCLRTransform",
        "byol": "BYOLTransform",
        "dino": "DINOTransform",
    }
    transform = getattr(transforms, classes[method])()

    def make(path: Path) -> object:
        with path.open("rb") as file:
            return transform(Image.open(file).convert("RGB"))

    return make


def views_per_second(side: str, method: str, folder: Path) -> float:
    """Pictures a second of processor time over all files of the folder, after a short warm-up."""
    make = our_view(method) if side == "ours" else their_view(method)
    paths = sorted(folder.glob("*.jpg"))
    for path in paths[:20]:
        make(path)
    start = time.process_time()
    for path in paths:
        make(path)
    return len(paths) / (time.process_time() - start)


def in_process(python: str, side: str, method: str, folder: Path) -> float:
    """Measure one side in a fresh process."""
    command = [python, __file__, "--side", side, "--method", method, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout.strip().splitlines()[-1])


def compare(methods: list[str], other: str | None, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Best of the rounds for both sides, in turn."""
    results: dict[str, dict[str, float]] = {}
    for method in methods:
        best: dict[str, float] = {}
        for _ in range(rounds):
            for side, python in (("ours", sys.executable), ("lightly", other)):
                if python:
                    best[side] = max(best.get(side, 0), in_process(python, side, method, folder))
        if "lightly" in best:
            best["ratio"] = best["ours"] / best["lightly"]
        results[method] = best
    return results


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", help="a Python that has lightly")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--method", default="mae")
    parser.add_argument(
        "--side", choices=["ours", "lightly"], help="measure one side here and print the number"
    )
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.pictures, arguments.rounds = 2, 1
    if arguments.side:
        print(views_per_second(arguments.side, arguments.method, arguments.folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        make_pictures(Path(folder), arguments.pictures)
        results = compare(arguments.method.split(","), arguments.other, Path(folder), arguments.rounds)
    print(f"{'method':10}{'ours/s':>10}{'lightly/s':>12}{'ratio':>8}")
    for method, best in results.items():
        theirs = f"{best['lightly']:12.0f}{best['ratio']:8.2f}" if "lightly" in best else ""
        print(f"{method:10}{best['ours']:10.0f}{theirs}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    # So that it also runs from a checkout that is not installed.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
