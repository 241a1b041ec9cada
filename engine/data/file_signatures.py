"""Which kinds of files are read as pictures, and what files of other kinds are, told by their content.

A name proves nothing: downloads fail into HTML pages named .jpg, telephones name HEIC files .jpg, and a clone of a
repository without its large files holds pointers of three lines.
"""

# Pillow's names of what is read. All others are left out on purpose: Pillow would start Ghostscript for PostScript,
# and the decoders of rare formats are seldom looked after. (JPEG stands for MPO too.)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")

CONVERT = "Convert it to JPEG or PNG."
DOWNLOAD_AGAIN = "Download it again."
HEAD_BYTES = 4096

# The first bytes of other files: what they are and what to do.
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the picture itself", "Run 'git lfs pull'."),
    (b"%!PS", "a PostScript document", CONVERT),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document", CONVERT),
    (b"%PDF", "a PDF document", CONVERT),
    (b"8BPS", "a Photoshop document", CONVERT),
    (b"gimp xcf", "a GIMP document", CONVERT),
    (b"\0\0\1\0", "an icon (ICO)", CONVERT),
    (b"\xff\x0a", "a JPEG XL picture, which is not read", CONVERT),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture, which is not read", CONVERT),
    (b"v/1\1", "an OpenEXR picture, which is not read", "Convert it to TIFF or PNG."),
    (b"#?RADIANCE", "a Radiance HDR picture, which is not read", "Convert it to TIFF or PNG."),
    (b"FUJIFILMCCD-RAW", "a camera's raw file (RAF), which is not read", "Develop it to JPEG or PNG."),
    (b"IIU\0", "a camera's raw file (RW2), which is not read", "Develop it to JPEG or PNG."),
    (b"IIRO", "a camera's raw file (ORF), which is not read", "Develop it to JPEG or PNG."),
    (b"IIRS", "a camera's raw file (ORF), which is not read", "Develop it to JPEG or PNG."),
    (b"MMOR", "a camera's raw file (ORF), which is not read", "Develop it to JPEG or PNG."),
    (b"FOVb", "a camera's raw file (X3F), which is not read", "Develop it to JPEG or PNG."),
    (b"PK\3\4", "a ZIP archive", "Unpack it."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it."),
    (b"Rar!", "a RAR archive", "Unpack it."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it."),
    (b"\x93NUMPY", "a NumPy array, which is not read", "Save it as PNG or TIFF."),
    (b"\x89HDF", "an HDF5 file, which is not read", "Save its pictures as PNG or TIFF."),
    (b"SIMPLE  =", "a FITS file, which is not read", "Convert it to TIFF."),
    (b"\0\5\x16\7", "what macOS keeps beside a file (AppleDouble), not the picture", "Remove it."),
    (b"\x1aE\xdf\xa3", "a film (Matroska)", "Save its frames as pictures."),
)

# Names of the content in files of boxes ("ftyp"), as telephones and cameras write them.
_BRANDS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    (
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
        "a HEIC picture, which is not read",
        "Convert it to JPEG; telephones can also be told to take JPEG.",
    ),
    ((b"avif", b"avis"), "an AVIF picture that is damaged or that this computer cannot read", CONVERT),
    ((b"crx ",), "a camera's raw file (CR3), which is not read", "Develop it to JPEG or PNG."),
    ((b"qt  ", b"isom", b"mp41", b"mp42", b"M4V "), "a film", "Save its frames as pictures."),
)

_DRAWING = "a drawing (SVG), which is not read"
# The same for text, in small letters.
_WORDS: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype html", "an HTML page, probably a failed download", DOWNLOAD_AGAIN),
    (b"<html", "an HTML page, probably a failed download", DOWNLOAD_AGAIN),
    (b"<head", "an HTML page, probably a failed download", DOWNLOAD_AGAIN),
    (b"<svg", _DRAWING, CONVERT),
    (b"<?xml", "an XML document, perhaps a server's answer", DOWNLOAD_AGAIN),
    (b"{", "text (JSON), perhaps a server's answer", DOWNLOAD_AGAIN),
)


def other_kind(head: bytes) -> tuple[str, str]:
    """Tell a file that cannot be read as a picture by its first bytes.

    Args:
        head: The beginning of the file, up to ``HEAD_BYTES``.

    Returns:
        What it is, to follow "The file is", and what to do; both empty for what is not known.
    """
    for beginning, name, fix in _BEGINNINGS:
        if head.startswith(beginning):
            return name, fix
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[8:10] == b"CR" and head[:2] == b"II":
        return "a camera's raw file (CR2), which is not read", "Develop it to JPEG or PNG."
    if head[128:132] == b"DICM":
        return "a DICOM file, which is not read", "Convert it to TIFF or PNG."
    if not head.strip(b"\0"):
        return "nothing but zero bytes, as an interrupted copy leaves", "Copy it again."
    return _by_words(head)


def _by_brand(head: bytes) -> tuple[str, str]:
    names = [head[at : at + 4] for at in (8, *range(16, min(int.from_bytes(head[:4], "big"), 256), 4))]
    for brands, name, fix in _BRANDS:
        if any(name in brands for name in names[:1]):
            return name, fix
    for brands, name, fix in _BRANDS:
        if any(name in brands for name in names):
            return name, fix
    return "", ""


def _by_words(head: bytes) -> tuple[str, str]:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for word, name, fix in _WORDS:
        if text.startswith(word):
            return (name, fix) if word != b"<?xml" or b"<svg" not in text else (_DRAWING, CONVERT)
    return "", ""
