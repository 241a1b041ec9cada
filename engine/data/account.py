"""An account of a place: every file that is there, kept or left out, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.data.suffixes import suffix_of
from engine.file_names import name_as_text

# So many of a kind are named, the others counted.
MOST_NAMED = 3
LONGEST_NAMED = 80

# Why files are left out, after "Left out"; these deserve a look, for a person may miss the files.
REASONS_TO_LOOK: Mapping[str, str] = {
    "picture": ", in a picture format that is not read",
    "content": ", pictures by their content but not by their names, which want the end of one",
    "mask": " as masks or annotations of other pictures",
    "outside": ", outside the folders that are read",
    "linked": ", reached a second time by a link",
    "special": ", not an ordinary file (a pipe, a device, a socket)",
    "address": ", addresses in the web, which must be downloaded first",
    "nameless": ", rows without a path",
    "unread": ", in a folder that cannot be opened",
}
# These only make the account whole.
OTHER_REASONS: Mapping[str, str] = {
    "video": " as videos",
    "archive": " as archives",
    "other": ", not pictures",
    "hidden": ", hidden or left behind by a system",
}


@dataclass(frozen=True)
class LeftOut:
    """Files that are left out for one reason.

    Args:
        reason: A key of ``REASONS_TO_LOOK`` or ``OTHER_REASONS``.
        suffix: End of their names, with the dot; empty without one.
        count: How many.
        examples: The first few, as text.
    """

    reason: str
    suffix: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """What was seen at a place; ``kept`` and all that is left out add up to ``seen``.

    Args:
        seen: Files, or rows of a list.
        kept: Those that are pictures of the set, readable or not.
        left_out: The others, by reason and suffix.
        empty_folders: Visible folders without any file, as text.
        closed_folders: Folders that could not be opened, as text; what is in them is not known.
    """

    seen: int = 0
    kept: int = 0
    left_out: tuple[LeftOut, ...] = ()
    empty_folders: tuple[str, ...] = ()
    closed_folders: tuple[str, ...] = ()

    def count(self, *reasons: str) -> int:
        """How many files are left out for these reasons; for all when none is given."""
        return sum(each.count for each in self.left_out if not reasons or each.reason in reasons)

    @property
    def warnings(self) -> list[str]:
        """Sentences about files that a person may miss."""
        closed = [
            f"The folder '{name}' could not be opened and was left out." for name in self.closed_folders
        ]
        return closed + self._sentences(REASONS_TO_LOOK)

    @property
    def notes(self) -> list[str]:
        """Sentences about what nobody misses, so that the account is whole."""
        said = self._sentences(OTHER_REASONS)
        return [*said, f"Empty folders: {named(self.empty_folders)}."] if self.empty_folders else said

    def _sentences(self, reasons: Mapping[str, str]) -> list[str]:
        said = []
        for reason, words in reasons.items():
            parts = [each for each in self.left_out if each.reason == reason]
            listed = ", ".join(
                f"{each.count:,} {each.suffix[1:] or 'without a suffix'} ({named(each.examples, each.count)})"
                for each in parts
            )
            said += [f"Left out{words}: {listed}."] if parts else []
        return said


@dataclass
class Ledger:
    """An account while a place is being read."""

    kept: int = 0
    empty_folders: list[str] = field(default_factory=list)
    closed_folders: list[str] = field(default_factory=list)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def leave_out(self, reason: str, name: str) -> None:
        """Write down one file by its name as the file system has it."""
        key = (reason, suffix_of(name.rpartition("/")[2]))
        self._counts[key] += 1
        examples = self._examples.setdefault(key, [])
        if len(examples) < MOST_NAMED:
            examples.append(name_as_text(name))

    def account(self) -> Account:
        """Close the account."""
        left_out = tuple(
            LeftOut(reason, suffix, count, tuple(self._examples[reason, suffix]))
            for (reason, suffix), count in self._counts.most_common()
        )
        closed = tuple(sorted(set(map(name_as_text, self.closed_folders))))
        empty = tuple(sorted(set(map(name_as_text, self.empty_folders))))
        return Account(self.kept + self._counts.total(), self.kept, left_out, empty, closed)


def named(names: Sequence[str], count: int = 0) -> str:
    """Name the first few of ``count``, or of as many as there are: "a, b, c and 5 more"."""
    count = count or len(names)
    shown = ", ".join(map(shortened, names[:MOST_NAMED]))
    return f"{shown} and {count - MOST_NAMED:,} more" if count > MOST_NAMED else shown


def shortened(name: str) -> str:
    """A name that fits into a sentence: the middle of a very long one is left out."""
    half = LONGEST_NAMED // 2
    return name if len(name) <= LONGEST_NAMED else f"{name[:half]}…{name[-half:]}"
