"""VISSL's files, which also hold converted BYOL and SimCLR networks."""

from engine.weights.weight_format import IMAGENET, Drop, WeightFormat

_MODEL = r"^classy_state_dict/base_model/"

VISSL = WeightFormat(
    name="vissl",
    title="VISSL",
    signs=(_MODEL + r"model/trunk/",),
    roots=(r"classy_state_dict/base_model/model/trunk/(?:base_model\.)?_feature_blocks\.",),
    source="facebookresearch/vissl, extra_scripts (names of the trunk)",
    drops=(
        Drop(_MODEL + r"model/heads/", "a head of pretraining"),
        Drop(_MODEL + r"meta/", "state of the training"),
        Drop(r"^classy_state_dict/(?!base_model/)", "state of the training"),
    ),
    expects=IMAGENET,
)
