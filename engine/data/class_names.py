"""Classes compared across splits, and names that are nearly the same or look like no classes."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.data.account import named
from engine.data.masks import may_be_masks
from engine.file_names import name_from_text

Indices = NDArray[np.int64]
_DATE = re.compile(
    r"(photos from )?(19|20)\d\d([ _.-]?\d\d){0,2}([ _.-].*)?|\d\d[ _.-]\d\d[ _.-](19|20)\d\d", re.IGNORECASE
)
_PART = re.compile(
    r"(fold|split|part|batch|chunk|cv|set|shard|patient|subject|case|study|series|session|cam|camera|video)[ _-]?\d+",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"([^\W\d](?:[^\W\d]|[ -])*?)[ ._-]*\(?\d+\)?\.\w+$")
MOST_IN_NAMES = 1000
SHARE_IN_NAMES = 0.95
UNLABELLED = "The layout 'flat' reads them without labels."
_MISSING = frozenset({"nan", "none", "null", "n/a", "na", "<na>", "unknown", "unlabeled", "unlabelled", "?"})


def plain_name(name: str) -> str:
    """A class name without what is easily mistyped: case, Unicode form, spaces and signs, dots at the end, ``01``."""
    form = unicodedata.normalize("NFKC", name_from_text(name)).casefold()
    words = re.sub(r"[\s_-]+", " ", form).strip(" .")
    try:
        number = float(words)
    except ValueError:
        return words
    return repr(number) if math.isfinite(number) else words


def near_twins(classes: Iterable[str]) -> list[list[str]]:
    """Groups of class names that differ only by what ``plain_name`` takes away."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        groups[plain_name(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def missing_classes(
    classes: Sequence[str], labels: Indices | None, splits: Mapping[str, Indices]
) -> dict[str, list[str]]:
    """Split -> its classes that training has no picture of."""
    if labels is None:
        return {}
    trained = set(labels[splits["train"]].tolist())
    found = {}
    for split, indices in splits.items():
        present = np.unique(labels[indices])
        lacking = [classes[label] for label in present.tolist() if label >= 0 and label not in trained]
        if lacking:
            found[split] = lacking
    return found


def classes_in_names(files: Sequence[str]) -> list[str]:
    """Classes that file names begin with, as in ``cat.12.jpg`` and ``dog_7.png``; empty unless nearly all do."""
    matches = [_NUMBERED.match(file) for file in files]
    counts = Counter(match.group(1) for match in matches if match)
    is_told = 2 <= len(counts) <= MOST_IN_NAMES and min(counts.values()) >= 2
    return sorted(counts) if is_told and counts.total() >= SHARE_IN_NAMES * len(files) else []


def ceiling(labels: Indices, test: Indices, train: Indices) -> float:
    """Largest accuracy, 0..1, that pictures of classes known from training can reach."""
    known = np.isin(labels[test], np.unique(labels[train]))
    return float(known.mean()) if len(test) else 1.0


def ceiling_in_words(labels: Indices, test: Indices, train: Indices) -> str:
    """Begin a sentence: "At most 50 % accuracy can be reached"; "No accuracy" where no class is known."""
    most = ceiling(labels, test, train)
    return f"At most {100 * most:.3g} % accuracy can be reached" if most else "No accuracy can be reached"


def class_warnings(
    classes: Sequence[str], labels: Indices | None, splits: Mapping[str, Indices]
) -> list[str]:
    """Sentences about classes that never match, nearly match, or may be no classes."""
    if labels is None:
        return []
    return [
        *_missing_sentences(classes, labels, splits),
        *_twin_sentences(classes),
        *_doubtful_sentences(classes),
    ]


def class_notes(classes: Sequence[str], labels: Indices | None, splits: Mapping[str, Indices]) -> list[str]:
    """Sentences about classes that are plain to see, such as those that another split lacks."""
    said = []
    for split, indices in splits.items():
        if labels is None or split == "train" or not (labels[indices] >= 0).any():
            continue
        trained, present = (set(labels[each].tolist()) - {-1} for each in (splits["train"], indices))
        lacking = [classes[label] for label in sorted(trained - present)]
        if lacking:
            said.append(
                f"Of the classes of training ({len(trained):,}), the {split} split lacks {named(lacking)}."
            )
    return said


def _missing_sentences(
    classes: Sequence[str], labels: Indices, splits: Mapping[str, Indices]
) -> Iterable[str]:
    for split, lacking in missing_classes(classes, labels, splits).items():
        judged = splits[split][labels[splits[split]] >= 0]
        reached = ceiling_in_words(labels, judged, splits["train"])
        present = len(np.unique(labels[judged]))
        yield (
            f"{reached} on the {split} split: {len(lacking):,} of its {present:,} classes "
            f"{'is' if len(lacking) == 1 else 'are'} not in training ({named(lacking)})."
        )


def _twin_sentences(classes: Sequence[str]) -> Iterable[str]:
    twins = near_twins(classes)
    if twins:
        shown = [" and ".join(f"'{name}'" for name in group) for group in twins]
        yield (
            f"Class names that differ only by case, spaces, signs or Unicode form are different classes: "
            f"{named(shown)}. Give them one name if they are one class."
        )


def _doubtful_sentences(classes: Sequence[str]) -> Iterable[str]:
    masks = [name for name in classes if may_be_masks(name)]
    if masks:
        yield f"The class {named(masks)} may hold masks or annotations rather than pictures; it trains as a class."
    if len(classes) > 1 and all(_DATE.fullmatch(name) for name in classes):
        yield f"All classes look like dates: k-NN accuracy tells when a picture was taken. {UNLABELLED}"
    if len(classes) > 1 and all(_PART.fullmatch(name) for name in classes):
        yield f"All classes look like parts of one set ({named(classes)}), not like classes. {UNLABELLED}"
    missing = [name for name in classes if name.strip().lower() in _MISSING]
    if missing:
        yield f"The class {named(missing)} may stand for a missing label; it is read as a class."
