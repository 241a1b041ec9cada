"""Which files are pictures, by the ends of their names, and what the others are."""

from collections.abc import Mapping
from typing import Literal

from PIL import features

# Pillow's names of the formats that are read -> the suffixes that people and programs give them.
SUFFIXES_OF_FORMAT: Mapping[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),  # two JPEGs in one file, as some cameras write
    "PNG": (".png", ".apng"),
    "BMP": (".bmp",),
    "DIB": (".bmp", ".dib"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    **({"JPEG2000": (".jp2", ".j2k", ".jpx")} if features.check("jpg_2000") else {}),
    **({"AVIF": (".avif",)} if features.check("avif") else {}),
}
PICTURE_SUFFIXES = tuple(dict.fromkeys(s for suffixes in SUFFIXES_OF_FORMAT.values() for s in suffixes))
SUFFIXES_IN_WORDS = ", ".join(suffix[1:] for suffix in PICTURE_SUFFIXES)

Kind = Literal["picture", "video", "archive", "hidden", "other"]

_CAMERAS = "heic heif hif cr2 cr3 crw nef nrw arw sr2 srf dng orf rw2 raf pef srw x3f raw 3fr iiq"
_PROGRAMS = (
    "psd psb xcf ai eps svg svgz pdf ico icns cur jxl jxr hdp wdp exr hdr dds tga pcx ras sgi qoi djvu"
)
_SCIENCE = "dcm dicom nii mha mhd nrrd czi lif nd2 svs ndpi fits fit fts"
_VIDEO = "mp4 mov avi mkv webm m4v mpg mpeg wmv flv 3gp mts m2ts insv lrv"
_ARCHIVE = "zip tar gz tgz bz2 xz zst 7z rar tfrecord rec lmdb"


def _suffixes(*ends: str) -> frozenset[str]:
    return frozenset(f".{end}" for each in ends for end in each.split())


_UNREAD, _VIDEOS, _ARCHIVES = _suffixes(_CAMERAS, _PROGRAMS, _SCIENCE), _suffixes(_VIDEO), _suffixes(_ARCHIVE)

# What systems leave behind; names that begin with a dot are hidden as well (.DS_Store, ._picture.jpg).
LEFTOVERS = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir"})


def is_hidden(name: str) -> bool:
    """True for files and folders that a person does not mean."""
    return name.startswith(".") or name.lower() in LEFTOVERS


def is_picture(name: str) -> bool:
    """True when the suffix is one of a picture and the file is not hidden."""
    return name.lower().endswith(PICTURE_SUFFIXES) and not is_hidden(name)


def suffix_of(name: str) -> str:
    """End of a name from its last dot on, in small letters; empty without one, and for hidden files their name."""
    at = name.rfind(".")
    return name[at:].lower() if at > 0 else ""


def kind_of(name: str) -> Kind:
    """What a file that is not read is, by its name: "picture" is one of a format that is not read."""
    suffix = suffix_of(name)
    if is_hidden(name):
        return "hidden"
    if suffix in _UNREAD:
        return "picture"
    if suffix in _VIDEOS:
        return "video"
    return "archive" if suffix in _ARCHIVES else "other"
