"""What keeps a method from collapse: whoever took it away is told so before any rate is suspected."""

from engine.doctor.suspects import Suspect

CENTRING = Suspect(
    "settings.centring",
    "other",
    "Without centring one prototype wins for every picture (DINO paper, fig. 7).",
    "centring",
)
TEACHER_MOMENTUM = Suspect(
    "settings.teacher_momentum",
    "low",
    "A teacher that follows too fast: without momentum DINO reaches 0.1 % k-NN (paper, table 7).",
    "the teacher momentum",
)
GUARDS = (
    Suspect(
        "settings.predictor",
        "other",
        "Without a predictor nothing keeps the online network from agreeing with its target on one constant.",
        "the predictor",
    ),
    CENTRING,
    Suspect(
        "settings.sharpening",
        "other",
        "Without sharpening the teacher calls all prototypes equal (DINO paper, fig. 7).",
        "sharpening",
    ),
    TEACHER_MOMENTUM,
    Suspect(
        "settings.target_momentum",
        "low",
        "A target that follows too fast lets both networks agree on one point (BYOL paper, table 5a).",
        "the target momentum",
    ),
)
