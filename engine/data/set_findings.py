"""Findings about a scanned set as a whole: uneven classes, copies, conflicts, grey pictures, what was only sampled."""

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.data.account import named
from engine.data.examine import Facts
from engine.data.picture_set import PictureSet
from engine.data.scan_report import Problem

# From here on the larger classes decide an accuracy.
UNEVEN = 3.0
# Fewer copies are listed, but not worth a sentence.
MANY_COPIES = 0.05


def set_warnings(
    pictures: PictureSet, facts: Sequence[Facts], problems: Sequence[Problem], leaks: int
) -> list[str]:
    """Sentences of what may be wrong with the set as a whole, beyond what was known before its pictures were read."""
    return [
        *_copies(pictures, problems, leaks),
        *_unreadable_classes(pictures, facts),
        *_uneven_classes(pictures),
    ]


def set_notes(pictures: PictureSet, sampled: int, grey: float) -> list[str]:
    """Sentences a person should know: what was measured on some pictures only, and whether colours are there."""
    said = []
    if 0 < sampled < len(pictures.train):
        said.append(
            f"Brightness was measured on {sampled:,} of {len(pictures.train):,} training pictures; everything else "
            "was looked at in all of them."
        )
    if grey == 1:
        said.append(
            "All pictures are grey: distortions of colour change nothing but their brightness and contrast, and "
            "reading them with 1 channel saves time."
        )
    elif grey > 0:
        said.append(f"{100 * grey:.2g} % of the pictures are grey, the others have colours.")
    return said


def share_of_grey(facts: Sequence[Facts]) -> float:
    """Share, 0..1, of grey pictures among those whose content was measured: by format, or by equal channels."""
    measured = [fact for fact in facts if fact.moments and not fact.broken]
    return sum(map(_is_grey, measured)) / len(measured) if measured else 0.0


def _is_grey(fact: Facts) -> bool:
    if fact.is_grey or len(fact.moments) != 6:
        return fact.is_grey
    # Equal channels have equal means and mean squares to the last digit; those of a colour picture never have both.
    return len(set(fact.moments[:3])) == 1 and len(set(fact.moments[3:])) == 1


def _copies(pictures: PictureSet, problems: Sequence[Problem], leaks: int) -> Iterable[str]:
    conflicts = [problem.path for problem in problems if problem.kind == "conflict"]
    copies = len(conflicts) + sum(problem.kind == "duplicate" for problem in problems)
    if conflicts:
        yield f"Pictures that are there under two labels: {len(conflicts):,} ({named(conflicts)})."
    if leaks:
        yield f"{leaks:,} training pictures are in validation or test too; accuracy will look too good."
    elif copies >= MANY_COPIES * len(pictures):
        yield f"{copies:,} of {len(pictures):,} pictures are copies of others: the set is smaller than it looks."


def _unreadable_classes(pictures: PictureSet, facts: Sequence[Facts]) -> Iterable[str]:
    if pictures.labels is None:
        return
    readable = {int(pictures.labels[fact.index]) for fact in facts if not fact.broken}
    present = set(pictures.labels.tolist()) - {-1}
    lost = [pictures.classes[label] for label in sorted(present - readable)]
    if lost:
        yield f"No picture can be read of {len(lost):,} of {len(present):,} classes: {named(lost)}."


def _uneven_classes(pictures: PictureSet) -> Iterable[str]:
    if pictures.labels is None:
        return
    labels = pictures.labels[pictures.train]
    counts = Counter(pictures.classes[label] for label in labels.tolist() if label >= 0)
    if len(counts) < 2:
        return
    (largest, most), (smallest, least) = counts.most_common(1)[0], counts.most_common()[-1]
    if most >= UNEVEN * least:
        yield (
            f"Classes are uneven, {most / least:.3g} to 1: {most:,} training pictures of '{largest}', {least:,} of "
            f"'{smallest}'. Always answering '{largest}' is right for {100 * most / counts.total():.3g} % of them."
        )
    single = [name for name, count in counts.items() if count == 1]
    if single:
        yield f"Classes with a single training picture: {len(single):,} of {len(counts):,} ({named(single)})."
