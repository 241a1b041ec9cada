"""Checkpoints of Lightning modules, such as solo-learn's: one state_dict, the encoder behind a prefix."""

from engine.weights.weight_format import Drop, WeightFormat

_HEADS = (
    r"(?:projector|predictor|(?:projection|prediction)_head|(?:online_)?classifier|prototypes|neck|heads?)"
)

LIGHTNING = WeightFormat(
    name="lightning",
    title="Lightning checkpoint (solo-learn, mmselfsup ResNets and others)",
    signs=(r"^(?:state_dict/|teacher/|model/)?(?:\w+\.)+(?:conv1|patch_embed\.proj)\.weight$",),
    roots=(
        r"(?:state_dict/|model/)?backbone\.(?:vit|model|net|encoder)\.",
        r"state_dict/backbone\.",
        r"state_dict/encoder\.",
        r"state_dict/model\.backbone\.",
        r"state_dict/model\.encoder\.",
        r"state_dict/model\.",
        r"state_dict/teacher\.backbone\.",
        r"state_dict/online_encoder\.",
        r"state_dict/student_backbone\.(?:vit\.)?",
        r"state_dict/(?:model\.)?vit\.",
        r"state_dict/net\.",
        r"(?:model|teacher)/backbone\.",
        r"(?:model|teacher)/encoder\.",
        r"backbone\.",
        r"encoder\.",
        r"model\.",
        r"vit\.",
    ),
    source="solo-learn, solo/methods (backbone, projector, momentum_backbone); prefixes seen elsewhere",
    drops=(
        Drop(r"(?:^|/)(?:\w+\.)*(?:momentum_|teacher_|target_)\w+\.", "the momentum copy of a network"),
        Drop(r"(?:^|/)(?:\w+\.)*(?:\w+)_momentum\.", "the momentum copy of a network"),
        Drop(rf"(?:^|/)(?:model\.)?{_HEADS}\.", "a head of pretraining"),
        Drop(r"(?:^|/)(?:queue\w*|center)$", "a memory of the loss"),
    ),
)
