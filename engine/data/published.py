"""Published data sets: recognised by the files they come in, or downloaded by name."""

from pathlib import Path

import platformdirs

from engine.data.cifar import CIFAR10, CIFAR100, CifarSet
from engine.data.download import DOWNLOADS, OnProgress, download
from engine.data.picture_set import PictureSet
from engine.data.stl10 import Stl10Set
from engine.errors import DataError

PUBLISHED_PREFIX = "published:"

# Folders that the published archives unpack to, so that their parent may be chosen as well.
ARCHIVE_FOLDERS = (
    "cifar-10-batches-py",
    "cifar-10-batches-bin",
    "cifar-100-python",
    "cifar-100-binary",
    "stl10_binary",
)


def find_published(folder: Path) -> PictureSet | None:
    """Open a published set that lies in a folder or directly below it; None when there is none."""
    for candidate in (folder, *(folder / name for name in ARCHIVE_FOLDERS)):
        if (candidate / "data_batch_1").is_file() or (candidate / "data_batch_1.bin").is_file():
            return CifarSet(CIFAR10, candidate)
        is_cifar100 = (candidate / "meta").is_file() and (candidate / "train").is_file()
        if is_cifar100 or (
            (candidate / "train.bin").is_file() and (candidate / "fine_label_names.txt").is_file()
        ):
            return CifarSet(CIFAR100, candidate)
        if (candidate / "train_X.bin").is_file() or (candidate / "unlabeled_X.bin").is_file():
            return Stl10Set(candidate)
    return None


def downloads_folder() -> Path:
    """Where downloaded sets live."""
    return platformdirs.user_data_path("ssl-studio", appauthor=False) / "published"


def folder_of_published(location: str) -> Path:
    """Folder of ``published:name`` once it is downloaded.

    Raises:
        DataError: When there is no such set, or it is not on this computer yet.
    """
    name = _known_name(location)
    folder = downloads_folder() / DOWNLOADS[name].folder
    if not folder.is_dir():
        raise DataError(
            f"{DOWNLOADS[name].title} is not on this computer yet.",
            f"Download it ({DOWNLOADS[name].megabytes:,} MB) by scanning {location}.",
        )
    return folder


def fetch_published(location: str, *, on_progress: OnProgress | None = None) -> Path:
    """Download ``published:name`` unless it is there, and return its folder."""
    return download(DOWNLOADS[_known_name(location)], downloads_folder(), on_progress=on_progress)


def _known_name(location: str) -> str:
    name = location.removeprefix(PUBLISHED_PREFIX)
    if name not in DOWNLOADS:
        known = ", ".join(PUBLISHED_PREFIX + known for known in DOWNLOADS)
        raise DataError(f"There is no published set '{name}' to download.", f"Known are {known}.")
    return name
