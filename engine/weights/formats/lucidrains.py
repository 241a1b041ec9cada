"""BYOL as lucidrains' byol-pytorch saves its learner."""

from engine.weights.weight_format import IMAGENET, Drop, WeightFormat

_BEFORE = r"(?:state_dict/|model/)?(?:learner\.)?"

LUCIDRAINS = WeightFormat(
    name="lucidrains",
    title="BYOL (lucidrains)",
    signs=(rf"^{_BEFORE}online_encoder\.net\.",),
    roots=(rf"{_BEFORE}online_encoder\.net\.",),
    source="lucidrains/byol-pytorch, byol_pytorch.py",
    drops=(
        Drop(rf"^{_BEFORE}target_encoder\.", "the target network, a moving average of the encoder"),
        Drop(rf"^{_BEFORE}online_encoder\.projector\.", "the projector of pretraining"),
        Drop(rf"^{_BEFORE}online_predictor\.", "the predictor of pretraining"),
    ),
    expects=IMAGENET,
)
