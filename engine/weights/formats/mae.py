"""MAE's files: with the decoder as trained, or the encoder alone as published."""

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.nn.positions import sincos_2d
from engine.weights.weight_format import IMAGENET, Drop, Licence, WeightFormat

NON_COMMERCIAL = Licence(
    "CC-BY-NC-4.0",
    True,
    "The published MAE weights are under CC-BY-NC 4.0: not for commercial use, nor is what is trained from them. "
    "Weights that you trained yourself are yours.",
)


def _has_sincos_positions(tensors: Mapping[str, Tensor]) -> bool:
    """MAE alone keeps a fixed sine-cosine table in this order (official file util/pos_embed.py)."""
    table = tensors["model/pos_embed"] if "model/pos_embed" in tensors else tensors["pos_embed"]
    if table.ndim != 3 or table.shape[2] % 4:
        return False
    side = int(max(table.shape[1] - 1, 0) ** 0.5)
    if table.shape[1] != 1 + side * side:
        return False
    expected = sincos_2d(table.shape[2], side, side, class_token=True)
    return torch.allclose(table[0].float(), expected, atol=1e-3)


MAE = WeightFormat(
    name="mae",
    title="MAE (with decoder)",
    signs=(r"^(?:model/)?decoder_blocks\.", r"^(?:model/)?decoder_pred\."),
    roots=("model/", ""),
    source="official MAE, models_mae.py and main_pretrain.py",
    drops=(
        Drop(r"^(?:model/)?decoder_", "MAE's decoder"),
        Drop(r"^(?:model/)?mask_token$", "the decoder's token for masked patches"),
    ),
    expects=IMAGENET,
    licence=NON_COMMERCIAL,
    reading="mean",
    is_certain=True,
)
MAE_ENCODER = WeightFormat(
    name="mae_encoder",
    title="MAE (encoder)",
    signs=(r"^(?:model/)?pos_embed$", r"^(?:model/)?blocks\.0\.attn\.qkv\.bias$"),
    roots=("model/", ""),
    source="official MAE, released mae_pretrain_vit_*.pth; told by its fixed position table",
    expects=IMAGENET,
    licence=NON_COMMERCIAL,
    reading="mean",
    is_certain=True,
    is_it=_has_sincos_positions,
)
