"""A student and its teacher side by side, as lightly's and DINOv2's training files have them: the teacher is kept."""

from engine.weights.weight_format import IMAGENET, Drop, Rename, WeightFormat

_BEFORE = r"(?:state_dict/|model/)?(?:model\.)?"
_INNER = r"(?:vit\.|model\.)?"

STUDENT_TEACHER = WeightFormat(
    name="student_teacher",
    title="student and teacher (lightly, DINOv2, iBOT)",
    signs=(rf"^{_BEFORE}student[_./](?:backbone|vit)\.", rf"^{_BEFORE}teacher[_./](?:backbone|vit)\."),
    roots=(rf"{_BEFORE}teacher[_./](?:backbone|vit)\.{_INNER}",),
    source="lightly, examples (dino.py); facebookresearch/dinov2, train/ssl_meta_arch.py (blocks in chunks)",
    renames=(Rename(r"^blocks\.\d+\.(\d+)\.", r"blocks.\1."),),
    drops=(
        Drop(rf"^{_BEFORE}student[_./]", "the student: the teacher is what is kept"),
        Drop(rf"^{_BEFORE}teacher[_./](?:head|dino_head|ibot_head)", "a head of pretraining"),
        Drop(r"(?:^|[./])(?:dino_loss|ibot_loss|ibot_patch_loss|criterion)[./]", "the centre of the loss"),
    ),
    expects=IMAGENET,
)
