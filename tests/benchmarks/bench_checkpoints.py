"""Changes checkpoints in every way that disks and people have, and counts what becomes of a resume.

python tests/benchmarks/bench_checkpoints.py [--rounds 2000] [--seed 0] [--tiny] [--json FILE]

Every round damages the newest checkpoint of a small run of three, sometimes all of them, and goes on. Right is: the
changed one is used only where it holds what was written, an older one is used as it was written, or, where none is
left, there is a sentence, and neither network nor files have changed. Anything else ends the script.
"""

import argparse
import copy
import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.checkpoint import Checkpoint
from engine.compute import make_compute
from engine.declared import make_recipe
from engine.errors import CheckpointError
from engine.jobs.keeper import Keeper
from engine.parts import make_method, make_normalise
from engine.plan import make_plan
from engine.sealed_file import digest_of
from engine.store import Artifact, Store, add_artifact, create_run, list_artifacts, open_store
from engine.trainer import Trainer

STEPS = (2, 4, 6)
SIZES = {
    "encoder.name": "vit_16x1x2", "encoder.image_size": 16, "encoder.patch_size": 8, "training.batch_size": 8,
    "training.steps": 10, "training.warmup_epochs": 0, "training.device": "cpu", "training.precision": "fp32",
    "data.location": "builtin:digits",
}  # fmt: skip
OF_METHOD = {"mae": {"settings.decoder_width": 16, "settings.decoder_depth": 1, "settings.decoder_heads": 2}}
WRONG = [
    None,
    True,
    -1,
    10**40,
    2**63,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "text",
    b"",
    [],
    {},
    [1],
    {"a": 1},
]

Others = Sequence[Path]


class SmallRun:
    """A run of three checkpoints whose trainer never saw a picture: its gradients are noise."""

    def __init__(self, store: Store, method: str = "mae", seed: int = 0, encoder: str = "vit_16x1x2") -> None:
        values = {**SIZES, **OF_METHOD.get(method, {}), "training.seed": seed, "encoder.name": encoder}
        self.store, self.recipe = store, make_recipe(method, "quick", values)
        self.run = create_run(
            store, name="small", method=method, recipe=self.recipe.model_dump(mode="json"), seed=seed
        )
        self.keeper = Keeper(store, self.run.id, keep=9, total_steps=10)
        self.trainer = self.make_trainer()
        self.states = {}
        self.fresh = copy.deepcopy(self.trainer.state())
        for step in range(1, max(STEPS) + 1):
            self.update()
            self.trainer.step = step
            if step in STEPS:
                self.keeper.save(self.checkpoint())
                self.states[step] = copy.deepcopy(self.trainer.state())
        self.whole = {at.step: at.path.read_bytes() for at in self.artifacts()}

    def make_trainer(self) -> Trainer:
        """The trainer as it was before the first update."""
        plan = make_plan(self.recipe.training, 80)
        compute = make_compute("cpu", "fp32")
        return Trainer(make_method(self.recipe, num_classes=3), plan, compute, make_normalise(self.recipe))

    def update(self) -> None:
        """One update from noise; it fails where a state was taken over that does not fit."""
        self.trainer._set_schedules()
        for parameter in self.trainer._parameters:
            parameter.grad = torch.randn_like(parameter)
        self.trainer._update()

    def checkpoint(self) -> Checkpoint:
        """What the run keeps of now."""
        recipe = self.recipe.model_dump_json()
        return Checkpoint(step=self.trainer.step, trainer=self.trainer.state(), recipe=recipe, images_seen=8)

    def artifacts(self) -> list[Artifact]:
        """The rows of its checkpoints."""
        return list_artifacts(self.store, self.run.id, "checkpoint")

    def restore(self) -> None:
        """Put files, rows and trainer back."""
        for artifact in self.artifacts():
            path = artifact.path
            if path.is_dir():
                path.rmdir()
            path.write_bytes(self.whole[artifact.step])
            self.note(artifact, digest_of(path))
        self.trainer = self.make_trainer()

    def note(self, artifact: Artifact, digest: str) -> None:
        """Write the row of a file anew, with this digest or, as an older program did, without one."""
        meta = {"digest": digest} if digest else {}
        add_artifact(
            self.store,
            self.run.id,
            kind="checkpoint",
            path=artifact.path,
            step=artifact.step,
            size=artifact.size,
            meta=meta,
        )


def same(ours: Any, theirs: Any) -> bool:
    """Whether two trees hold the same values, bit for bit."""
    if isinstance(ours, torch.Tensor):
        return isinstance(theirs, torch.Tensor) and torch.equal(ours, theirs)
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


def same_learned(ours: Any, theirs: Any) -> bool:
    """Whether two trainers have learned the same; rates follow from the step."""
    return (
        same(ours["method"], theirs["method"])
        and same(ours["optimizer"]["state"], theirs["optimizer"]["state"])
        and ours["step"] == theirs["step"]
    )


def flip(path: Path, rng: random.Random, _: Others) -> None:
    """Turn a bit around, or some."""
    content = bytearray(path.read_bytes())
    for _number in range(rng.choice([1, 1, 1, 2, 50])):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut(path: Path, rng: random.Random, _: Others) -> None:
    """Lose the end."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def blank(path: Path, rng: random.Random, _: Others) -> None:
    """Lose a sector."""
    content = bytearray(path.read_bytes())
    start = rng.randrange(len(content))
    content[start : start + 512] = bytes(len(content[start : start + 512]))
    path.write_bytes(content)


def append(path: Path, rng: random.Random, _: Others) -> None:
    """Write something behind the end."""
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randrange(1, 2000)))


def replace(path: Path, rng: random.Random, others: Others) -> None:
    """Put another checkpoint in its place."""
    others = [each for each in others if each.name != path.name or each.parent != path.parent]
    shutil.copyfile(rng.choice(others), path)


def remove(path: Path, _rng: random.Random, _others: Others) -> None:
    """Lose the file."""
    path.unlink()


def folder(path: Path, _rng: random.Random, _others: Others) -> None:
    """Find a folder in its place."""
    path.unlink()
    path.mkdir()


def _branches(tree: Any) -> Iterator[Any]:
    """Every dictionary and list of a tree."""
    if isinstance(tree, dict | list) and tree:
        yield tree
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from _branches(value)


def other_content(path: Path, rng: random.Random, _: Others) -> None:
    """Change one thing in what the file holds, and write it as a file that is whole."""
    content = torch.load(path, weights_only=True)
    if rng.random() < 0.05:
        content = rng.choice([*WRONG, torch.zeros(3), [content], list(content)])
    else:
        branch = rng.choice(list(_branches(content)))
        _change(branch, rng.choice(list(branch) if isinstance(branch, dict) else range(len(branch))), rng)
    torch.save(content, path)


def _change(branch: Any, key: Any, rng: random.Random) -> None:
    value, how = branch[key], rng.randrange(4)
    if how == 0:
        del branch[key]
    elif how == 1 and isinstance(branch, dict):
        branch[f"{key}x" if isinstance(key, str) else 10**9] = branch.pop(key)
    elif isinstance(value, torch.Tensor):
        branch[key] = rng.choice(_other_tensors(value))
    else:
        branch[key] = rng.choice(WRONG)


def _other_tensors(value: torch.Tensor) -> list[torch.Tensor]:
    kinds = [value.to(kind) for kind in (torch.float64, torch.float16, torch.int64, torch.complex64)]
    shapes = [value[None], value.flatten()[:1], torch.zeros(0), value.flatten().repeat(2)]
    numbers = [torch.full_like(value, number) for number in (float("nan"), float("inf"), -1e30)]
    return [*kinds, *shapes, *numbers, torch.zeros(3).to_sparse(), value.to("meta")]


BYTES = [flip, cut, blank, append, replace, remove, folder]


def play(small: SmallRun, rounds: int, seed: int = 0) -> Counter[str]:
    """Play so many rounds; returns how often each thing came of it.

    Raises:
        AssertionError: When a resume used something else than what was written.
    """
    others = [other.artifacts()[-1].path for other in other_runs(small.store)]
    rng, counts = random.Random(seed), Counter[str]()
    for number in range(rounds):
        small.restore()
        artifacts = small.artifacts()
        damaged = artifacts if rng.random() < 0.2 else artifacts[-rng.choice([1, 1, 2]) :]
        change = rng.choice([*BYTES, other_content, other_content, other_content])
        knows_digest = rng.random() < 0.5
        for artifact in damaged:
            change(artifact.path, rng, [*others, *(each.path for each in artifacts)])
            # Content that a digest vouches for, or a file of an older program, which has none.
            vouched = change is other_content and knows_digest
            digest = digest_of(artifact.path) if vouched else artifact.meta["digest"] if knows_digest else ""
            small.note(artifact, digest)
        outcome = resume(small, {artifact.step for artifact in damaged}, trusted=change is other_content)
        counts[f"{change.__name__}: {outcome}"] += 1
        if number % 200 == 199:
            print(f"{number + 1} rounds", flush=True)
    return counts


def resume(small: SmallRun, damaged: set[int], *, trusted: bool) -> str:
    """Go on from what is there; says which checkpoint was used."""
    files = sorted(path.name for path in small.artifacts()[0].path.parent.iterdir())

    def take(checkpoint: Checkpoint) -> Checkpoint:
        small.trainer.load_state(checkpoint.trainer)
        return checkpoint

    problem, used, left_out = None, None, list[str]()
    try:
        used, left_out = small.keeper.newest(take)
    except CheckpointError as found:
        problem = found
    if used is None:
        assert damaged == set(STEPS), problem
        assert same_learned(small.trainer.state(), small.fresh), "half a state was taken over"
        assert files == sorted(path.name for path in small.artifacts()[0].path.parent.iterdir())
        return "a sentence"
    assert len(left_out) == sum(step > used.step for step in STEPS)
    is_same = same_learned(small.trainer.state(), small.states[used.step])
    assert is_same or (trusted and used.step in damaged), "something else was used than what was written"
    small.update()
    if used.step not in damaged:
        return "an older one"
    return "the changed one, which holds the same" if is_same else "the changed one, which fits"


def other_runs(store: Store) -> Iterator[SmallRun]:
    """Runs whose checkpoints have the same names: of another seed, another size, another method."""
    yield SmallRun(store, seed=1)
    yield SmallRun(store, encoder="vit_32x1x2")
    yield SmallRun(store, "byol")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tiny", action="store_true", help="five rounds, to see that it works")
    parser.add_argument("--json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        store = open_store(Path(place) / "store.sqlite")
        counts = play(SmallRun(store), 5 if options.tiny else options.rounds, options.seed)
        store.close()
    for outcome, count in sorted(counts.items()):
        print(f"{count:6} {outcome}")
    if options.json:
        Path(options.json).write_text(json.dumps(counts))


if __name__ == "__main__":
    main()
