"""How large a picture of each kind may be, so that reading one takes at most 1 GiB of memory.

Decoders differ: some hold a picture once, some four times, progressive JPEGs are unpacked as a whole before the first
pixel is known. The figures are bytes at the peak per pixel, measured by ``tests/benchmarks/bench_scan.py``.
"""

from PIL import Image

from engine.errors import DataError

# Twice Pillow's warning limit, the size at which Pillow itself speaks of a decompression bomb.
MAX_PIXELS = 178_956_970
MOST_BYTES = 2**30
# Wider or higher than any decoder but PNG's would go.
MOST_SIDE = 2**20

# JPEGs beyond what is read whole are unpacked at half their size.
COSTS = {"JPEG": 2.5, "MPO": 2.5, "TIFF": 8.0, "WEBP": 17.0, "AVIF": 17.0, "JPEG2000": 20.0}
COST = 6.0
DEEP_COST = 14.0
DEEP_COLOUR_COST = 24.0
# What is added for a JPEG that is unpacked as a whole, per band, and for a TIFF that Pillow turns.
COEFFICIENT_BYTES = 2
TURNED_BYTES = 4
ORIENTATION = 0x0112


def check_size(image: Image.Image, *, is_deep: bool) -> None:
    """Raise ``DataError`` for an opened picture whose pixels would fill the memory."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(
            f"The picture claims {width} x {height} pixels, more than the {MAX_PIXELS // 10**6} million allowed.",
            "Make it smaller; a tiny file with such a claim is a decompression bomb.",
        )
    if max(width, height) > MOST_SIDE:
        raise DataError(
            f"The picture claims {width} x {height} pixels, a side of more than {MOST_SIDE:,}.", "Cut it."
        )
    kind = f"{image.format} of mode {image.mode}" + (" (progressive)" if _is_progressive(image) else "")
    refuse_more_than(most_pixels(image, is_deep=is_deep), width, height, kind)


def most_pixels(image: Image.Image, *, is_deep: bool) -> int:
    """How many pixels an opened picture of this kind may have."""
    return min(int(MOST_BYTES / _cost(image, is_deep=is_deep)), MAX_PIXELS)


def refuse_more_than(most: int, width: int, height: int, kind: str) -> None:
    """Raise ``DataError`` for more than so many pixels."""
    if width * height > most:
        raise DataError(
            f"The picture has {width} x {height} pixels, and reading {kind} takes more than 1 GiB of memory beyond "
            f"{most // 10**6} million.",
            "Make it smaller, or save it as an ordinary JPEG or PNG.",
        )


def _cost(image: Image.Image, *, is_deep: bool) -> float:
    if is_deep:
        return DEEP_COST if image.mode[0] in "IF" else DEEP_COLOUR_COST
    cost = COSTS.get(image.format or "", COST)
    if _is_progressive(image):
        cost += COEFFICIENT_BYTES * _sampled_bands(image)
    if getattr(image, "tag_v2", {}).get(ORIENTATION, 1) != 1:
        cost += TURNED_BYTES
    return cost


def _is_progressive(image: Image.Image) -> bool:
    return image.format in ("JPEG", "MPO") and "progressive" in image.info


def _sampled_bands(image: Image.Image) -> float:
    """Coefficients per pixel of a JPEG: 3 with whole colours, 1.5 with quartered ones."""
    layers = getattr(image, "layer", [])
    areas = [layer[1] * layer[2] for layer in layers]
    return sum(areas) / max(areas) if areas and max(areas) else 4.0
