"""DINO's training files: student, teacher, centre and the state of the training in one dictionary."""

from engine.weights.weight_format import APACHE, IMAGENET, Drop, WeightFormat

DINO = WeightFormat(
    name="dino",
    title="DINO (training file)",
    signs=(r"^teacher/", r"^(?:dino|ibot)_loss/"),
    roots=(r"teacher/backbone\.", r"teacher/"),
    source="official DINO, main_dino.py (what is saved) and utils.load_pretrained_weights (what is kept)",
    drops=(
        Drop(r"^student/", "the student: DINO keeps the teacher"),
        Drop(r"^teacher/head\.", "the projection head of pretraining"),
        Drop(r"^(?:dino|ibot)_loss/", "the centre of the loss"),
    ),
    expects=IMAGENET,
    licence=APACHE,
    is_certain=True,
)
