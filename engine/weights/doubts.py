"""What a file of weights leaves open, as sentences for the person: nothing that may change features stays unsaid."""

from collections import Counter
from collections.abc import Iterator

from engine.weights.reading import ForeignWeights
from engine.weights.report import Fate, KeyReport

_VIT = "GELU, norms that add 1e-6, one class token and no registers"
_RESNET = "strides in the 3x3 convolutions, a plain max-pool and no blurring before strides"


def doubts(weights: ForeignWeights, report: KeyReport) -> Iterator[str]:
    """What should be known before features are trusted.

    Args:
        weights: The file as it was recognised.
        report: What became of its tensors.
    """
    is_told = weights.file.passport is not None or weights.beside.architecture or weights.known.is_certain
    if not is_told:
        what = _VIT if "patch_embed.proj.weight" in weights.tensors else _RESNET
        yield (
            f"No tensor tells every step of a network: it is read as the usual one ({what}). A variant with the same "
            "tensors would give other features; a config.json of timm beside the file settles it."
        )
    left = [row for row in report.of(Fate.UNEXPECTED) if not row.name]
    if left:
        yield (
            f"{len(left)} tensors found no place, such as {left[0].key}: if they are parts of the encoder, its "
            "features are others."
        )
    kinds = Counter(str(tensor.dtype).removeprefix("torch.") for tensor in weights.tensors.values())
    coarse = next((kind for kind in ("bfloat16", "float16") if kind in kinds), None)
    if coarse is not None:
        yield f"{kinds[coarse]} tensors are stored as {coarse}: features are those of rounded weights."
