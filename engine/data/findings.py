"""From facts about single pictures to findings about the set: problems, sizes, brightness."""

import math
from collections.abc import Sequence

import numpy as np

from engine.data.examine import Facts
from engine.data.picture_set import PictureSet, split_of
from engine.data.range_search import FoundRange
from engine.data.scan_report import Problem, Sizes
from engine.value_range import LEAST_SHARE, ValueRange

# Below this shorter side there is hardly anything to learn from, whatever the set.
TINY_PX = 16
# Beside pictures of 64 px and more, pictures below 32 px are thumbnails or mistakes.
TINY_AMONG_LARGE_PX = 32
LARGE_PX = 64
# Wider or higher than this, a square crop sees little of the picture.
ODD_ASPECT = 4.0


def find_problems(pictures: PictureSet, facts: Sequence[Facts]) -> list[Problem]:
    """List what deserves a look, worst first."""
    readable = [fact for fact in facts if not fact.broken]
    tiny = _tiny_limit(readable)
    is_mostly_grey = sum(fact.is_grey for fact in readable) * 2 > len(readable)

    def problem(fact: Facts, kind: str, reason: str) -> Problem:
        return Problem(pictures.describe(fact.index), reason, kind, fact.index)  # type: ignore[arg-type]

    broken = [problem(fact, "broken", fact.broken) for fact in facts if fact.broken]
    small = [
        problem(fact, "tiny", f"Only {fact.width} x {fact.height} px.")
        for fact in readable
        if min(fact.width, fact.height) < tiny
    ]
    odd = [
        problem(fact, "odd", reason)
        for fact in readable
        if (reason := _oddity(fact, is_mostly_grey=is_mostly_grey) or _outside(fact, pictures.value_range))
    ]
    copies = _duplicates(pictures, readable)
    conflicts = [each for each in copies if each.kind == "conflict"]
    return [*broken, *conflicts, *(each for each in copies if each.kind != "conflict"), *small, *odd]


def range_notes(found: FoundRange, facts: Sequence[Facts]) -> list[str]:
    """Say what is black and white in pictures deeper than 8 bits, and where that does not fit them."""
    deep = [fact for fact in facts if fact.limits is not None]
    if found.value_range is None or not deep:
        return []
    notes = [found.note]
    outside = sum(bool(_outside(fact, found.value_range)) for fact in deep)
    if outside:
        notes.append(
            f"{outside:,} of {len(deep):,} pictures deeper than 8 bits have values outside this range, which are cut."
        )
    spans = [_share_used(fact, found.value_range) for fact in deep]
    if np.median(spans) < LEAST_SHARE:
        notes.append(
            "Half of them fill less than an eighth of this range and keep few levels: a narrower one shows more."
        )
    return notes


def _outside(fact: Facts, value_range: ValueRange | None) -> str:
    if fact.limits is None or value_range is None:
        return ""
    low, high = value_range.limits(are_integers=fact.are_integers)
    if fact.limits[0] >= low and fact.limits[1] <= high:
        return ""
    return f"Values from {fact.limits[0]:g} to {fact.limits[1]:g}; those outside {low:g} to {high:g} are cut."


def _share_used(fact: Facts, value_range: ValueRange) -> float:
    low, high = value_range.limits(are_integers=fact.are_integers)
    lowest, highest = fact.limits or (low, high)
    return (min(highest, high) - max(lowest, low)) / (high - low)


def count_leaks(pictures: PictureSet, facts: Sequence[Facts]) -> int:
    """Count training pictures that are, byte for byte, in another split as well."""
    splits = split_of(pictures)
    elsewhere = {fact.digest for fact in facts if splits[fact.index] != "train" and not fact.broken}
    return sum(
        fact.digest in elsewhere for fact in facts if splits[fact.index] == "train" and not fact.broken
    )


def summarise_sizes(facts: Sequence[Facts]) -> Sizes | None:
    """Smallest, median and largest size of the readable pictures."""
    sizes = [(fact.width, fact.height) for fact in facts if not fact.broken]
    if not sizes:
        return None
    middle = np.median(np.array(sizes), axis=0)
    by_area = sorted(sizes, key=math.prod)
    return Sizes(by_area[0], (int(middle[0]), int(middle[1])), by_area[-1], len(set(sizes)))


def measure_brightness(facts: Sequence[Facts], channels: int) -> tuple[list[float], list[float], int]:
    """Mean and standard deviation per channel in 0..1, each sampled picture counting the same; and their number."""
    sample = np.array([fact.moments for fact in facts if fact.moments])
    if not len(sample):
        return [0.5] * channels, [0.25] * channels, 0
    average = sample.mean(axis=0)
    mean, square = average[:channels], average[channels:]
    std = np.sqrt(np.maximum(square - mean**2, 0))
    return [round(x, 6) for x in mean.tolist()], [round(x, 6) for x in std.tolist()], len(sample)


def _tiny_limit(readable: Sequence[Facts]) -> int:
    sides = [min(fact.width, fact.height) for fact in readable]
    return TINY_AMONG_LARGE_PX if sides and np.median(sides) >= LARGE_PX else TINY_PX


def _oddity(fact: Facts, *, is_mostly_grey: bool) -> str:
    longer, shorter = max(fact.width, fact.height), max(1, min(fact.width, fact.height))
    if longer / shorter > ODD_ASPECT:
        return f"Very long or wide ({fact.width} x {fact.height} px): square crops see little of it."
    if fact.is_grey != is_mostly_grey:
        return "A grey picture among colour ones." if fact.is_grey else "A colour picture among grey ones."
    return fact.remark


def _duplicates(pictures: PictureSet, readable: Sequence[Facts]) -> list[Problem]:
    """Pictures whose content came up before; those of another class or split say so."""
    splits = split_of(pictures)
    first: dict[bytes, int] = {}
    found = []
    for fact in readable:
        original = first.setdefault(fact.digest, fact.index)
        if original == fact.index:
            continue
        name, before = pictures.describe(fact.index), pictures.describe(original)
        reason = f"The same as {before}." if name != before else "It is listed twice."
        labels = [_class_of(pictures, index) for index in (original, fact.index)]
        is_conflict = all(labels) and labels[0] != labels[1]
        if is_conflict:
            reason = f"{reason[:-1]}, there as '{labels[0]}' and here as '{labels[1]}'."
        if splits[original] != splits[fact.index]:
            reason += (
                f" It is in {splits[original]} and in {splits[fact.index]}: accuracy will look too good."
            )
        found.append(Problem(name, reason, "conflict" if is_conflict else "duplicate", fact.index))
    return found


def _class_of(pictures: PictureSet, index: int) -> str:
    label = -1 if pictures.labels is None else int(pictures.labels[index])
    return pictures.classes[label] if label >= 0 else ""
