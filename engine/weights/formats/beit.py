"""Flat transformers in BEiT's manner, as CAE's fine-tuned files are: LayerScale as gamma, no bias for the keys."""

from engine.weights.weight_format import HALF, Join, Rename, WeightFormat

LAYER_SCALE = (
    Rename(r"^(blocks\.\d+)\.gamma_1$", r"\1.ls1.gamma"),
    Rename(r"^(blocks\.\d+)\.gamma_2$", r"\1.ls2.gamma"),
)
# A bias of the keys is the same for all keys, and the softmax of attention ignores it: zero is what they mean.
JOINED_BIAS = Join("attn.qkv.bias", ("attn.q_bias", None, "attn.v_bias"))

BEIT = WeightFormat(
    name="beit",
    title="BEiT-style transformer",
    signs=(r"^(?:model/|module/)?blocks\.0\.gamma_1$", r"^(?:model/|module/)?blocks\.0\.attn\.q_bias$"),
    roots=("model/", "module/", ""),
    source="official CAE, models/modeling_finetune.py",
    renames=LAYER_SCALE,
    joins=(JOINED_BIAS,),
    expects=HALF,
    heads={192: 0, 384: 0},  # 3 and 6 in one family, 12 in the other: the person must say
)
