"""Masks and annotations that lie among pictures: known by their names and by what lies beside them."""

import re
from collections.abc import Collection, Iterable

# Folders of these names hold pictures and nothing else; alone they are no class.
IMAGE_FOLDERS = frozenset(
    {"images", "image", "imgs", "img", "jpegimages", "jpg", "jpeg", "png", "rgb", "leftimg8bit"}
)
# Never a class: as in PASCAL VOC, Cityscapes and the Oxford pets; so is what ends in "ground truth" (MVTec AD, ISIC).
_SURE = frozenset(
    (
        *("segmentationclass", "segmentationclassaug", "segmentationobject", "segmentation", "segmentations"),
        *("labelmaps", "trimap", "trimaps", "gtfine", "gtcoarse", "annotation", "annotations"),
    )
)
# A class may be called so too ("mask" and "no mask"), unless a folder of images lies beside it.
_LIKELY = frozenset({"mask", "masks", "label", "labels", "gt", "target", "targets", "seg", "depth"})
_BESIDE = re.compile(
    r"(.+?)[ _.-]+(?:mask|masks|gt|ground_?truth|seg|segmentation|label|matte|trimap)(?:[ _-]?\d+)?"
)


def mask_folders(names: Collection[str], *, has_pictures: bool) -> set[str]:
    """Folders, of all in one place, that hold masks of pictures in the others.

    Args:
        names: All visible folders of the place.
        has_pictures: Whether pictures lie beside them.
    """
    plain = {name: _plain(name) for name in names}
    has_images = any(name.lower() in IMAGE_FOLDERS for name in names)
    others = {name.lower() for name in names}
    found = {
        name
        for name in names
        if _is_sure(plain[name])
        or (plain[name] in _LIKELY and (has_images or has_pictures))
        or _is_beside(name.lower(), others)
    }
    return found if len(found) < len(names) or has_pictures else set()


def may_be_masks(name: str) -> bool:
    """True for the name of a class that is more often one of masks."""
    return _plain(name) in _LIKELY or _is_sure(_plain(name))


def mask_files(stems: Iterable[str]) -> set[str]:
    """Names without suffix, of all in one folder, that are masks of others: ``x_mask`` beside ``x``."""
    known = set(stems)
    return {stem for stem in known if _is_beside(stem, known)}


def _is_beside(name: str, others: Collection[str]) -> bool:
    match = _BESIDE.fullmatch(name.lower())
    return match is not None and name[: match.end(1)] in others


def _is_sure(plain: str) -> bool:
    return plain in _SURE or plain.endswith("groundtruth")


def _plain(name: str) -> str:
    return re.sub(r"[ _-]", "", name.lower())
