"""What there is to say of one way to write weights down; the formats themselves are declared in ``formats``."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from torch import Tensor

from engine.encoder_names import Reading
from engine.passport import Passport


@dataclass(frozen=True)
class Expected:
    """What pictures in 0..1 are normalised with before the network.

    Args:
        name: As a recipe calls it.
        source: Where that is known from.
    """

    name: Literal["imagenet", "unit", "half"]
    source: str


@dataclass(frozen=True)
class Licence:
    """Under which terms the published weights of a format stand.

    Args:
        name: Short name, such as "Apache-2.0"; "none" where the authors grant no rights, "unknown" where nobody said.
        is_restricted: True where commercial use is not granted.
        note: One sentence for the person.
    """

    name: str
    is_restricted: bool
    note: str


IMAGENET = Expected("imagenet", "as the official code does")
ASSUMED = Expected("imagenet", "by assumption, as the file does not say")
HALF = Expected("half", "as BEiT does")
UNIT = Expected("unit", "as SimCLR's official code does: pictures in 0..1 as they are")

APACHE = Licence("Apache-2.0", False, "The published weights are under Apache-2.0.")
FROM_CHANCE = Licence(
    "its makers'",
    False,
    "Trained in a studio like this one from chance; whoever trained it decides on its use.",
)
UNKNOWN = Licence("unknown", False, "The file says nothing of its licence; ask where it comes from.")


@dataclass(frozen=True)
class Rename:
    """A regular expression for the encoder's names in the file, and what timm calls them."""

    pattern: str
    replacement: str


@dataclass(frozen=True)
class Drop:
    """Tensors that are left out: a regular expression for their place in the file, and the reason."""

    pattern: str
    reason: str


@dataclass(frozen=True)
class Join:
    """A tensor that the file keeps in parts.

    Args:
        name: Last part of the whole's name, such as "qkv.bias".
        parts: Last parts of the pieces' names, in order of joining; None stands for zeros.
    """

    name: str
    parts: tuple[str | None, ...]


@dataclass(frozen=True)
class WeightFormat:
    """One way to write an encoder down.

    Args:
        name: Short name.
        title: For people.
        signs: Regular expressions, each of which is found in the place of some tensor.
        roots: What stands before the encoder's own names; the first one that is there is taken.
        source: Where the rules come from.
        renames: From the file's names to timm's; those that match are applied one after the other.
        drops: What is left out, and why.
        joins: What is put together.
        expects: What pictures are normalised with.
        licence: Terms of the published weights.
        heads: Width -> heads, where they differ from the usual ones.
        reading: What a vector is where the file does not say: the mean of the patches for methods whose runs here are
            read so.
        is_certain: Whether the format has one architecture, so that its tensors leave nothing open.
        is_it: A further question to the tensors, where names alone do not tell.
    """

    name: str
    title: str
    signs: Sequence[str]
    roots: Sequence[str]
    source: str
    renames: Sequence[Rename] = ()
    drops: Sequence[Drop] = ()
    joins: Sequence[Join] = ()
    expects: Expected = ASSUMED
    licence: Licence = UNKNOWN
    heads: Mapping[int, int] = field(default_factory=dict)
    reading: Reading = "cls"
    is_certain: bool = False
    is_it: Callable[[Mapping[str, Tensor]], bool] | None = None

    def recognises(self, tensors: Mapping[str, Tensor]) -> bool:
        """Say whether the places (and where needed the values) of a file's tensors are those of this format."""
        if not all(any(re.search(sign, place) for place in tensors) for sign in self.signs):
            return False
        return self.is_it is None or self.is_it(tensors)

    def root(self, places: Sequence[str]) -> str | None:
        """The regular expression before the encoder's names; None where no encoder is found."""
        for root in self.roots:
            if any(re.match(f"(?:{root}){STEM}", place) for place in places):
                return root
        return None

    def with_passport(self, passport: Passport) -> Self:
        """The same, with what a file says of itself in place of what is usual."""
        expects, licence = self.expects, FROM_CHANCE
        if passport.normalise:
            expects = Expected(passport.normalise, "as the file says")
        if passport.licence:
            licence = Licence(passport.licence, passport.is_restricted, passport.licence_note)
        heads = {passport.width: passport.heads} if passport.heads else {}
        return replace(self, expects=expects, licence=licence, heads=heads)

    def rename(self, name: str) -> str:
        """What timm calls a tensor of the encoder."""
        for rename in self.renames:
            name = re.sub(rename.pattern, rename.replacement, name)
        return name


# The first layer: of a vision transformer, a ResNet, a ResNet of SimCLRv2's port, OpenMMLab's and Hugging Face's ViT, a
# torch Sequential.
STEM = (
    r"(?:embeddings\.patch_embeddings\.projection\.weight|patch_embed\.(?:proj|projection)\.weight"
    r"|conv1\.(?:0\.)?weight|net\.0\.0\.weight|0\.weight)$"
)
