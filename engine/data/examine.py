"""Examine single pictures for a scan: size, kind of content, damage, brightness."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image

from engine.data.decode import (
    LARGE_PIXELS,
    DeepPicture,
    Picture,
    UnknownTiffError,
    opened,
    picture_of,
    to_channels,
    unusual_of,
)
from engine.data.deep_picture import is_deep
from engine.data.picture_file import held, open_picture_file
from engine.data.picture_set import PictureSet
from engine.data.suffixes import SUFFIXES_OF_FORMAT
from engine.data.unusual_tiff import bands_left_out
from engine.errors import DataError
from engine.value_range import Limits

CHUNK_BYTES = 2**20

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
        limits: Lowest and highest value of a picture deeper than 8 bits; None for others.
        are_integers: Whether these are whole numbers.
    """

    index: int
    width: int = 0
    height: int = 0
    is_grey: bool = False
    digest: bytes = b""
    broken: str = ""
    remark: str = ""
    moments: tuple[float, ...] = ()
    limits: Limits | None = None
    are_integers: bool = True


@dataclass(frozen=True)
class Examination:
    """What is examined, and how.

    Args:
        pictures: The set.
        sampled: Numbers of those whose brightness is measured.
        channels: As the pictures will be read, 1 or 3.
        one_large: Held while a large picture is unpacked.
    """

    pictures: PictureSet
    sampled: set[int]
    channels: int
    one_large: AbstractContextManager[object] = field(default_factory=nullcontext)


def examine(asked: Examination, indices: Sequence[int]) -> list[Facts]:
    """Look at some pictures of a set."""
    found = []
    for index in indices:
        facts = Facts(index)
        path = asked.pictures.path(index)
        try:
            if path is None:
                _look_at_pixels(facts, asked)
            else:
                _look_at_file(facts, path, asked)
        except DataError as error:
            facts.broken = error.message
        found.append(facts)
    return found


def _look_at_pixels(facts: Facts, asked: Examination) -> None:
    picture = asked.pictures.read(facts.index, asked.channels)
    facts.height, facts.width = picture.shape[:2]
    facts.is_grey = picture.shape[2] == 1
    facts.digest = hashlib.blake2b(picture.tobytes(), digest_size=16).digest()
    if facts.index in asked.sampled:
        facts.moments = _moments(picture)


def _look_at_file(facts: Facts, path: Path, asked: Examination) -> None:
    file, size = open_picture_file(path)
    with file:
        content = held(file, size)
        facts.digest = _digest(content)
        if not size:
            raise DataError("The file is empty (0 bytes).")
        try:
            with opened(content) as image:
                facts.width, facts.height = image.size
                facts.is_grey = image.mode in GREY_MODES or image.mode.startswith("I;")
                facts.remark = _remark(image, path)
                with asked.one_large if facts.width * facts.height > LARGE_PIXELS else nullcontext():
                    _look_inside(facts, image, content, asked)
        except UnknownTiffError:
            found = unusual_of(content)
            facts.height, facts.width = found.values.shape[:2]
            facts.is_grey = found.values.ndim == 2
            _measure(facts, found, asked)


def _look_inside(facts: Facts, image: Image.Image, content: BinaryIO, asked: Examination) -> None:
    """Unpack a picture, and measure it where it belongs to the sample or its values have a range to be found."""
    if facts.index in asked.sampled or is_deep(image):
        _measure(facts, picture_of(image, content, asked.channels), asked)
        return
    # A JPEG is read to its end, so that damage is found, but only an eighth of it is computed.
    image.draft(None, (1, 1))
    image.load()


def _measure(facts: Facts, found: Picture | DeepPicture, asked: Examination) -> None:
    if isinstance(found, DeepPicture):
        facts.limits, facts.are_integers = found.limits, found.are_integers
        if facts.index not in asked.sampled:
            return
        found = to_channels(found.levels(asked.pictures.value_range or found.own_range), asked.channels)
    facts.moments = _moments(found)


def _digest(content: BinaryIO) -> bytes:
    state = hashlib.blake2b(digest_size=16)
    while chunk := content.read(CHUNK_BYTES):
        state.update(chunk)
    return state.digest()


def _remark(image: Image.Image, path: Path) -> str:
    expected = SUFFIXES_OF_FORMAT.get(image.format or "", ())
    if path.suffix.lower() not in expected:
        return f"The name says {path.suffix[1:]}, the content is {image.format}; it is read all the same."
    # Of an MPO the second picture is the other eye's or a preview. (To count the frames would read the whole file.)
    if getattr(image, "is_animated", False) and image.format != "MPO":
        return "The file holds several pictures (an animation or pages); only the first is used."
    return bands_left_out(getattr(image, "tag_v2", {}), len(image.getbands()))


def _moments(picture: Picture) -> tuple[float, ...]:
    # OpenCV adds up whole numbers, without a copy of the picture.
    mean, std = (values.ravel() / 255 for values in cv2.meanStdDev(picture))
    return (*mean.tolist(), *(np.square(std) + np.square(mean)).tolist())
