"""From the places of a file's tensors to the names of an encoder, by the rules of a format."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.weights.report import Fate, Row
from engine.weights.weight_format import Drop, Join, WeightFormat

# What DistributedDataParallel, torch.compile and FSDP put before a network's own names.
_WRAPPERS = re.compile(r"(^|/)(?:module\.|_orig_mod\.|_fsdp_wrapped_module\.)+")
_COMPILED = re.compile(r"_orig_mod\.")

STATE = (
    Drop(
        r"^(?:optimizer\w*|lr_schedulers?|scheduler|scaler|\w*loss_scaler|fp16_scaler|grad_scaler|amp|callbacks|loops"
        r"|native_amp_scaling_state|hyper_parameters|datamodule_hyper_parameters|message_hub|meta|param_schedulers)/",
        "state of the training",
    ),
    Drop(r"^(?:state_dict_ema|model_ema|ema)/", "the averaged copy of the weights"),
)
HEADS = (
    Drop(r"^(?:head|fc|classifier|head_dist|heads|linear|pre_logits)\.", "a classification head"),
    Drop(r"^(?:projector|predictor|projection_head|prediction_head|prototypes)\.", "a head of pretraining"),
    Drop(r"^mask_token$", "a token that only masked pretraining shows"),
)


@dataclass
class MappedKeys:
    """A file's encoder under timm's names.

    Args:
        tensors: Name in timm -> tensor, as the file has it.
        origins: Name in timm -> places in the file.
        rows: The tensors that are left out.
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    origins: dict[str, list[str]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def take(self, name: str, place: str, tensor: Tensor) -> None:
        """Accept a tensor; a second one of the same name is unexpected."""
        if name in self.tensors:
            self.rows.append(Row(Fate.UNEXPECTED, place, reason=f"'{name}' was there already"))
            return
        self.tensors[name] = tensor
        self.origins[name] = [place]


def unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Place without the names of wrappers -> place in the file."""
    return {_COMPILED.sub("", _WRAPPERS.sub(r"\1", place)): place for place in tensors}


def map_keys(
    known: WeightFormat, root: str, places: Mapping[str, str], tensors: Mapping[str, Tensor]
) -> MappedKeys:
    """Sort every tensor of a file: into the encoder, or out of it with a reason.

    Args:
        known: The format.
        root: What stands before the encoder's names, a regular expression.
        places: Place without wrappers -> place in the file.
        tensors: Place in the file -> tensor.
    """
    mapped, before = MappedKeys(), re.compile(root)
    for place, original in places.items():
        tensor = tensors[original]
        reason = _reason(place, (*known.drops, *STATE))
        found = before.match(place)
        if reason is None and found is None:
            mapped.rows.append(Row(Fate.UNEXPECTED, original, reason="no part of the encoder"))
            continue
        inner = place[found.end() :] if found is not None else ""
        reason = reason or _reason(inner, HEADS)
        if reason is not None:
            mapped.rows.append(Row(Fate.DROPPED, original, reason=reason))
        else:
            mapped.take(known.rename(inner), original, tensor)
    for join in known.joins:
        _join(join, mapped)
    return mapped


def _reason(place: str, drops: tuple[Drop, ...]) -> str | None:
    return next((drop.reason for drop in drops if re.search(drop.pattern, place)), None)


def _join(join: Join, mapped: MappedKeys) -> None:
    """Put pieces together wherever all of them are; a piece that is None is as long as the first, and zero."""
    first = next(part for part in join.parts if part is not None)
    for name in [name for name in mapped.tensors if name.endswith(first)]:
        stem = name.removesuffix(first)
        names = [None if part is None else stem + part for part in join.parts]
        if any(part is not None and part not in mapped.tensors for part in names):
            continue
        like = mapped.tensors[name]
        pieces = [torch.zeros_like(like) if part is None else mapped.tensors.pop(part) for part in names]
        origins = [place for part in names if part is not None for place in mapped.origins.pop(part)]
        mapped.tensors[stem + join.name] = torch.cat(pieces)
        mapped.origins[stem + join.name] = origins
