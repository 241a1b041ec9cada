"""Which patches hold most of a head's attention, without torch: the window moves the threshold by itself.

Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", fig. 4: "we keep 60 % of the mass";
official file visualize_attention.py.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MASS = 0.6


def mass_mask(maps: Array, mass: float) -> Array:
    """The smallest set of patches that holds a share of the attention.

    Patches are kept where the cumulative sum from the least on is above, not at, 1 - mass.

    Args:
        maps: (..., rows, columns) attention to the patches, not negative; a map is taken relative to its own sum.
        mass: Share to hold, 0..1; 0 keeps nothing.

    Returns:
        (..., rows, columns) bool.
    """
    flat = maps.reshape(*maps.shape[:-2], -1).astype(np.float64)
    order = np.argsort(flat, axis=-1, kind="stable")
    held = np.cumsum(np.take_along_axis(flat, order, axis=-1), axis=-1)
    held /= np.maximum(held[..., -1:], np.finfo(np.float64).tiny)
    kept = np.zeros(flat.shape, bool)
    np.put_along_axis(kept, order, held > 1 - mass, axis=-1)
    return kept.reshape(maps.shape)


def enlarge(maps: Array, factor: int) -> Array:
    """Repeat every patch of (..., rows, columns) so often down and across, as nearest neighbours do."""
    return maps.repeat(factor, axis=-2).repeat(factor, axis=-1)


def outline(kept: Array, factor: int, thickness: int) -> Array:
    """The rim of the kept patches, drawn inside them.

    Args:
        kept: (rows, columns) bool.
        factor: Pixels of a patch's side.
        thickness: Pixels of the rim, at least 1.

    Returns:
        (rows * factor, columns * factor) bool.
    """
    large = np.pad(enlarge(kept, factor), thickness)
    height, width = kept.shape[0] * factor, kept.shape[1] * factor
    inside = np.ones((height, width), bool)
    for down in (0, thickness, 2 * thickness):
        for across in (0, thickness, 2 * thickness):
            inside &= large[down : down + height, across : across + width]
    middle: Array = large[thickness : thickness + height, thickness : thickness + width]
    return middle & ~inside
