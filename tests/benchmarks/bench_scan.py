"""How fast a folder is scanned, and how much memory the largest picture of each kind takes.

Run it by hand: ``python tests/benchmarks/bench_scan.py [--json FILE] [--pictures 60000] [--folder DIR] [--tiny]``.
The pictures of the folder are small JPEGs that differ; each of the large ones is as large as is read of its kind, and
scanned and read in processes of their own. Memory is the peak of a process beyond what it takes before the picture.
"""

import argparse
import io
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

# Pillow refuses to make what it would call a bomb to read.
Image.MAX_IMAGE_PIXELS = None
PICTURES_PER_FOLDER = 1000
MIB = 2**20

Save = Callable[[Path, int], None]


def _saved(mode: str, format: str, **options: object) -> Save:
    def save(path: Path, side: int) -> None:
        size = (side, side)
        image = Image.new(mode, size, 77 if len(Image.new(mode, (1, 1)).getbands()) == 1 else None)
        image.save(path, format, **options)

    return save


def _png_of_16_bit_colours(path: Path, side: int) -> None:
    import cv2

    cv2.imwrite(str(path), np.full((side, side, 3), 7777, np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])


SIDEWAYS = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"

# Kind -> how to save one, and the suffix.
KINDS: dict[str, tuple[Save, str]] = {
    "PNG": (_saved("RGB", "PNG", compress_level=1), ".png"),
    "PNG, opacity": (_saved("RGBA", "PNG", compress_level=1), ".png"),
    "PNG, grey": (_saved("L", "PNG", compress_level=1), ".png"),
    "PNG, palette": (_saved("P", "PNG", compress_level=1, transparency=7), ".png"),
    "PNG, 16 bit grey": (_saved("I;16", "PNG", compress_level=1), ".png"),
    "PNG, 16 bit colour": (_png_of_16_bit_colours, ".png"),
    "JPEG": (_saved("RGB", "JPEG"), ".jpg"),
    "JPEG, turned": (
        _saved("RGB", "JPEG", exif=SIDEWAYS),
        ".jpg",
    ),
    "JPEG, progressive": (_saved("RGB", "JPEG", progressive=True), ".jpg"),
    "JPEG, progressive 4:4:4": (_saved("RGB", "JPEG", progressive=True, subsampling=0), ".jpg"),
    "JPEG, CMYK": (_saved("CMYK", "JPEG"), ".jpg"),
    "TIFF": (_saved("RGB", "TIFF", compression="tiff_lzw"), ".tif"),
    "TIFF, plain": (_saved("RGB", "TIFF"), ".tif"),
    "TIFF, float": (_saved("F", "TIFF"), ".tif"),
    "GIF": (_saved("P", "GIF"), ".gif"),
    "BMP": (_saved("RGB", "BMP"), ".bmp"),
    "WebP": (_saved("RGB", "WEBP", method=0), ".webp"),
    "JPEG 2000": (_saved("RGB", "JPEG2000"), ".jp2"),
    "AVIF": (_saved("RGB", "AVIF", speed=10), ".avif"),
}


def make_folder(folder: Path, count: int) -> None:
    """Write small JPEGs that differ in their comment; two classes."""
    kinds = []
    for number in range(64):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        out = io.BytesIO()
        Image.fromarray(pixels).resize((64, 64)).save(out, "JPEG")
        kinds.append(out.getvalue())
    for number in range(count):
        place = folder / f"{number // PICTURES_PER_FOLDER:03}"
        place.mkdir(exist_ok=True)
        comment = str(number).encode().rjust(10)
        data = kinds[number % len(kinds)]
        marker = b"\xff\xfe\0\x0c" + comment
        # Behind JFIF's block, which is always the first and has 18 bytes.
        (place / f"{number}.jpg").write_bytes(data[:20] + marker + data[20:])


def largest_side(kind: str, folder: Path) -> int:
    """Side of the largest square picture of a kind that is read, from its bounds."""
    from engine.data.deep_picture import is_deep
    from engine.data.size_bounds import most_pixels

    save, suffix = KINDS[kind]
    path = folder / f"small{suffix}"
    save(path, 64)
    with Image.open(path) as image:
        bound = most_pixels(image, is_deep=is_deep(image))
    limits = {".webp": 16383, ".jpg": 65500, ".gif": 65535}
    return min(math.isqrt(bound), limits.get(suffix, 2**20))


def peak_mib() -> float:
    """Most memory this process has had, or one that it started and that has ended, in MiB."""
    own, others = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return max(own, others) / 1024


def read_one(path: Path) -> dict[str, float]:
    """Read a picture as a loader process does, and make views of it."""
    import torch

    from engine.data.decode import read_picture
    from engine.data.readable import as_tensor
    from engine.data.views import EvalView, View

    View(224)(torch.zeros(3, 300, 300, dtype=torch.uint8), np.random.default_rng(0))
    before, started = peak_mib(), time.perf_counter()
    picture = as_tensor(read_picture(path))
    read = peak_mib()
    EvalView(224)(picture)
    View(224)(picture, np.random.default_rng(0))
    return {
        "read, MiB": read - before,
        "views, MiB": peak_mib() - before,
        "seconds": time.perf_counter() - started,
    }


def scan_place(path: Path) -> dict[str, float]:
    """Scan a folder."""
    from engine.data.scan import scan

    before, started = peak_mib(), time.perf_counter()
    report = scan(path, "flat")
    seconds = time.perf_counter() - started
    return {"MiB": peak_mib() - before, "seconds": seconds, "unread": len(report.broken)}


def save_one(path: Path, kind: str, side: int) -> dict[str, float]:
    """Write a large picture; in a process of its own, for the peak of a process is handed on to those it starts."""
    KINDS[kind][0](path, side)
    return {}


def do_one(what: str, path: Path, kind: str, side: int) -> dict[str, float]:
    """What one process is started for."""
    if what == "save":
        return save_one(path, kind, side)
    return scan_place(path) if what == "scan" else read_one(path)


def in_process(what: str, path: Path, kind: str = "", side: int = 0) -> dict[str, float]:
    """Do something in a fresh process."""
    command = [sys.executable, __file__, "--do", what, str(path), kind, str(side)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode:
        sys.exit(done.stderr)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def measure_kind(kind: str, folder: Path, most_side: int) -> dict[str, float]:
    """Memory of the largest picture of a kind, scanned beside a small one and read."""
    side = min(largest_side(kind, folder), most_side)
    place = folder / "one"
    place.mkdir()
    path = place / f"large{KINDS[kind][1]}"
    _saved("RGB", "PNG")(place / "small.png", 32)
    in_process("save", path, kind, side)
    scanned, read = in_process("scan", place), in_process("read", path)
    for file in place.iterdir():
        file.unlink()
    place.rmdir()
    pixels = side * side
    return {"megapixels": pixels / 1e6, "scan, MiB": scanned["MiB"], "unread": scanned["unread"], **read}


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pictures", type=int, default=60_000)
    parser.add_argument("--kinds", default="", help="only these, with semicolons between")
    parser.add_argument("--side", type=int, default=2**20, help="no large picture is larger than this side")
    parser.add_argument("--folder", type=Path, help="where pictures are written; a temporary one when absent")
    parser.add_argument("--do", nargs=4, help="measure one thing here and print it")
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    options = parser.parse_args()
    if options.do:
        what, path, kind, side = options.do
        print(json.dumps(do_one(what, Path(path), kind, int(side))))
        return
    if options.tiny:
        options.pictures, options.side, options.kinds = 20, 100, "PNG"
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.pictures:
            place = Path(folder) / "many"
            place.mkdir()
            make_folder(place, options.pictures)
            results["folder"] = {"pictures": options.pictures, **in_process("scan", place)}
        for kind in options.kinds.split(";") if options.kinds else KINDS:
            results[kind] = measure_kind(kind, Path(folder), options.side)
            print(
                f"{kind:26}" + "".join(f"{name} {value:9.1f}   " for name, value in results[kind].items()),
                flush=True,
            )
    if "folder" in results:
        many = results["folder"]
        print(f"{many['pictures']:,} pictures: {many['seconds']:.1f} s, {many['MiB']:.0f} MiB")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    # So that it also runs from a checkout that is not installed.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
