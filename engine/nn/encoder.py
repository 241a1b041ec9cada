"""What every encoder offers: the network that is kept after training, behind a small surface."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

Family = Literal["vit", "resnet", "simclr_resnet"]


@dataclass(frozen=True)
class EncoderSize:
    """The dimensions of an encoder.

    Args:
        title: Label, such as "ViT-S".
        family: Which kind of network it is; only a "vit" has tokens.
        width: D, length of a feature vector.
        depth: Number of blocks of a transformer, number of layers of a ResNet.
        heads: Attention heads of a block; 0 where there are none.
        params_m: Millions of weights, without the patch embedding's dependence on the patch side.
        mlp_ratio: Width of a transformer block's hidden layer over D.
    """

    title: str
    family: Family
    width: int
    depth: int
    heads: int
    params_m: float
    mlp_ratio: float = 4.0


Pooling = Literal["cls", "mean"]


class Encoder(nn.Module):
    """A network that gives one feature vector a picture.

    Args:
        network: The network itself, with the names of timm.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.pooling: Pooling = "cls"
        """What a vector is unless another is asked for; a method sets it to what its paper reads."""

    @property
    def width(self) -> int:
        """D, length of a feature vector."""
        raise NotImplementedError

    @property
    def channels(self) -> int:
        """C, colour channels of a picture."""
        raise NotImplementedError

    def features(self, images: Tensor, *, pooling: str = "") -> Tensor:
        """One vector (B, D) a picture.

        Args:
            images: Normalised pictures (B, C, H, W).
            pooling: "cls" or "mean", the encoder's own when empty; a network without a class token always takes the
                mean over places.
        """
        raise NotImplementedError

    def set_drop_path(self, rate: float) -> None:
        """Drop whole residual branches while training, the deeper the likelier, up to ``rate`` in the last block.

        Raises:
            NotImplementedError: If the network has no such branches.
        """
        raise NotImplementedError
