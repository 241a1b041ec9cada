"""Opens a file of somebody's: a regular one of a possible size, mapped into memory, and known by its first bytes."""

import mmap
import os
import stat
from pathlib import Path

from engine.errors import CheckpointError

LARGEST = 2**38  # 256 GiB, ten times the largest vision transformer in fp32
_HEAD = 512
LONGEST_READ = 2**30  # bytes of one text or array in a pickle
LONGEST_PICKLE = 2**32


def map_file(path: Path) -> mmap.mmap:
    """Map a file, privately: what is changed in memory never reaches the disk.

    Raises:
        CheckpointError: If it is missing, a folder, a device, a pipe, empty or larger than any weights.
    """
    check_regular(path)
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as problem:
        reason = (
            problem.strerror if isinstance(problem, OSError) else ""
        ) or "it changed while it was opened"
        raise CheckpointError(f"{path.name} cannot be read: {reason}.", "Choose another file.") from problem


def check_regular(path: Path) -> None:
    """Refuse what is no regular file before anything waits for it.

    Raises:
        CheckpointError: In words.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as problem:
        raise CheckpointError(f"There is no file {path}.", "Choose another one.") from problem
    if stat.S_ISDIR(found.st_mode):
        raise CheckpointError(f"{path} is a folder.", "Choose the file of weights inside it.")
    if not stat.S_ISREG(found.st_mode):
        raise CheckpointError(
            f"{path.name} is a pipe or a device, not a file.", "Choose a file of weights on a disk."
        )
    if found.st_size == 0:
        raise CheckpointError(f"{path.name} is empty.", "Copy or download it again.")
    if found.st_size > LARGEST:
        raise CheckpointError(
            f"{path.name} is larger ({found.st_size / 2**30:,.0f} GiB) than any weights.",
            "Choose another file.",
        )


class Stretch:
    """A part of a mapped file as ``pickletools`` reads it: nothing reaches behind its end or takes all memory.

    Args:
        content: The file; it is read from where it stands.
        end: Where the part ends.
    """

    def __init__(self, content: mmap.mmap, end: int) -> None:
        self._content = content
        self._end = min(end, content.tell() + LONGEST_PICKLE)

    def read(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        return self._content.read(max(0, min(count, LONGEST_READ, self._end - self._content.tell())))

    def readline(self) -> bytes:
        """The next line, cut at the end."""
        start = self._content.tell()
        limit = min(self._end, start + LONGEST_READ)
        found = self._content.find(b"\n", start, limit)
        return self._content.read(max(0, (limit if found < 0 else found + 1) - start))

    def tell(self) -> int:
        """Where it stands."""
        return self._content.tell()


# First bytes -> what the file is, and what to do. Only what can be told for sure.
_UNPACK = "Unpack it, and choose the file of weights inside it."
_CONVERT = "Convert it to torch first (torch.save of a state_dict, or safetensors), and import that file."
_AGAIN = "Download the file itself; what is here came in its place."
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "compressed (gzip)", _UNPACK),
    (b"BZh", "compressed (bzip2)", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed (xz)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x89HDF\r\n\x1a\n", "of another framework (HDF5, as Keras writes)", _CONVERT),
    (b"\x93NUMPY", "a NumPy array", _CONVERT),
    (b"GGUF", "of another framework (GGUF)", _CONVERT),
    (b"\x7fELF", "a program, not weights", "Choose a file of weights."),
    (b"MZ", "a program, not weights", "Choose a file of weights."),
    (b"\xcf\xfa\xed\xfe", "a program, not weights", "Choose a file of weights."),
    (b"\xca\xfe\xba\xbe", "a program, not weights", "Choose a file of weights."),
    (b"#!", "a program, not weights", "Choose a file of weights."),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", _AGAIN),
    (b"<", "a web page or other text, not weights", _AGAIN),
)
_TAR_MEMBERS = (b"sys_info", b"pickle", b"storages", b"tensors", b"attributes")


def refuse_others(path: Path, content: mmap.mmap) -> None:
    """Refuse a file whose first bytes tell that it is something else.

    Raises:
        CheckpointError: With what it is.
    """
    head = content[:_HEAD]
    for magic, what, fix in _OTHERS:
        if head.lstrip()[:64].startswith(magic) if magic == b"<" else head.startswith(magic):
            raise CheckpointError(f"{path.name} is {what}.", fix)
    name = head[:100].rstrip(b"\0").removeprefix(b"./")
    if name in _TAR_MEMBERS and len(head) == _HEAD:
        raise CheckpointError(
            f"{path.name} is in torch's oldest format, a tar archive of 2016.",
            "Open it with a torch of its time and save its state_dict() again.",
        )
    if head[257:262] == b"ustar":
        raise CheckpointError(f"{path.name} is a tar archive, not a file of weights.", _UNPACK)


def damaged(path: Path) -> CheckpointError:
    """What is said of a file that cannot be made out."""
    return CheckpointError(
        f"{path.name} is damaged or no file of weights.",
        "Download it again, or choose a file of torch.save or safetensors.",
    )
