"""How an encoder from elsewhere is read: by its class token, or by the mean of its patches, normed before or after."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from engine.encoder_names import Reading
from engine.errors import CheckpointError

AFTER, BEFORE = "fc_norm.weight", "norm.weight"


@dataclass(frozen=True)
class Read:
    """What a vector of the encoder is.

    Args:
        reading: "cls", "mean" or "normed mean".
        source: Where that is known from, to end a sentence with.
    """

    reading: Reading
    source: str


def choose_reading(
    tensors: Mapping[str, Tensor], *, told: str = "", usual: Reading = "cls", who: str = "as the file says"
) -> Read:
    """How an encoder is read.

    Args:
        tensors: Under timm's names.
        told: "cls" or "mean" where the file, or what lies beside it, says so; empty where nothing does.
        usual: What is usual for the format.
        who: Who told it.

    Raises:
        CheckpointError: If the network norms before and after, which no known one does.
    """
    if AFTER in tensors and BEFORE in tensors:
        raise CheckpointError(
            "The transformer in the file has a norm of its tokens and another of their mean; which of both makes its "
            "features cannot be told.",
            "Save it with the one norm that is used.",
        )
    if AFTER in tensors:
        if told == "cls":
            raise CheckpointError(
                "The transformer in the file norms one vector a picture (fc_norm), said to be its class token.",
                "Save it with global_pool='avg', or with its norm before the pooling.",
            )
        return Read("normed mean", "as its last norm (fc_norm) is of the mean")
    if told in ("cls", "mean"):
        return Read("mean" if told == "mean" else "cls", who)
    return Read(usual, "as is usual for such files")
