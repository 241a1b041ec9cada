"""Weights under an encoder's names, fitted to its shapes and accounted for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from timm.models import adapt_input_conv
from torch import Tensor

from engine.errors import CheckpointError
from engine.nn.encoder import Encoder
from engine.nn.positions import resize_positions
from engine.nn.vit import ViTEncoder
from engine.weights.key_map import MappedKeys
from engine.weights.report import USED, Fate, KeyReport, Row

LEAST_SHARE = 0.9  # below it, most of what a network learned would be chance
FIRST_LAYERS = ("patch_embed.proj.weight", "conv1.weight", "stem.0.weight")
# Names that an encoder's own parts have, here or elsewhere: what cannot be taken of these changes the features.
STRUCTURE = re.compile(
    r"(?:blocks|layers?\d*|stages|patch_embed|pos_embed|cls_token|dist_token|reg_token|register_tokens|norm|norm_pre"
    r"|fc_norm|ln_pre|ln_post|ln_f|rel_pos_bias|rope\w*|stem|conv1|bn1|embeddings|encoder|transformer|trunk|visual|gamma"
    r"|se|attn_pool|attnpool|adapter\w*|lora\w*|prompt\w*|registers|storage_tokens)(?:\.|$)"
)
COUNTER = "num_batches_tracked"  # says nothing about features, and converters leave it out


@dataclass(frozen=True)
class Fitted:
    """Weights that an encoder takes.

    Args:
        state: Every tensor of the encoder; what the file lacks is as the encoder started.
        report: What became of every tensor.
    """

    state: Mapping[str, Tensor]
    report: KeyReport


def fit(mapped: MappedKeys, encoder: Encoder) -> Fitted:
    """Fit a file's tensors to an encoder.

    Args:
        mapped: The file's tensors under the encoder's names.
        encoder: The encoder as it was built; it is not changed.

    Raises:
        CheckpointError: If less than ``LEAST_SHARE`` of the encoder's tensors are in the file, if the file's encoder
            has parts that this one has not, or if a weight is NaN or infinite.
    """
    own = encoder.network.state_dict()
    mapped = _with_norm_of(mapped, own)
    state, rows = dict(own), list(mapped.rows)
    strange: list[str] = []
    for name, tensor in mapped.tensors.items():
        places = mapped.origins[name]
        value, row = _fit_one(name, tensor, own.get(name), encoder)
        is_renamed = row.fate is Fate.MATCHED and not re.search(rf"(?:^|[./]){re.escape(name)}$", places[0])
        fate = Fate.RENAMED if is_renamed else row.fate
        rows += [Row(fate, place, row.name, row.reason or _joined(places)) for place in places]
        if value is not None:
            state[name] = value
        elif STRUCTURE.match(name):
            strange.append(row.reason)
    counters = [name for name in own if name.endswith(COUNTER)]
    filled = {row.name for row in rows if row.name}
    for name in [name for name in own if name not in filled]:
        if name.endswith(".bias"):  # a network without biases is one whose biases are zero
            state[name] = torch.zeros_like(own[name])
        rows.append(Row(Fate.MISSING, "", name, _why_missing(name, counters)))
    report = KeyReport(rows, needed=len(own))
    _check(report, own, state, strange)
    return Fitted(state, report)


def _with_norm_of(mapped: MappedKeys, own: Mapping[str, Tensor]) -> MappedKeys:
    """The file's last norm under the name that the encoder has for it, of every token or of their mean."""
    theirs, ours = ("fc_norm", "norm") if "norm.weight" in own else ("norm", "fc_norm")
    if f"{theirs}.weight" not in mapped.tensors or f"{ours}.weight" in mapped.tensors:
        return mapped
    names = {
        name: name.replace(theirs, ours, 1) if name.startswith(f"{theirs}.") else name
        for name in mapped.tensors
    }
    tensors = {names[name]: tensor for name, tensor in mapped.tensors.items()}
    return replace(
        mapped, tensors=tensors, origins={names[name]: found for name, found in mapped.origins.items()}
    )


def _why_missing(name: str, counters: list[str]) -> str:
    if name in counters:
        return "a counter, not needed"
    return "the file has none, so it is zero" if name.endswith(".bias") else "starts afresh"


def _joined(places: list[str]) -> str:
    return f"put together from {len(places)} parts" if len(places) > 1 else ""


def _fit_one(name: str, tensor: Tensor, own: Tensor | None, encoder: Encoder) -> tuple[Tensor | None, Row]:
    """One tensor in the encoder's shape, and its row without a place."""
    if own is None:
        return None, Row(Fate.UNEXPECTED, "", reason=f"the encoder has no '{name}'")
    _check_number(name, tensor, own)
    value = tensor.detach().to(own.dtype)
    if value.shape == own.shape:
        return value.clone(), Row(Fate.MATCHED, "", name)
    was = _shape(tensor)
    misfit = Row(Fate.UNEXPECTED, "", reason=f"'{name}' is {was} here and {_shape(own)} in the encoder")
    if name == "pos_embed" and isinstance(encoder, ViTEncoder) and _is_other_grid(value, own):
        rows, columns = encoder.grid
        value = resize_positions(value, rows, columns)
        return value, Row(Fate.RESHAPED, "", name, f"positions of {was} resampled (bicubic) to {_shape(own)}")
    if name in FIRST_LAYERS and (value.shape[:1], value.shape[2:]) == (own.shape[:1], own.shape[2:]):
        try:
            value = adapt_input_conv(own.shape[1], value, base_chans=value.shape[1])
        except (NotImplementedError, ValueError, AssertionError):
            return None, misfit
        return value, Row(Fate.RESHAPED, "", name, f"colour channels {tensor.shape[1]} -> {own.shape[1]}")
    return None, misfit


def _check_number(name: str, tensor: Tensor, own: Tensor) -> None:
    """Refuse numbers that are no weights: of quantised networks, whose scales are elsewhere, and complex ones."""
    kind = str(tensor.dtype).removeprefix("torch.")
    if own.is_floating_point() and (not tensor.is_floating_point() or kind.startswith("float8")):
        raise CheckpointError(
            f"'{name}' in the file is stored as {kind}, as in a quantised or another network, which cannot be read.",
            "Choose the file in fp32, fp16 or bf16.",
        )


def _is_other_grid(table: Tensor, own: Tensor) -> bool:
    is_table = table.ndim == 3 and table.shape[0] == 1 and table.shape[2] == own.shape[2]
    return is_table and round(max(table.shape[1] - 1, 0) ** 0.5) ** 2 == table.shape[1] - 1


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _check(
    report: KeyReport, own: Mapping[str, Tensor], state: Mapping[str, Tensor], strange: list[str]
) -> None:
    """Refuse what would be another network than the file's."""
    needed = [name for name in own if not name.endswith(COUNTER)]
    missing = [row.name for row in report.of(Fate.MISSING) if not row.name.endswith(COUNTER)]
    if len(missing) > (1 - LEAST_SHARE) * len(needed):
        raise CheckpointError(
            f"The file fills {len(needed) - len(missing)} of the encoder's {len(needed)} tensors; "
            f"'{missing[0]}' is the first that is missing or does not fit.",
            "Choose the encoder that the file was trained with, or a complete file.",
        )
    if strange:
        raise CheckpointError(
            f"{len(strange)} tensors of the file's encoder have no place in this one ({strange[0]}); without them its "
            "features would be others.",
            "Choose the encoder that the file was trained with.",
        )
    given = [row.name for row in report.of(*USED)]
    broken = [name for name in given if not torch.isfinite(state[name]).all()]
    if broken:
        raise CheckpointError(
            f"'{broken[0]}' in the file holds numbers that are NaN or infinite.",
            "Choose an earlier file of that run.",
        )
