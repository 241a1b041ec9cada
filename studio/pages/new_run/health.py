"""What a scan found, in words: counts, sizes, and the pictures that deserve a look."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine.store import Dataset
from studio import wording

KINDS = {
    "broken": "broken picture",
    "conflict": "picture under two labels",
    "duplicate": "duplicate",
    "tiny": "tiny picture",
    "odd": "odd picture",
}
PLURALS = {"conflict": "pictures under two labels"}
MOST_WARNINGS = 4


def counts_line(dataset: Dataset) -> str:
    """Pictures, classes and colour in one line: "2,000 pictures · 10 classes · colour"."""
    classes = wording.counted(len(dataset.classes), "class", "classes") if dataset.classes else "no labels"
    grey = 1.0 if dataset.channels == 1 else dataset.health.get("grey", 0)
    colour = "grey" if grey == 1 else "colour and grey" if grey else "colour"
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


def files_line(dataset: Dataset) -> str:
    """How many of the files that were seen are pictures of the set; empty when all are, or when it is not known."""
    account = dataset.health.get("account") or {}
    seen, kept = (account.get(name, 0) for name in ("seen", "kept"))
    return f"{wording.count(kept)} of {wording.counted(seen, 'file')} are taken" if seen > kept else ""


def notes_of(dataset: Dataset) -> str:
    """What the scan has to say about the whole set, a sentence a line."""
    return "\n".join(str(note) for note in dataset.health.get("notes") or [])


def warnings_of(dataset: Dataset) -> list[str]:
    """What may be wrong with the whole set, in sentences."""
    return [str(warning) for warning in dataset.health.get("warnings") or []]


def first_warnings(dataset: Dataset) -> str:
    """The first warnings, a sentence a line, and how many more there are."""
    warnings = warnings_of(dataset)
    shown = warnings[:MOST_WARNINGS]
    more = len(warnings) - len(shown)
    return "\n".join([*shown, *([f"And {more} more; Show lists them."] if more else [])])


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
    """One sentence: how many of each kind were found, or what was looked at when there is nothing."""
    found, warnings = num_problems(dataset), warnings_of(dataset)
    parts = [wording.counted(len(warnings), "warning")] if warnings else []
    parts += [
        wording.counted(number, KINDS.get(kind, kind), PLURALS.get(kind, ""))
        for kind, number in found.items()
    ]
    if parts:
        return f"Health: {', '.join(parts)}"
    if "account" not in dataset.health:
        return "Health: nothing found by an earlier scan; scan again for an account of every file"
    looked_at = f"Health: nothing found in {wording.counted(dataset.num_pictures, 'picture')}"
    sampled, training = int(dataset.health.get("sampled") or 0), dataset.splits.get("train", 0)
    return (
        f"{looked_at}; brightness measured on {wording.count(sampled)}" if sampled < training else looked_at
    )
