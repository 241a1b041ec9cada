"""Tiny trainings at the edges of what is allowed: none that passes the checks may fail in torch.

``python tests/benchmarks/bench_edges.py [--methods dino,mae] [--json FILE] [--tiny]`` takes two steps and a look at
the features for every setting of every method at its bounds, and for sizes, encoders and batches that fit badly; it
prints what passed the checks and then failed, or lost its numbers, with the changes that make it again.
"""

import argparse
import itertools
import json
import math
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.compute import make_compute
from engine.declared import FieldEntry, check_recipe, load_catalogue, make_recipe
from engine.errors import EngineError, NotFiniteError
from engine.parts import make_method, make_normalise, method_parts
from engine.plan import make_plan
from engine.recipe import Recipe
from engine.trainer import Trainer

Changes = dict[str, Any]
CLASSES = ["a", "b", "c"]
SMALL: Changes = {"encoder.image_size": 32, "training.batch_size": 2, "training.precision": "fp32"}
SMALL |= {"training.device": "cpu", "training.steps": 2, "training.warmup_epochs": 0}
HEAVY = 128  # channels, prototypes and the like: more of them cost time and tell nothing
NOT_HERE = {
    "training.processes",
    "training.steps",
    "training.device",
    "encoder.image_size",
    "settings.dalle_file",
}
BESIDE_THE_STEP = {
    "data.location",
    "data.kind",
    "data.cache",
    "data.cache_gib",
    "training.precision",
    "training.workers",
}
PICTURES = ((50, 60), (1, 1), (3, 200))


@dataclass
class Facts:
    """Pictures of a data set that was not scanned."""

    num_train: int = 100
    classes: tuple[str, ...] = tuple(CLASSES)


def edges(field: FieldEntry) -> list[Any]:
    """Values at the bounds of a field, and odd ones near them."""
    if field.choices or field.type == "boolean":
        return [*field.choices] or [True, False]
    if field.type == "string":
        return []
    low = field.minimum if field.minimum is not None else (field.exclusive_minimum or 0.0) + 1e-6
    high = field.maximum if field.maximum is not None else 100.0
    if field.type == "number":
        return [float(low), float(high), float(low + (high - low) / 3)]
    ends = [int(low), int(low) + 1, 7, 10]
    if field.unit not in ("steps", "epochs", "s"):
        high = min(high, 8 if field.unit in ("pictures", "batches", "blocks", "layers") else HEAVY)
    return sorted({*(end for end in ends if low <= end <= high), int(high)})


def settings_alone(method: str) -> Iterator[Changes]:
    """Every setting at each of its edges, the others as in the quick preset."""
    for field in load_catalogue().fields_for(method):
        if field.path not in NOT_HERE | BESIDE_THE_STEP:
            for value in edges(field):
                yield {field.path: value}


def pairs_of_settings(method: str) -> Iterator[Changes]:
    """Every two settings of the method's own, each at the ends of its range."""
    fields = [field for field in load_catalogue().method(method).fields if field.type != "string"]
    for first, second in itertools.combinations(fields, 2):
        for one, other in itertools.product(edges(first)[:2], edges(second)[-2:]):
            yield {first.path: one, second.path: other}


def sizes(method: str) -> Iterator[Changes]:
    """Encoders, sizes, batches and colours that fit badly."""
    encoders = (
        "vit_nano",
        "resnet_nano",
        "resnet18",
        "simclr_resnet14_1x_sk",
        "vit_6x1x2",
        "vit_1x1x1",
        "vit_4x1x2_mlp1",
    )
    for encoder, side, batch in itertools.product(encoders, (16, 17, 33), (1, 2)):
        common = {"encoder.name": encoder, "encoder.image_size": side, "training.batch_size": batch}
        if method == "dino":
            common["settings.local_size"] = 8
        is_vit = encoder.startswith("vit")
        for last in (8, side) if is_vit else (1, 3):
            yield common | ({"encoder.patch_size": min(last, 64)} if is_vit else {"data.channels": last})
        for stem in () if is_vit else ("large", "small"):
            yield common | {"encoder.stem": stem}


def batch_of(recipe: Recipe, shape: tuple[int, int], step: int) -> dict[str, Any]:
    """A batch as the loader makes it, of pictures of noise."""
    method_class, settings, spec = method_parts(recipe)
    maker, rng = method_class.views(settings, spec), np.random.default_rng(step)
    made = []
    for number in range(recipe.training.batch_size):
        pixels = rng.integers(0, 256, (*shape, recipe.data.channels), dtype=np.uint8)
        made.append(maker(torch.from_numpy(pixels).permute(2, 0, 1), np.random.default_rng([step, number])))
    batch: dict[str, Any] = {name: torch.stack([each[name] for each in made]) for name in made[0]}
    numbers = torch.arange(len(made))
    return batch | {"index": numbers, "label": numbers % len(CLASSES)}


def train(recipe: Recipe, shape: tuple[int, int]) -> None:
    """Two steps, and features of a picture; raises whatever goes wrong."""
    method = make_method(recipe, num_classes=len(CLASSES))
    trainer = Trainer(
        method, make_plan(recipe.training, 100), make_compute("cpu", "fp32"), make_normalise(recipe)
    )
    if method.needs_fitting:
        trainer.fit_method(batch_of(recipe, shape, number) for number in itertools.count())
    batches = (batch_of(recipe, shape, number) for number in itertools.count())
    trainer.train(batches, record=look_at, control=lambda: False)
    side = recipe.encoder.image_size
    features = method.eval().features(torch.rand(2, recipe.data.channels, side, side))
    if not torch.isfinite(features).all():
        raise NotFiniteError("features", 2)


def look_at(report: Any) -> None:
    """Refuse numbers that are none."""
    for name, value in report.values.items():
        number = float(value) if isinstance(value, Tensor) else value
        if not math.isfinite(number):
            raise NotFiniteError(name, report.step)


def try_one(method: str, changes: Changes, shape: tuple[int, int] = PICTURES[0]) -> tuple[str, str]:
    """What becomes of a recipe: ("refused" | "trained" | "FAILED" | "not finite", details)."""
    try:
        recipe = make_recipe(method, "quick", {**SMALL, **changes})
        problems = [each for each in check_recipe(recipe, Facts(), ["cpu"]) if each.level == "error"]
        if problems:
            return "refused", problems[0].message
        method_class, settings, spec = method_parts(recipe)
        method_class.views(settings, spec)
    except EngineError as refused:
        return "refused", refused.message
    try:
        train(recipe, shape)
    except NotFiniteError as lost:
        return "not finite", lost.message
    except Exception as error:  # noqa: BLE001 - whatever fails is what is looked for
        return "FAILED", f"{type(error).__name__}: {str(error)[:160]}"
    return "trained", ""


def main() -> None:
    """Try everything, and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", default=",".join(load_catalogue().methods))
    parser.add_argument("--pairs", action="store_true", help="also two settings at a time")
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.methods = "mae"
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    ends: Counter[str] = Counter()
    for method in arguments.methods.split(","):
        grids = [
            settings_alone(method),
            sizes(method),
            *([pairs_of_settings(method)] if arguments.pairs else []),
        ]
        cases = [(changes, PICTURES[0]) for changes in itertools.chain(*grids)]
        cases += [({}, shape) for shape in PICTURES]
        for changes, shape in cases[: 2 if arguments.tiny else None]:
            end, details = try_one(method, changes, shape)
            ends[end] += 1
            if end in ("FAILED", "not finite"):
                print(f"{method:<10} {end:<10} {changes} {shape}: {details}", flush=True)
    print(", ".join(f"{count:,} {end}" for end, count in sorted(ends.items())))
    if arguments.json:
        arguments.json.write_text(json.dumps(ends, indent=1))
    if ends["FAILED"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
