import os
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.errors import StoreError
from engine.store import (
    create_run,
    default_location,
    events_after,
    get_run,
    list_runs,
    open_store,
    write_metrics,
)
from engine.store.migration import VERSIONS, known_revisions
from engine.store.place import network_file_system
from engine.store.tables import Base

RUN = {"name": "a run", "method": "mae", "recipe": {}, "seed": 0}
LATEST = known_revisions()[-1]
NEXT = f"{int(LATEST) + 1:04}"
NEXT_VERSION = f'''
"""Add a colour to runs."""
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{LATEST}"


def upgrade() -> None:
    with op.batch_alter_table("run") as batch:
        batch.add_column(sa.Column("colour", sa.String(), nullable=False, server_default="blue"))
        batch.alter_column("name", nullable=True)
'''


@pytest.fixture
def next_release(tmp_path):
    """A folder of migrations as the next release may have it."""
    folder = tmp_path / "versions"
    folder.mkdir()
    for file in VERSIONS.glob("v0*.py"):
        (folder / file.name).write_text(file.read_text())
    (folder / f"v{NEXT}_run_colour.py").write_text(NEXT_VERSION)
    return folder


@pytest.fixture
def first_release(tmp_path):
    """The folder of migrations of the first release."""
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "v0001_first_tables.py").write_text((VERSIONS / "v0001_first_tables.py").read_text())
    return folder


def pragma(path, name):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_store_is_made_with_its_folders_and_opened_again(tmp_path):
    path = tmp_path / "deep" / "down" / "my pictures ä.sqlite"
    first = open_store(path)
    run = create_run(first, **RUN)
    assert (first.path, first.folder, first.note) == (path, path.with_name("my pictures ä-files"), "")
    assert first.run_folder(run.id) == first.folder / "runs" / str(run.id)
    assert first.run_folder(run.id).is_dir()
    first.close()
    for location in (path, str(path), first.url):
        again = open_store(location)
        assert get_run(again, run.id) == run
        assert (again.path, again.folder, again.url) == (first.path, first.folder, first.url)
        again.close()


def test_the_file_has_a_write_ahead_log_and_says_whose_it_is(store):
    assert pragma(store.path, "journal_mode") == "wal"
    assert pragma(store.path, "application_id") == 0x53534C53
    assert pragma(store.path, "user_version") == int(known_revisions()[-1])


def test_migrations_make_exactly_the_tables_that_are_declared(store):
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        definitions = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").fetchall())
    assert all("WITHOUT ROWID" in definitions[name] for name in ("metric", "metric_level"))
    assert "AUTOINCREMENT" in definitions["run"]


def test_every_column_says_what_it_is_and_who_writes_it():
    for table in Base.metadata.tables.values():
        for column in table.columns:
            about, _, writer = (column.comment or "").rpartition("; ")
            assert about, column
            assert writer, column


def test_the_default_place_is_the_users_own():
    assert default_location().name == "store.sqlite"
    assert "ssl-studio" in default_location().parts


def test_a_newer_store_is_refused_and_left_alone(tmp_path, next_release):
    path = tmp_path / "store.sqlite"
    open_store(path, versions=next_release).close()
    with pytest.raises(StoreError, match="newer version of SSL Studio") as caught:
        open_store(path)
    assert "Install the newer version" in caught.value.fix
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (NEXT,)


def test_an_older_store_is_copied_and_then_brought_up_to_date(tmp_path, next_release):
    path = tmp_path / "store.sqlite"
    old = open_store(path)
    run = create_run(old, **RUN)
    write_metrics(old, run.id, [("loss", 1, 1.0, 0.0)])
    new = open_store(path, versions=next_release)  # the old one is still open: its log is copied too
    old.close()
    with new.read() as connection:
        assert connection.exec_driver_sql("SELECT colour FROM run").scalars().all() == ["blue"]
        assert connection.exec_driver_sql("SELECT count(*) FROM metric").scalar_one() == 1
    copy = tmp_path / f"store.before-update-from-{LATEST}.sqlite"
    assert str(copy) in new.note
    new.close()
    assert pragma(path, "user_version") == int(NEXT)
    kept = open_store(copy)
    assert [each.id for each in list_runs(kept)] == [run.id]
    kept.close()
    again = open_store(path, versions=next_release)
    assert again.note == ""
    again.close()
    assert len(list(tmp_path.glob("*before*.sqlite"))) == 1


def test_events_of_the_first_release_are_kept_and_carry_no_data(tmp_path, first_release):
    path = tmp_path / "store.sqlite"
    old = open_store(path, versions=first_release)
    with old.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO event (level, message, detail, wall) VALUES ('info', 'Started.', '', 1.5)"
        )
    old.close()
    new = open_store(path)
    assert [(event.message, event.data) for event in events_after(new)] == [("Started.", {})]
    new.close()


def test_a_migration_that_fails_leaves_the_old_store(tmp_path, next_release):
    path = tmp_path / "store.sqlite"
    old = open_store(path)
    run = create_run(old, **RUN)
    old.close()
    broken = NEXT_VERSION + '    op.execute("INSERT INTO nowhere VALUES (1)")\n'
    (next_release / f"v{NEXT}_run_colour.py").write_text(broken)
    with pytest.raises(StoreError, match="nowhere"):
        open_store(path, versions=next_release)
    again = open_store(path)
    assert get_run(again, run.id) == run
    again.close()


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE run (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["photos.db"]


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match="is not a database"):
        open_store(path)
    assert path.read_text().startswith("Dear")


def test_a_damaged_store_is_told_in_words(tmp_path):
    path = tmp_path / "store.sqlite"
    store = open_store(path)
    run = create_run(store, **RUN)
    write_metrics(store, run.id, [("loss", step, 1.0, 0.0) for step in range(2000)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        open_store(path)


def test_a_folder_or_a_place_under_a_file_is_refused_in_words(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        open_store(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(tmp_path / "file" / "store.sqlite")


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "store.sqlite"
    path.touch()
    store = open_store(path)
    assert list_runs(store) == []
    store.close()


def test_a_locked_store_is_told_in_words(tmp_path):
    path = tmp_path / "store.sqlite"
    store = open_store(path, busy_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            create_run(store, **RUN)
        with pytest.raises(StoreError, match="locked by another program"):
            open_store(path, busy_seconds=0.05)
        assert list_runs(store) == []
    assert create_run(store, **RUN).id == 1
    store.close()


def test_a_store_that_may_not_be_written_is_told_in_words(tmp_path):
    path = tmp_path / "store.sqlite"
    open_store(path).close()
    with pytest.raises(StoreError, match="can be read but not written"):
        open_store(f"sqlite:///file:{path.as_posix()}?mode=ro&uri=true")


def test_a_full_disk_is_told_in_words_and_nothing_is_half_written(store):
    run = create_run(store, **RUN)

    def fill():
        with store.begin() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # the file may not grow any more
            connection.exec_driver_sql("UPDATE run SET note = 'changed'")
            connection.exec_driver_sql("UPDATE run SET error = hex(zeroblob(1000000))")

    with pytest.raises(StoreError, match=r"disk of the store .* is full"):
        fill()
    assert get_run(store, run.id) == run


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("://nonsense", "not understood"),
        ("nosuch://host/database", "cannot be used"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_in_words(location, sentence):
    with pytest.raises(StoreError, match=sentence):
        open_store(location)


def test_a_closed_store_says_so(tmp_path):
    store = open_store(tmp_path / "store.sqlite")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        list_runs(store)
    with pytest.raises(StoreError, match="was closed"):
        store.data_version()
    assert sorted(os.listdir(tmp_path)) == ["store-files", "store.sqlite"]  # and no log


def test_the_data_version_moves_with_every_write_and_with_nothing_else(store):
    before = store.data_version()
    list_runs(store)
    assert store.data_version() == before
    run = create_run(store, **RUN)
    after = store.data_version()
    assert after != before
    assert get_run(store, run.id) == run
    assert store.data_version() == after
    other = open_store(store.path)
    create_run(other, **RUN)
    other.close()
    assert store.data_version() != after


Mount = namedtuple("Mount", "mountpoint fstype opts")


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", ""),
        ("/home/me/share/deep", "nfs4"),
        ("/mnt/windows", "cifs"),
        ("/mnt", ""),
        ("/other/drive", "NTFS"),
    ],
)
def test_a_network_disk_is_recognised_by_the_nearest_mount(folder, kind):
    mounts = [
        Mount("/", "ext4", "rw"),
        Mount("/home/me/share", "nfs4", "rw"),
        Mount("/mnt/windows", "cifs", "rw"),
        Mount("/other", "NTFS", "rw,remote"),
    ]
    assert network_file_system(Path(folder), mounts) == kind
