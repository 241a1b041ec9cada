"""Trees of small files for tests of how places are read."""

import io
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def picture_bytes(seed: int, kind: str = "PNG", side: int = 5) -> bytes:
    """A small picture of noise; different seeds give different bytes."""
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    return buffer.getvalue()


def plant(root: Path, *names: str, content: bytes | None = None) -> None:
    """Write files, all different unless the content is given: pictures, whatever their names end in."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(zlib.crc32(name.encode())) if content is None else content)


def grow(root: Path, *folders: str, count: int = 2, end: str = "png") -> None:
    """Fill folders with pictures 0.png, 1.png, ..."""
    plant(root, *(f"{folder}/{number}.{end}" for folder in folders for number in range(count)))
