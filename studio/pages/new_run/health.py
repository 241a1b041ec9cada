"""What a scan found, in words: counts, sizes, and the pictures that deserve a look."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine.store import Dataset
from studio import wording

KINDS = {
    "broken": ("broken picture", "cannot be read and is skipped"),
    "duplicate": ("duplicate", "is the same as another"),
    "tiny": ("tiny picture", "is smaller than 16 px"),
    "odd": ("odd picture", "is unusual"),
}


def counts_line(dataset: Dataset) -> str:
    """Pictures, classes and colour in one line: "2,000 pictures · 10 classes · colour"."""
    classes = wording.counted(len(dataset.classes), "class", "classes") if dataset.classes else "no labels"
    colour = "grey" if dataset.channels == 1 else "colour"
    return f"{wording.counted(dataset.num_pictures, 'picture')} · {classes} · {colour}"


def splits_line(dataset: Dataset) -> str:
    """Splits in one line: "train 1,600 · validation 400"; empty when there is only one."""
    if len(dataset.splits) < 2:
        return ""
    return " · ".join(f"{name} {wording.count(number)}" for name, number in dataset.splits.items())


def sizes_line(dataset: Dataset) -> str:
    """Picture sizes in one line: "64 x 64 px" or "64 x 48 to 640 x 480 px, median 320 x 240"; empty if unknown."""
    sizes = dataset.health.get("sizes") or {}
    try:
        smallest, median, largest = (
            f"{w} x {h}" for w, h in (sizes[name] for name in ("smallest", "median", "largest"))
        )
    except (KeyError, TypeError, ValueError):
        return ""
    return f"{smallest} px" if smallest == largest else f"{smallest} to {largest} px, median {median}"


def notes_of(dataset: Dataset) -> str:
    """What the scan has to say about the whole set, a sentence a line."""
    return "\n".join(str(note) for note in dataset.health.get("notes") or [])


def problems_of(dataset: Dataset) -> list[Mapping[str, Any]]:
    """Pictures with a problem, as the scan listed them: ``path``, ``reason``, ``kind``."""
    return [problem for problem in dataset.health.get("problems", []) if isinstance(problem, dict)]


def num_problems(dataset: Dataset) -> Counter[str]:
    """Pictures with a problem by kind; the list itself may be cut, the counts are not."""
    counted = dataset.health.get("problem_counts")
    if isinstance(counted, dict):
        return Counter({kind: int(number) for kind, number in counted.items() if number})
    return Counter(str(problem.get("kind", "odd")) for problem in problems_of(dataset))


def health_line(dataset: Dataset) -> str:
    """One sentence: nothing found, or how many of each kind."""
    found = num_problems(dataset)
    if not found:
        return "Health: nothing found to worry about"
    parts = [wording.counted(number, KINDS.get(kind, (kind, ""))[0]) for kind, number in found.items()]
    return f"Health: {', '.join(parts)}"
