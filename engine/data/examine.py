"""Examine single pictures for a scan: size, kind of content, damage, brightness."""

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.decode import DECODE_ERRORS, Picture, picture_of, read_bytes, reason_in_words, refuse_bomb
from engine.data.picture_set import PictureSet
from engine.data.suffixes import SUFFIXES_OF_FORMAT
from engine.errors import DataError

GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F"})


@dataclass(slots=True)
class Facts:
    """What is known of one picture after a look at it.

    Args:
        index: Number in the set.
        width: Pixels, before EXIF rotation; 0 when unknown.
        height: Pixels.
        is_grey: True for a picture without colour channels.
        digest: Of the file's bytes, or of the pixels where there is no file.
        broken: Why it cannot be read, one sentence; empty when it can.
        remark: What is unusual about the file, one sentence; empty for most.
        moments: Mean and mean square per channel in 0..1, twice C numbers; empty when it is not in the sample.
    """

    index: int
    width: int = 0
    height: int = 0
    is_grey: bool = False
    digest: bytes = b""
    broken: str = ""
    remark: str = ""
    moments: tuple[float, ...] = ()


def examine(pictures: PictureSet, indices: Sequence[int], sampled: set[int], channels: int) -> list[Facts]:
    """Look at some pictures of a set.

    Args:
        pictures: The set.
        indices: Which pictures.
        sampled: Those whose brightness is measured.
        channels: As the pictures will be read, 1 or 3.
    """
    found = []
    for index in indices:
        facts = Facts(index)
        path = pictures.path(index)
        try:
            if path is None:
                _look_at_pixels(facts, pictures.read(index, channels), is_sampled=index in sampled)
            else:
                _look_at_file(facts, path, channels, is_sampled=index in sampled)
        except DataError as error:
            facts.broken = error.message
        found.append(facts)
    return found


def _look_at_pixels(facts: Facts, picture: Picture, *, is_sampled: bool) -> None:
    facts.height, facts.width = picture.shape[:2]
    facts.is_grey = picture.shape[2] == 1
    facts.digest = hashlib.blake2b(picture.tobytes(), digest_size=16).digest()
    if is_sampled:
        facts.moments = _moments(picture)


def _look_at_file(facts: Facts, path: Path, channels: int, *, is_sampled: bool) -> None:
    data = read_bytes(path)
    facts.digest = hashlib.blake2b(data, digest_size=16).digest()
    if not data:
        raise DataError("The file is empty (0 bytes).")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                facts.width, facts.height = image.size
                facts.is_grey = image.mode in GREY_MODES or image.mode.startswith("I;")
                facts.remark = _remark(image, path)
                refuse_bomb(*image.size)
                if is_sampled:
                    facts.moments = _moments(picture_of(image, channels))
                else:
                    # A JPEG is read to its end, so that damage is found, but only an eighth of it is computed.
                    image.draft(None, (1, 1))
                    image.load()
        except DECODE_ERRORS as error:
            raise DataError(reason_in_words(error)) from error


def _remark(image: Image.Image, path: Path) -> str:
    expected = SUFFIXES_OF_FORMAT.get(image.format or "", ())
    if path.suffix.lower() not in expected:
        return f"The name says {path.suffix[1:]}, the content is {image.format}; it is read all the same."
    # Of an MPO the second picture is the other eye's or a preview.
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        return "The file holds several pictures (an animation or pages); only the first is used."
    return ""


def _moments(picture: Picture) -> tuple[float, ...]:
    values = picture.reshape(-1, picture.shape[2]).astype(np.float32) / 255
    return (*values.mean(axis=0).tolist(), *np.square(values).mean(axis=0).tolist())
