"""One view of a picture with a mask of patches, and the same view once more for a tokenizer."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from engine.data.block_mask import BlockShape, block_mask, scattered_mask
from engine.data.lanczos import lanczos_resize
from engine.data.views import random_flip, random_resized_crop_box, resize


@dataclass(frozen=True)
class MaskedView:
    """Crop, mirror, resize, hide some patches.

    The tokenizer's view is the very same crop, as in CAE's official file furnace/transforms.py: another one would give
    the codes of other patches.

    Args:
        size: Side of the view, pixels.
        rows: Rows and columns of patches.
        hidden: M, patches to hide.
        blocks: What the hidden blocks look like; None scatters the hidden patches.
        scale: Smallest and largest share of the picture's area.
        flip: Share of the views that are mirrored left to right.
        tokenizer_size: Side of the tokenizer's view, pixels; 0 for none.
    """

    size: int
    rows: int
    hidden: int
    blocks: BlockShape | None = field(default_factory=BlockShape)
    scale: tuple[float, float] = (0.08, 1.0)
    flip: float = 0.5
    tokenizer_size: int = 0

    def __call__(self, picture: Tensor, rng: np.random.Generator) -> dict[str, Tensor]:
        """Make the view of a picture (C, H, W) uint8.

        Returns:
            ``image`` (C, size, size) uint8, bicubic; ``kept`` (K,) and ``masked`` (M,), indices of the patches in
            rising order; ``tokenizer_image`` (C, tokenizer_size, tokenizer_size) uint8, Lanczos, if wanted.
        """
        _, height, width = picture.shape
        top, left, h, w = random_resized_crop_box(height, width, rng, scale=self.scale)
        part = random_flip(picture[:, top : top + h, left : left + w], rng, self.flip)
        views = {"image": resize(part, self.size, self.size).contiguous(), **self._mask(rng)}
        if self.tokenizer_size:
            views["tokenizer_image"] = lanczos_resize(part, self.tokenizer_size, self.tokenizer_size)
        return views

    def _mask(self, rng: np.random.Generator) -> dict[str, Tensor]:
        if self.blocks is None:
            hidden = scattered_mask(self.rows, self.rows, self.hidden, rng)
        else:
            hidden = block_mask(self.rows, self.rows, self.hidden, rng, self.blocks)
        kept, masked = np.flatnonzero(~hidden), np.flatnonzero(hidden)
        return {"kept": torch.from_numpy(kept), "masked": torch.from_numpy(masked)}
