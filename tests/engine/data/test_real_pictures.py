"""Real pictures, where they are at hand: published folders are read as they are."""

import tarfile
from pathlib import Path

import pytest

from engine.data.scan import scan

ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "clothing-96.tar"


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the real pictures are not at hand ({ARCHIVE})")
def test_a_real_data_set_is_scanned_without_complaint(tmp_path):
    with tarfile.open(ARCHIVE) as tar:
        tar.extractall(tmp_path, filter="data")
    report = scan(tmp_path / "clothing-96")
    assert report.splits == {"train": 3068, "validation": 341, "test": 372}
    assert len(report.classes) == 10
    assert report.broken == []
    assert 0.3 < min(report.mean) < max(report.mean) < 0.7
