"""The tables, as SQLAlchemy 2 classes; no object of these classes ever leaves ``engine.store``.

Every column has one writer, named at the end of its comment: the studio (a person's wishes, also written by the
command line), the engine thread, or the worker (the process of one run). Times are unix seconds.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from engine.store.text import AnyText


class Base(DeclarativeBase):
    """What all tables share: Python's float is a double, Python's dict and list are JSON."""

    # A constraint without a name cannot be altered by a later migration.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map = {str: AnyText, float: Double, dict[str, Any]: JSON, list[Any]: JSON}


def _column(comment: str, *types: Any, **options: Any) -> MappedColumn[Any]:
    return mapped_column(*types, comment=comment, **options)


def _key() -> MappedColumn[Any]:
    return _column("key; the database", primary_key=True)


def _run_key(comment: str = "the run; whoever inserts the row") -> MappedColumn[Any]:
    return _column(comment, ForeignKey("run.id", ondelete="CASCADE"))


class IdentityRow(Base):
    """The one row that says which store this is, wherever its file is moved."""

    __tablename__ = "identity"
    id: Mapped[str] = _column(
        "32 hexadecimal digits, as in the marker of its folder; who made it", primary_key=True
    )
    folder: Mapped[str] = _column("folder of its runs, relative to the file where beside it; who opens it")
    created_at: Mapped[float] = _column("unix seconds; who made it")


class ProjectRow(Base):
    """A shelf for runs that belong together."""

    __tablename__ = "project"
    id: Mapped[int] = _key()
    name: Mapped[str] = _column("unique label; studio", unique=True)
    note: Mapped[str] = _column("free text; studio", default="")
    created_at: Mapped[float] = _column("unix seconds; studio")


class StudyRow(Base):
    """A set of runs over one or two varied settings."""

    __tablename__ = "study"
    id: Mapped[int] = _key()
    project_id: Mapped[int | None] = _column("shelf; studio", ForeignKey("project.id", ondelete="SET NULL"))
    name: Mapped[str] = _column("label; studio")
    varied: Mapped[dict[str, Any]] = _column("dotted setting -> list of values; studio", default=dict)
    created_at: Mapped[float] = _column("unix seconds; studio")


class DatasetRow(Base):
    """A scanned set of pictures."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("location", "kind", "channels"),)
    id: Mapped[int] = _key()
    name: Mapped[str] = _column("label; studio")
    location: Mapped[str] = _column("folder, list file or builtin:name; studio")
    kind: Mapped[str] = _column("layout, such as class_folders; scan")
    channels: Mapped[int] = _column("colour channels, 1 or 3; studio")
    fingerprint: Mapped[str] = _column("hash of the content; scan")
    num_pictures: Mapped[int] = _column("pictures that can be decoded; scan")
    classes: Mapped[list[Any]] = _column("class names in label order; scan")
    splits: Mapped[dict[str, Any]] = _column("split -> number of pictures; scan")
    mean: Mapped[list[Any]] = _column("per channel, 0..1; scan")
    std: Mapped[list[Any]] = _column("per channel, 0..1; scan")
    health: Mapped[dict[str, Any]] = _column("what the scan found; scan", default=dict)
    scanned_at: Mapped[float] = _column("unix seconds of the last scan; scan")


class RunRow(Base):
    """One run: the row alone reproduces it."""

    __tablename__ = "run"
    # Without AUTOINCREMENT the number of a deleted run, and so its folder, would be given to the next one.
    __table_args__ = (Index("run_by_status", "status", "position"), {"sqlite_autoincrement": True})
    id: Mapped[int] = _key()
    project_id: Mapped[int | None] = _column("shelf; studio", ForeignKey("project.id", ondelete="SET NULL"))
    study_id: Mapped[int | None] = _column("study; studio", ForeignKey("study.id", ondelete="SET NULL"))
    parent_run_id: Mapped[int | None] = _column("lineage; studio", ForeignKey("run.id", ondelete="SET NULL"))
    dataset_id: Mapped[int | None] = _column(
        "pictures; studio", ForeignKey("dataset.id", ondelete="SET NULL")
    )
    name: Mapped[str] = _column("label; studio")
    note: Mapped[str] = _column("free text; studio", default="")
    kind: Mapped[str] = _column("pretrain, evaluate, finetune...; studio", default="pretrain")
    method: Mapped[str] = _column("name in the catalogue; studio")
    recipe: Mapped[dict[str, Any]] = _column("validated recipe with its schema version; studio")
    seed: Mapped[int] = _column("seed of every random draw; studio", BigInteger)
    device: Mapped[str] = _column("wished: auto, cpu, cuda, cuda:1, mps; studio", default="auto")
    fingerprint: Mapped[str] = _column("content of the data set; studio, then worker", default="")
    position: Mapped[int] = _column("place in the queue, ascending; studio", default=0)
    status: Mapped[str] = _column("see runs.RunStatus; studio to queued, engine to starting, then worker")
    claimed_device: Mapped[str] = _column("device it was claimed for; engine", default="")
    host: Mapped[str] = _column("computer that claimed it; engine", default="")
    pid: Mapped[int | None] = _column("process of the worker, null without one; worker")
    process: Mapped[str] = _column(
        "tells pid from a later process; follows pid", default="", server_default=""
    )
    phase: Mapped[str] = _column("what the worker does now, for people; worker", default="")
    step: Mapped[int] = _column("finished optimizer updates; worker", BigInteger, default=0)
    total_steps: Mapped[int] = _column("updates of the whole run; worker", BigInteger, default=0)
    epoch: Mapped[float] = _column("passes over the pictures, fractional; worker", default=0.0)
    images_seen: Mapped[int] = _column("pictures, repeats counted; worker", BigInteger, default=0)
    resumes: Mapped[int] = _column("times it was queued again; studio", default=0)
    error: Mapped[str] = _column("what went wrong, a sentence; worker or engine", default="")
    error_fix: Mapped[str] = _column("what to do about it, a sentence; worker or engine", default="")
    versions: Mapped[dict[str, Any]] = _column("package -> version; worker", default=dict)
    created_at: Mapped[float] = _column("unix seconds; studio")
    queued_at: Mapped[float | None] = _column("unix seconds, last time; studio")
    started_at: Mapped[float | None] = _column("unix seconds, first claim; engine")
    claimed_at: Mapped[float | None] = _column("unix seconds, last claim; engine")
    working_since: Mapped[float | None] = _column(
        "unix seconds, null while nothing works; follows the status"
    )
    worked_seconds: Mapped[float] = _column(
        "stretches of work that have ended; follows the status", default=0.0, server_default="0"
    )
    finished_at: Mapped[float | None] = _column("unix seconds of the end; worker or engine")
    heartbeat_at: Mapped[float | None] = _column("unix seconds, last sign of life; worker")


class SeriesRow(Base):
    """The name and the summary of one metric of one run, so that a table of runs never reads points."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("run_id", "name"),)
    id: Mapped[int] = _key()
    run_id: Mapped[int] = _run_key("the run; worker")
    name: Mapped[str] = _column("such as loss or monitor/target_spread; worker")
    count: Mapped[int] = _column("points, those without a finite value too; worker", BigInteger, default=0)
    first_step: Mapped[int] = _column("smallest step; worker", BigInteger, default=0)
    last_step: Mapped[int] = _column("largest step; worker", BigInteger, default=-1)
    last_value: Mapped[float | None] = _column("value at last_step, null: not finite; worker")
    low: Mapped[float | None] = _column("smallest finite value; worker")
    high: Mapped[float | None] = _column("largest finite value; worker")
    low_step: Mapped[int | None] = _column("first step with the smallest value; worker", BigInteger)
    high_step: Mapped[int | None] = _column("first step with the largest value; worker", BigInteger)


class MetricRow(Base):
    """Every point of every series."""

    __tablename__ = "metric"
    __table_args__ = {"sqlite_with_rowid": False}
    series_id: Mapped[int] = _column(
        "the series; worker", ForeignKey("series.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[int] = _column("optimizer updates; worker", BigInteger, primary_key=True)
    value: Mapped[float | None] = _column("null: NaN or infinite; worker")
    wall: Mapped[float] = _column("unix seconds; worker")


class MetricLevelRow(Base):
    """The pyramid: one row sums up the points of 8 ** level steps."""

    __tablename__ = "metric_level"
    __table_args__ = {"sqlite_with_rowid": False}
    series_id: Mapped[int] = _column(
        "the series; worker", ForeignKey("series.id", ondelete="CASCADE"), primary_key=True
    )
    level: Mapped[int] = _column("1 is the finest; worker", primary_key=True)
    bucket: Mapped[int] = _column("step // 8 ** level; worker", BigInteger, primary_key=True)
    first_step: Mapped[int] = _column("smallest step inside; worker", BigInteger)
    last_step: Mapped[int] = _column("largest step inside; worker", BigInteger)
    count: Mapped[int] = _column("finite values inside; worker", BigInteger)
    low: Mapped[float | None] = _column("smallest finite value; worker")
    high: Mapped[float | None] = _column("largest finite value; worker")
    total: Mapped[float] = _column("sum of the finite values; worker")
    wall: Mapped[float] = _column("unix seconds at last_step; worker")


class EventRow(Base):
    """A log line or an alarm."""

    __tablename__ = "event"
    __table_args__ = (Index("event_by_run", "run_id", "id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = _key()
    run_id: Mapped[int | None] = _run_key("the run, null: the engine itself; whoever reports")
    level: Mapped[str] = _column("info, warning, alarm, error; whoever reports")
    message: Mapped[str] = _column("a sentence; whoever reports")
    detail: Mapped[str] = _column("long text such as a traceback; whoever reports", default="")
    data: Mapped[dict[str, Any]] = _column(
        "the same for programs, such as the rule; whoever reports", default=dict
    )
    step: Mapped[int | None] = _column("optimizer updates; worker", BigInteger)
    wall: Mapped[float] = _column("unix seconds; whoever reports")


class CommandRow(Base):
    """A wish of a person for a running worker."""

    __tablename__ = "command"
    __table_args__ = (Index("command_by_run", "run_id", "taken_at"), {"sqlite_autoincrement": True})
    id: Mapped[int] = _key()
    run_id: Mapped[int] = _run_key("the run; studio")
    kind: Mapped[str] = _column("see commands.CommandKind; studio")
    args: Mapped[dict[str, Any]] = _column("such as release: true; studio", default=dict)
    created_at: Mapped[float] = _column("unix seconds; studio")
    taken_at: Mapped[float | None] = _column("unix seconds, null: still waiting; worker")


class ArtifactRow(Base):
    """A file that a run made."""

    __tablename__ = "artifact"
    __table_args__ = (Index("artifact_by_run", "run_id", "kind", "step"),)
    id: Mapped[int] = _key()
    run_id: Mapped[int] = _run_key("the run; worker")
    kind: Mapped[str] = _column("checkpoint, export; worker")
    path: Mapped[str] = _column("relative to the store's folder where inside it; worker")
    step: Mapped[int] = _column("optimizer updates; worker", BigInteger)
    size: Mapped[int] = _column("bytes; worker", BigInteger)
    meta: Mapped[dict[str, Any]] = _column("what else is known of it; worker", default=dict)
    created_at: Mapped[float] = _column("unix seconds; worker")


class ResultRow(Base):
    """A number that an evaluation protocol gave."""

    __tablename__ = "result"
    __table_args__ = (Index("result_by_run", "run_id"),)
    id: Mapped[int] = _key()
    run_id: Mapped[int] = _run_key("the run whose encoder was judged; worker")
    protocol: Mapped[str] = _column("protocol with its version, such as knn-20-0.07; worker")
    value: Mapped[float | None] = _column("null: not finite; worker")
    step: Mapped[int] = _column("optimizer updates of the encoder; worker", BigInteger)
    seed: Mapped[int] = _column("seed of the protocol; worker", BigInteger)
    fingerprint: Mapped[str] = _column("content of the data set; worker")
    label_fraction: Mapped[float] = _column("share of labels used, 0..1; worker", default=1.0)
    detail: Mapped[dict[str, Any]] = _column("what else belongs to the number; worker", default=dict)
    created_at: Mapped[float] = _column("unix seconds; worker")
