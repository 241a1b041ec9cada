"""Downloads from a server on this computer, and archives that must not be unpacked."""

import functools
import hashlib
import io
import socket
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from engine.data.archives import unpack
from engine.data.download import DOWNLOADS, Download, download
from engine.data.published import folder_of_published
from engine.data.scan import scan
from engine.data.sources import open_pictures
from engine.errors import DataError


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


def tiny_archive(path, name="tiny"):
    with tarfile.open(path, "w:gz") as tar:
        for i in range(4):
            out = io.BytesIO()
            Image.fromarray(np.full((8, 8, 3), i * 60, np.uint8)).save(out, "PNG")
            entry = tarfile.TarInfo(f"{name}/train/{'ab'[i % 2]}/{i}.png")
            entry.size = out.tell()
            tar.addfile(entry, io.BytesIO(out.getvalue()))
    return hashlib.md5(path.read_bytes()).hexdigest()


def test_a_set_is_downloaded_checked_unpacked_and_opened(server, tmp_path):
    folder, url = server
    md5 = tiny_archive(folder / "tiny.tgz")
    what, told = Download("Tiny", f"{url}/tiny.tgz", md5, "tiny", 1), []
    found = download(what, tmp_path / "into", on_progress=told.append)
    assert open_pictures(found).classes == ("a", "b")
    assert told[0].total == (folder / "tiny.tgz").stat().st_size
    assert sorted(path.name for path in (tmp_path / "into").iterdir()) == ["tiny"]
    (folder / "tiny.tgz").unlink()
    assert download(what, tmp_path / "into") == found


def test_a_published_set_is_downloaded_by_scanning_it(server, tmp_path, monkeypatch):
    folder, url = server
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("engine.data.published.downloads_folder", lambda: tmp_path / "home")
    md5 = tiny_archive(folder / "tiny.tgz")
    monkeypatch.setitem(DOWNLOADS, "tiny", Download("Tiny", f"{url}/tiny.tgz", md5, "tiny", 1))
    with pytest.raises(DataError, match="not on this computer yet") as caught:
        open_pictures("published:tiny")
    assert "published:tiny" in caught.value.fix
    assert scan("published:tiny").num_pictures == 4
    assert folder_of_published("published:tiny") == tmp_path / "home" / "tiny"
    assert len(open_pictures("published:tiny")) == 4
    with pytest.raises(DataError, match="no published set 'nope'"):
        scan("published:nope")


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    folder, url = server
    tiny_archive(folder / "tiny.tgz")
    with pytest.raises(DataError, match="checksum differs"):
        download(Download("Tiny", f"{url}/tiny.tgz", "0" * 32, "tiny", 1), tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_a_missing_file_and_a_missing_network_are_said_in_words(server, tmp_path):
    _, url = server
    with pytest.raises(DataError, match="the server answered 404"):
        download(Download("Tiny", f"{url}/none.tgz", "", "tiny", 1), tmp_path)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/tiny.tgz"
        with pytest.raises(DataError, match="no connection") as caught:
            download(Download("Tiny", nobody, "", "tiny", 1), tmp_path)
    assert "download it elsewhere" in caught.value.fix


def test_a_folder_that_cannot_be_written_is_said_in_words(server, tmp_path):
    folder, url = server
    md5 = tiny_archive(folder / "tiny.tgz")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        download(Download("Tiny", f"{url}/tiny.tgz", md5, "tiny", 1), tmp_path / "file")


def test_every_download_names_an_archive_its_checksum_and_its_folder():
    for what in DOWNLOADS.values():
        assert what.url.startswith("http")
        assert len(what.md5) == 32
        assert what.folder


def tar_with(path, entry, data=b""):
    entry.size = len(data)
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry, io.BytesIO(data))


@pytest.mark.parametrize(
    "name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "..\\out.txt", "C:/out.txt"]
)
def test_an_archive_that_climbs_out_is_refused_before_anything_is_written(tmp_path, name):
    tar_with(tmp_path / "evil.tar", tarfile.TarInfo(name), b"x")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as bundle:
        bundle.writestr("fine.txt", "x")
        bundle.writestr(name, "x")
    for archive in ("evil.tar", "evil.zip"):
        with pytest.raises(DataError, match="outside its folder"):
            unpack(tmp_path / archive, tmp_path / "inner" / "most")
    assert list((tmp_path / "inner" / "most").iterdir()) == []


def test_an_archive_with_a_link_is_refused(tmp_path):
    entry = tarfile.TarInfo("link")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    tar_with(tmp_path / "evil.tar", entry)
    with pytest.raises(DataError, match="a link or a device"):
        unpack(tmp_path / "evil.tar", tmp_path / "into")


def test_an_archive_that_swells_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("zeros", bytes(300 * 2**20))
    with pytest.raises(DataError, match="would unpack to"):
        unpack(tmp_path / "bomb.zip", tmp_path / "into")


def test_a_damaged_archive_is_refused_in_words(tmp_path):
    (tmp_path / "bad.tgz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "bad.tgz", tmp_path / "into")


def test_a_zip_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as bundle:
        bundle.writestr("set/a.txt", "x")
    unpack(tmp_path / "good.zip", tmp_path / "into")
    assert (tmp_path / "into" / "set" / "a.txt").read_text() == "x"


def test_a_link_in_a_zip_is_refused_as_in_a_tar(tmp_path):
    link = zipfile.ZipInfo("set/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as bundle:
        bundle.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="link or a device"):
        unpack(tmp_path / "link.zip", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_an_encrypted_zip_is_refused_in_words(tmp_path):
    with zipfile.ZipFile(tmp_path / "closed.zip", "w") as bundle:
        bundle.writestr("set/a.png", b"1234")
    data = bytearray((tmp_path / "closed.zip").read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + flags] |= 1
    (tmp_path / "closed.zip").write_bytes(data)
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "closed.zip", tmp_path / "out")


def test_a_tar_is_refused_at_the_entry_that_claims_too_much(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, size in (("set/bomb.png", 2**40), ("set/after.png", 0)):
            entry = tarfile.TarInfo(name)
            entry.size = size
            tar.addfile(entry)  # the header alone
    with pytest.raises(DataError, match=r"would unpack to 1024\.0 GiB"):
        unpack(tmp_path / "a.tar", tmp_path / "out")
