"""Download published data sets: progress, checksum, unpacking."""

import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.data.archives import unpack
from engine.data.scan_report import ScanProgress
from engine.errors import DataError

OnProgress = Callable[[ScanProgress], None]

CHUNK_BYTES = 2**20
# Silence of the server after which a download is given up.
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Download:
    """A published data set.

    Args:
        title: To show.
        url: Of the archive.
        md5: Of the archive, as its authors or torchvision publish it.
        folder: What the archive unpacks to, relative to where it is unpacked.
        megabytes: Size of the archive, to show before.
    """

    title: str
    url: str
    md5: str
    folder: str
    megabytes: int


DOWNLOADS = {
    "cifar10": Download(
        title="CIFAR-10",
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        md5="c58f30108f718f92721af3b95e74349a",
        folder="cifar-10-batches-py",
        megabytes=163,
    ),
    "cifar100": Download(
        title="CIFAR-100",
        url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        md5="eb9058c3a382ffc7106e4002c42a8d85",
        folder="cifar-100-python",
        megabytes=161,
    ),
    "stl10": Download(
        title="STL-10",
        url="http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
        md5="91f7769df0f17e558f3565bffb0c7dfb",
        folder="stl10_binary",
        megabytes=2640,
    ),
    "imagenette": Download(
        title="Imagenette, 160 px",
        url="https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz",
        md5="e793b78cc4c9e9a4ccc0c1155377a412",
        folder="imagenette2-160",
        megabytes=95,
    ),
}


def download(what: Download, into: Path, *, on_progress: OnProgress | None = None) -> Path:
    """Fetch and unpack a published set, unless it is there already.

    The archive is written under another name, checked and only then unpacked, so that an interrupted download leaves
    nothing that looks complete; what was unpacked before an interruption is replaced.

    Args:
        what: One of ``DOWNLOADS``, or a set of one's own.
        into: Folder to unpack into.
        on_progress: Called with bytes done and in all.

    Returns:
        The folder to open.

    Raises:
        DataError: Without a network, when the server fails, the disk is full or the checksum is another.
    """
    folder = into / what.folder
    if folder.is_dir() and any(folder.iterdir()):
        return folder
    tell = on_progress or (lambda _: None)
    try:
        into.mkdir(parents=True, exist_ok=True)
        archive = into / Path(urllib.parse.urlparse(what.url).path).name
        partial = archive.with_name(archive.name + ".part")
        _fetch(what, partial, tell)
        os.replace(partial, archive)
        tell(ScanProgress(1, 1, f"Unpacking {what.title}"))
        _unpack_whole(archive, what, into)
        archive.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"{what.title} cannot be written to {into}: {reason}.", "Choose another folder."
        ) from error
    return folder


def _unpack_whole(archive: Path, what: Download, into: Path) -> None:
    """Unpack beside the final folder and move it there at the end."""
    beside, folder = into / f".{what.folder}.unpacking", into / what.folder
    try:
        unpack(archive, beside)
        if not (beside / what.folder).is_dir():
            raise DataError(
                f"The archive of {what.title} has no folder '{what.folder}'.", "Download it by hand."
            )
        if folder.is_dir():
            folder.rmdir()
        os.replace(beside / what.folder, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fetch(what: Download, file: Path, tell: OnProgress) -> None:
    """Download to a file and compare its checksum; a wrong or partial file is removed."""
    try:
        with urllib.request.urlopen(what.url, timeout=TIMEOUT_SECONDS) as answer, file.open("wb") as out:
            found = _copy(answer, out.write, what, tell)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        file.unlink(missing_ok=True)
        raise DataError(
            f"{what.title} could not be downloaded from {urllib.parse.urlparse(what.url).netloc}: {_cause(error)}.",
            "Check the network, or download it elsewhere, unpack it and choose its folder.",
        ) from error
    except OSError:
        file.unlink(missing_ok=True)
        raise
    if found != what.md5:
        file.unlink(missing_ok=True)
        raise DataError(
            f"The downloaded archive of {what.title} is not the published one (its checksum differs).",
            "Try again; a proxy may have changed it.",
        )


def _copy(
    answer: http.client.HTTPResponse, write: Callable[[bytes], int], what: Download, tell: OnProgress
) -> str:
    total = int(answer.headers.get("Content-Length") or what.megabytes * 2**20)
    checksum, done = hashlib.md5(usedforsecurity=False), 0
    while chunk := answer.read(CHUNK_BYTES):
        write(chunk)
        checksum.update(chunk)
        done += len(chunk)
        tell(ScanProgress(done, total, f"Downloading {what.title}"))
    if answer.headers.get("Content-Length") and done < total:
        raise ConnectionError(f"cut off after {done:,} of {total:,} bytes")
    return checksum.hexdigest()


def _cause(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    return f"no connection ({reason})"
