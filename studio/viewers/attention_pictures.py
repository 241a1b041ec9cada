"""From attention maps to the pictures on screen: colours, the picture below, the outline of what holds the mass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.theme import color, ramp
from studio.viewers.attention_mass import MASS, mass_mask, outline
from studio.viewers.images import ramp_colours

Array = np.ndarray[Any, Any]

PICTURE, OVERLAY, MEAN = "picture", "overlay", "mean"
# Small pictures are enlarged before an outline is drawn, so that the outline stays thin.
LEAST_SIDE = 384
OUTLINE_PER_SIDE = 128


@dataclass(frozen=True)
class AttentionStyle:
    """How maps are drawn.

    Args:
        mass: Share of the attention that the outlined patches hold, 0..1.
        opacity: Of the map over the picture, 0..1.
        over: Which map lies over the picture: "mean" or the name of a head.
        has_outline: Draw the outline.
        own_scale: Stretch each map over the whole ramp instead of all maps over one.
    """

    mass: float = MASS
    opacity: float = 0.6
    over: str = MEAN
    has_outline: bool = True
    own_scale: bool = False


def head_name(number: int) -> str:
    """Name of a head's map, from 0 on."""
    return f"head_{number}"


def named_maps(attention: Array) -> dict[str, Array]:
    """The mean and each head of (heads, rows, columns), relative to attention that is spread evenly over all tokens."""
    relative = attention.astype(np.float64) * (1 + attention.shape[1] * attention.shape[2])
    heads = {head_name(number): head for number, head in enumerate(relative)}
    return {MEAN: relative.mean(axis=0), **heads}


def kept_patches(maps: Mapping[str, Array], mass: float) -> dict[str, Array]:
    """The patches (rows, columns) bool of each map that hold so much of its attention."""
    return {name: mass_mask(values, mass) for name, values in maps.items()}


def highest(maps: Mapping[str, Array]) -> float:
    """The top of the common ramp, 1 being attention that is spread evenly; its bottom is 0."""
    return max(float(values.max()) for values in maps.values())


def paint_attention(
    picture: Array, maps: Mapping[str, Array], kept: Mapping[str, Array], style: AttentionStyle
) -> dict[str, Array]:
    """Draw what the viewer shows.

    Args:
        picture: (H, W, C) uint8, whole patches.
        maps: (rows, columns) by name, the mean among them.
        kept: (rows, columns) bool by the same names.
        style: How.

    Returns:
        (k H, k W, 3) uint8 by name: picture, overlay, mean, heads; k enlarges small pictures.
    """
    rows = maps[MEAN].shape[0]
    times = -(-LEAST_SIDE // min(picture.shape[:2]))
    patch = picture.shape[0] // rows * times
    large, most, colours = _repeat(picture, times), highest(maps), ramp("inferno")
    coloured = {}
    for name, values in maps.items():
        ends = (float(values.min()), float(values.max())) if style.own_scale else (0.0, most)
        coloured[name] = _repeat(ramp_colours(values, *ends, colours), patch)
    over = style.over if style.over in maps else MEAN
    painted = {PICTURE: large, OVERLAY: _mix(large, coloured[over], style.opacity), **coloured}
    if style.has_outline:
        thickness = max(2, min(large.shape[:2]) // OUTLINE_PER_SIDE)
        rim = color("outline")
        for name in (OVERLAY, *maps):
            edge = outline(kept[over if name == OVERLAY else name], patch, thickness)
            painted[name][edge] = (rim.red(), rim.green(), rim.blue())
    return painted


def _repeat(pixels: Array, times: int) -> Array:
    """Enlarge (H, W, C) by nearest neighbours; along the rows first, so that whole rows are copied then."""
    return pixels.repeat(times, axis=1).repeat(times, axis=0)


def _mix(below: Array, above: Array, opacity: float) -> Array:
    """Lay one picture (H, W, 3) uint8 over another, (H, W, C) with C = 1 or 3."""
    base = below.astype(np.float32)
    mixed: Array = np.rint(base + (above - base) * np.float32(opacity)).astype(np.uint8)
    return mixed
