"""MoCo's files: the encoder beside its momentum copy, v1 and v2 as encoder_q, v3 as base_encoder."""

from engine.weights.weight_format import IMAGENET, Drop, WeightFormat

_BEFORE = r"(?:state_dict/|model/)?(?:model\.)?"

MOCO = WeightFormat(
    name="moco",
    title="MoCo",
    signs=(rf"^{_BEFORE}(?:encoder_q|base_encoder)\.",),
    roots=(rf"{_BEFORE}encoder_q\.", rf"{_BEFORE}base_encoder\."),
    source="facebookresearch/moco, moco/builder.py; facebookresearch/moco-v3, moco/builder.py and vits.py",
    drops=(
        Drop(rf"^{_BEFORE}(?:encoder_k|momentum_encoder)\.", "the momentum copy of the encoder"),
        Drop(rf"^{_BEFORE}predictor\.", "the predictor of pretraining"),
        Drop(rf"^{_BEFORE}queue(?:_ptr)?$", "a memory of the loss"),
    ),
    expects=IMAGENET,
    heads={384: 12},  # moco-v3, vits.py: the small one has 12 heads as well
)
