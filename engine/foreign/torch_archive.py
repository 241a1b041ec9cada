"""The zip archives of ``torch.save``: their members by an exact list of names, so that nothing else can be in them."""

import mmap
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import CheckpointError
from engine.foreign.opened_file import damaged

MOST_MEMBERS = 300_000
_LOCAL = struct.Struct("<4s5H3I2H")  # the head of a member, before its name
_END = struct.Struct("<4s4H2IH")  # the last record of an archive
_MEMBER = re.compile(
    r"([^/\\\x00-\x1f:]{1,255})/(data\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id"
    r"|data/\d{1,12})"
)
_TRUSTED = "Where you trust it, open it in torch and save its state_dict() with torch.save or safetensors; import that."
# What else torch and others keep in such archives: a name in any of its folders, in any spelling -> what it is.
_STRANGE = (
    (r"(?:constants\.pkl|bytecode\.pkl|code|.*\.debug_pkl|mobile\.pkl)", "a TorchScript program"),
    (r"(?:extern_modules|python_version|.*\.py|.*\.pyc)", "a torch package with programs"),
    (r"(?:archive_format|archive_version|serialized_.*|models|aotinductor|.*\.so)", "an exported program"),
    (r"(?:.*\.npy)", "an archive of NumPy arrays"),
    (r"(?:.*\.h5|.*\.weights\.h5|metadata\.json|saved_model\.pb)", "of another framework (Keras)"),
)


@dataclass(frozen=True)
class Span:
    """Where a member's bytes lie in the file."""

    start: int
    length: int
    crc: int


def read_members(path: Path, content: mmap.mmap) -> Mapping[str, Span]:
    """Name inside the archive, without its folder -> where its bytes lie.

    Raises:
        CheckpointError: If it is damaged, packed, encrypted, or holds anything that ``torch.save`` does not write.
    """
    try:
        _check_size_of_directory(content)
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as problem:
        raise damaged(path) from problem
    members: dict[str, Span] = {}
    roots: set[str] = set()
    for part in parts:
        _check_stored(path, part)
        found = _MEMBER.fullmatch(part.filename)
        if found is None or part.filename != part.orig_filename or found[1] in (".", ".."):
            raise _strange(path, [part.filename for part in parts])
        roots.add(found[1])
        if found[2] in members or len(roots) > 1:
            raise CheckpointError(
                f"{path.name} holds '{_shown(part.filename)}' twice or in several folders, as torch.save never writes.",
                _TRUSTED,
            )
        members[found[2]] = _span(path, part, content)
    _check_apart(path, members)
    if "data.pkl" not in members:
        raise damaged(path)
    return members


def _check_size_of_directory(content: mmap.mmap) -> None:
    """Refuse an archive whose list of members would not fit into memory, before it is read."""
    signature, *_, listed, length, _, _ = _END.unpack(content[-_END.size :])
    if signature != b"PK\x05\x06":
        raise zipfile.BadZipFile("something follows the archive")
    if listed == 0xFFFF or length == 0xFFFFFFFF:
        record = content[-_END.size - 20 - 56 :][:56]
        if record[:4] == b"PK\x06\x06":
            listed, length = struct.unpack("<2Q", record[32:48])
    if listed > MOST_MEMBERS or length > MOST_MEMBERS * 600:
        raise zipfile.BadZipFile("too many members")


def _check_stored(path: Path, part: zipfile.ZipInfo) -> None:
    """``torch.save`` stores its parts as they are; one that unpacks to more than itself is no such file."""
    if part.flag_bits & 0x1:
        raise CheckpointError(
            f"{path.name} is an encrypted archive.", "Unpack it, and choose the file inside."
        )
    if part.compress_type != zipfile.ZIP_STORED or part.file_size != part.compress_size:
        raise CheckpointError(
            f"{path.name} is a compressed archive, not a file of weights.",
            "Unpack it, and choose the file of weights inside it.",
        )


def _strange(path: Path, names: list[str]) -> CheckpointError:
    """Say what an archive is that ``torch.save`` did not write."""
    for pattern, what in _STRANGE:
        for name in names:
            if any(re.fullmatch(pattern, folder, re.IGNORECASE) for folder in re.split(r"[/\\]", name)):
                return CheckpointError(
                    f"{path.name} is {what}, not weights (it holds '{_shown(name)}'), so it was not opened.",
                    _TRUSTED,
                )
    odd = next(name for name in names if not _MEMBER.fullmatch(name) or name.startswith("."))
    return CheckpointError(
        f"{path.name} is an archive of other files, such as '{_shown(odd)}', and was not opened.",
        "Unpack it, and choose the file of weights inside it.",
    )


def _shown(name: str) -> str:
    """A name as text of a bounded length; what could steer a terminal is spelled out."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])


def _span(path: Path, part: zipfile.ZipInfo, content: mmap.mmap) -> Span:
    """Where a member's bytes lie, by its own head; it must say the same as the list at the end."""
    head = content[part.header_offset : part.header_offset + _LOCAL.size]
    if len(head) < _LOCAL.size:
        raise damaged(path)
    signature, _, _, packed, *_, name_length, extra_length = _LOCAL.unpack(head)
    start = part.header_offset + _LOCAL.size
    is_same = content[start : start + name_length] == part.orig_filename.encode()
    start += name_length + extra_length
    if signature != b"PK\x03\x04" or packed or not is_same or start + part.file_size > len(content):
        raise damaged(path)
    return Span(start, part.file_size, part.CRC)


def _check_apart(path: Path, members: Mapping[str, Span]) -> None:
    """Refuse members that share bytes."""
    end = 0
    for span in sorted(members.values(), key=lambda span: span.start):
        if span.start < end:
            raise damaged(path)
        end = span.start + span.length


def check_sums(path: Path, members: Mapping[str, Span], content: mmap.mmap) -> None:
    """Refuse a file of which some parts changed; torch may leave all sums out, which is no damage.

    Raises:
        CheckpointError: If it is damaged.
    """
    view = memoryview(content)
    try:
        wrong = [
            zlib.crc32(view[span.start : span.start + span.length]) != span.crc for span in members.values()
        ]
    finally:
        view.release()
    if any(wrong) and not all(wrong):
        raise damaged(path)
