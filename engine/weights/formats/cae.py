"""CAE's files, of the present release and of the older one (teacher, pretext_neck)."""

from engine.weights.formats.beit import JOINED_BIAS, LAYER_SCALE
from engine.weights.weight_format import IMAGENET, Drop, Licence, WeightFormat

CAE = WeightFormat(
    name="cae",
    title="CAE",
    signs=(r"^(?:model/)?encoder\.blocks\.0\.gamma_1$", r"^(?:model/)?encoder\.blocks\.0\.attn\.q_bias$"),
    roots=(r"model/encoder\.", r"encoder\."),
    source="official CAE, models/modeling_cae.py; older names of lxtGH/CAE",
    renames=LAYER_SCALE,
    joins=(JOINED_BIAS,),
    drops=(
        Drop(r"^(?:model/)?(?:alignment_encoder|teacher)\.", "the alignment encoder, a copy of the encoder"),
        Drop(r"^(?:model/)?(?:regresser|pretext_neck)\.", "the latent regressor"),
        Drop(r"^(?:model/)?decoder\.", "the decoder"),
        Drop(r"^(?:model/)?encoder_to_", "the way from the encoder to the regressor"),
        Drop(r"^(?:model/)?(?:mask_token|rd_pos_embed)$", "an input of the regressor"),
    ),
    expects=IMAGENET,
    licence=Licence(
        "none", True, "CAE's repository states no licence, so its authors grant no rights beyond looking."
    ),
    reading="mean",
    is_certain=True,
    heads={192: 12, 384: 12},  # official models/modeling_cae.py: tiny and small have 12 heads as well
)
