"""What our files of weights say of themselves in their header, so that it is not lost from one studio to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

KEY = "ssl-studio"


@dataclass(frozen=True)
class Passport:
    """What no tensor tells.

    Args:
        normalise: What pictures are normalised with: "imagenet", "unit", "half", or empty where it has no name.
        width: Channels of a token or of the features.
        heads: Attention heads; 0 for a network without attention.
        licence: Short name of the terms that the weights came under; empty for weights trained from chance.
        is_restricted: True where commercial use is not granted.
        licence_note: One sentence on the terms.
        pooling: What a vector of a transformer is, "cls" or "mean"; empty where it does not say, or for a network
            without a class token.
    """

    normalise: Literal["imagenet", "unit", "half", ""] = ""
    width: int = 0
    heads: int = 0
    licence: str = ""
    is_restricted: bool = False
    licence_note: str = ""
    pooling: Literal["cls", "mean", ""] = ""


_PASSPORTS = TypeAdapter(Passport)


def write_passport(passport: Passport) -> dict[str, str]:
    """The header of a safetensors file, texts only."""
    return {"format": "pt", KEY: _PASSPORTS.dump_json(passport).decode()}


def read_passport(header: Mapping[str, str]) -> Passport | None:
    """What a header says; None for a file of others, or one whose header was changed into something else."""
    try:
        return _PASSPORTS.validate_json(header.get(KEY, ""))
    except ValidationError:
        return None
