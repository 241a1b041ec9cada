"""The formats that are known, the most telling ones first; a further one is a file here and a line in ``FORMATS``."""

from collections.abc import Mapping

from torch import Tensor

from engine.errors import CheckpointError
from engine.weights.formats.beit import BEIT
from engine.weights.formats.cae import CAE
from engine.weights.formats.dino import DINO
from engine.weights.formats.huggingface import HUGGINGFACE
from engine.weights.formats.lightly import LIGHTLY
from engine.weights.formats.lightning import LIGHTNING
from engine.weights.formats.lucidrains import LUCIDRAINS
from engine.weights.formats.mae import MAE, MAE_ENCODER
from engine.weights.formats.moco import MOCO
from engine.weights.formats.openmmlab import OPENMMLAB
from engine.weights.formats.plain import PLAIN
from engine.weights.formats.simclr import SIMCLR
from engine.weights.formats.student_teacher import STUDENT_TEACHER
from engine.weights.formats.vissl import VISSL
from engine.weights.weight_format import WeightFormat

FORMATS = (
    DINO,
    STUDENT_TEACHER,
    HUGGINGFACE,
    MOCO,
    CAE,
    MAE,
    MAE_ENCODER,
    BEIT,
    SIMCLR,
    VISSL,
    LUCIDRAINS,
    OPENMMLAB,
    LIGHTLY,
    LIGHTNING,
    PLAIN,
)


def sniff(tensors: Mapping[str, Tensor]) -> tuple[WeightFormat, str]:
    """Which format a file is written in.

    Args:
        tensors: Place in the file (without the names of wrappers) -> tensor.

    Returns:
        The format, and the regular expression of what stands before the encoder's names.

    Raises:
        CheckpointError: If there is no encoder of a known format in the file.
    """
    places = list(tensors)
    for known in FORMATS:
        if known.recognises(tensors) and (root := known.root(places)) is not None:
            return known, root
    found = ", ".join(f"'{place}'" for place in places[:3])
    raise CheckpointError(
        f"There is no vision transformer or ResNet of a known form in the file; its weights are called {found}.",
        f"Known are {', '.join(known.title for known in FORMATS)}.",
    )
