"""The store: the only door between the studio and the engine, free of torch and of Qt.

Every verb is a plain function that takes the store first and is one short transaction; what comes back are
frozen records, never rows that are tied to a session. SQLite is what is tested; nothing but connection.py and
migration.py knows it, so that a PostgreSQL address can follow.
"""

from engine.store.artifacts import Artifact, add_artifact, artifacts_at, list_artifacts, remove_artifact
from engine.store.commands import Command, CommandKind, list_commands, send_command, take_commands
from engine.store.connection import Store, open_store
from engine.store.curves import Curve, read_curve, read_points, series_summaries
from engine.store.datasets import (
    Dataset,
    find_dataset,
    forget_dataset,
    get_dataset,
    list_datasets,
    save_dataset,
)
from engine.store.events import Event, Level, add_event, events_after
from engine.store.metrics import Point, SeriesSummary, truncate_metrics, write_metrics, write_metrics_on
from engine.store.place import default_location
from engine.store.queue import claim_run, lost_runs, move_run, queued_runs, requeue_run
from engine.store.results import Result, add_result, list_results
from engine.store.run import Run
from engine.store.runs import (
    annotate_run,
    beat,
    beat_on,
    create_run,
    delete_run,
    get_run,
    list_runs,
    rename_run,
    update_run,
)
from engine.store.status import RunStatus

__all__ = [
    "Artifact",
    "Command",
    "CommandKind",
    "Curve",
    "Dataset",
    "Event",
    "Level",
    "Point",
    "Result",
    "Run",
    "RunStatus",
    "SeriesSummary",
    "Store",
    "add_artifact",
    "add_event",
    "add_result",
    "annotate_run",
    "artifacts_at",
    "beat",
    "beat_on",
    "claim_run",
    "create_run",
    "default_location",
    "delete_run",
    "events_after",
    "find_dataset",
    "forget_dataset",
    "get_dataset",
    "get_run",
    "list_artifacts",
    "list_commands",
    "list_datasets",
    "list_results",
    "list_runs",
    "lost_runs",
    "move_run",
    "open_store",
    "queued_runs",
    "read_curve",
    "read_points",
    "remove_artifact",
    "rename_run",
    "requeue_run",
    "save_dataset",
    "send_command",
    "series_summaries",
    "take_commands",
    "truncate_metrics",
    "update_run",
    "write_metrics",
    "write_metrics_on",
]
