"""The encoder of DALL-E's tokenizer, from a file of the person's own: the targets of CAE's and BEiT's papers."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import CheckpointError
from engine.foreign_module import read_module_tensors
from engine.local_path import local_path
from engine.nn.normalise import Normalise
from engine.nn.patch_targets import CodeTarget, Views

STRIDE = 8  # px of a code's side
CODES = 8192
WIDTH = 256
GROUPS = 4
BLOCKS = 2
LOWEST = 0.1  # pictures are brought into 0.1..0.9 (DALL-E, official file dall_e/utils.py, map_pixels)


class DalleConv(nn.Module):
    """A convolution that keeps places, with the names of DALL-E's files.

    Args:
        width_in: Channels before.
        width_out: Channels after.
        side: Side of the kernel, odd.
    """

    def __init__(self, width_in: int, width_out: int, side: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(width_out, width_in, side, side))  # read from a file, never trained
        self.b = nn.Parameter(torch.zeros(width_out))

    def forward(self, places: Tensor) -> Tensor:
        """(B, width_in, h, w) to (B, width_out, h, w)."""
        return F.conv2d(places, self.w, self.b, padding=self.w.shape[-1] // 2)


class DalleBlock(nn.Module):
    """A bottleneck of four convolutions beside the stream, its share divided by the square of the blocks' number.

    Args:
        width_in: Channels before.
        width_out: Channels after.
        gain: Factor on the branch.
    """

    def __init__(self, width_in: int, width_out: int, gain: float) -> None:
        super().__init__()
        inner = width_out // 4
        self.id_path = DalleConv(width_in, width_out, 1) if width_in != width_out else nn.Identity()
        widths = (width_in, inner, inner, inner, width_out)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for number, (before, after) in enumerate(pairwise(widths), start=1):
            layers[f"relu_{number}"] = nn.ReLU()
            layers[f"conv_{number}"] = DalleConv(before, after, 1 if number == 4 else 3)
        self.res_path = nn.Sequential(layers)
        self.gain = gain

    def forward(self, places: Tensor) -> Tensor:
        """(B, width_in, h, w) to (B, width_out, h, w)."""
        changed: Tensor = self.id_path(places) + self.gain * self.res_path(places)
        return changed


class DalleEncoder(nn.Module):
    """Pictures to logits over codes.

    Follows DALL-E, official file dall_e/encoder.py: a 7x7 convolution, four groups of two blocks with a pool of 2
    after each but the last, a 1x1 convolution. 53.8 million weights.

    Args:
        channels: C.
        width: Channels of the first group; each later one has twice as many.
        codes: K.
    """

    def __init__(self, channels: int = 3, width: int = WIDTH, codes: int = CODES) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict(input=DalleConv(channels, width, 7))
        before, gain = width, 1 / (GROUPS * BLOCKS) ** 2
        for group in range(1, GROUPS + 1):
            after = width * 2 ** (group - 1)
            parts: OrderedDict[str, nn.Module] = OrderedDict()
            for block in range(1, BLOCKS + 1):
                parts[f"block_{block}"] = DalleBlock(before, after, gain)
                before = after
            if group < GROUPS:
                parts["pool"] = nn.MaxPool2d(2)
            layers[f"group_{group}"] = nn.Sequential(parts)
        layers["output"] = nn.Sequential(
            OrderedDict([("relu", nn.ReLU()), ("conv", DalleConv(before, codes, 1))])
        )
        self.blocks = nn.Sequential(layers)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (B, K, h, w) of pictures (B, C, 8 h, 8 w) in 0.1..0.9."""
        logits: Tensor = self.blocks(pixels)
        return logits


class DalleTarget(CodeTarget):
    """DALL-E's codes; the file is read once and its weights stay in the run's checkpoints.

    Args:
        file: Path of the encoder's weights.
        normalise: What the views have passed.
        width: Channels of the first group; the published encoder's unless a test says otherwise.
        codes: K.
    """

    def __init__(self, file: str, normalise: Normalise, *, width: int = WIDTH, codes: int = CODES) -> None:
        super().__init__(codes)
        self.file, self.normalise = file, normalise
        self.network = DalleEncoder(width=width, codes=codes).requires_grad_(False)

    def set_normalise(self, normalise: Normalise) -> None:
        """Learn what the views have passed."""
        self.normalise = normalise

    @property
    def note(self) -> str:
        """What the decoder predicts."""
        return (
            f"The decoder predicts DALL-E codes, as in the paper, by the encoder in {Path(self.file).name}."
        )

    def fit(self, batches: Iterator[Views]) -> None:  # noqa: ARG002 (a contract)
        """Read the file; the pictures are not needed.

        Raises:
            CheckpointError: If it is missing, damaged or no such encoder.
        """
        load_dalle(self.network, read_module_tensors(local_path(self.file)), local_path(self.file).name)
        self.fitted.fill_(1)

    def codes(self, views: Views) -> Tensor:
        """The likeliest code of every place (B, N); see ``CodeTarget``."""
        pixels = self.normalise.undo(views["tokenizer_image"]).float() / 255
        colours = pixels.expand(-1, 3, -1, -1)  # grey pictures as colour ones
        logits: Tensor = self.network(colours * (1 - 2 * LOWEST) + LOWEST)
        return logits.argmax(dim=1).flatten(1)


def load_dalle(network: DalleEncoder, tensors: Mapping[str, Tensor], name: str) -> None:
    """Put weights into the encoder, strictly.

    Args:
        network: The encoder.
        tensors: By DALL-E's names, ``blocks.input.w`` and so on.
        name: Of the file, for the error.

    Raises:
        CheckpointError: If a weight is missing, left over or of another shape.
    """
    expected = network.state_dict()
    odd = [key for key in {*expected, *tensors} if key not in tensors or key not in expected]
    odd += [key for key in expected if key in tensors and tensors[key].shape != expected[key].shape]
    if odd:
        raise CheckpointError(
            f"{name} is not the encoder of DALL-E's tokenizer: {len(odd)} weights differ, such as {min(odd)}.",
            "Give its encoder.pkl, or a file of its weights by the same names.",
        )
    network.load_state_dict({key: value.float() for key, value in tensors.items()})
