"""Data sets: what a scan found out about a place with pictures."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, insert, select, update

from engine.errors import StoreError
from engine.store.connection import Store
from engine.store.record import read_record
from engine.store.tables import DatasetRow


@dataclass(frozen=True, slots=True)
class Dataset:
    """A scanned set of pictures.

    Args:
        id: Key.
        name: Label.
        location: Folder, list file or ``builtin:name``.
        kind: Layout, such as ``class_folders``.
        channels: Colour channels, 1 or 3.
        fingerprint: Hash of the content.
        num_pictures: Pictures that can be decoded.
        classes: Class names in label order, empty without labels.
        splits: Split name -> number of pictures.
        mean: Per channel, 0..1.
        std: Per channel, 0..1.
        health: What the scan found.
        scanned_at: Unix seconds.
    """

    id: int
    name: str
    location: str
    kind: str
    channels: int
    fingerprint: str
    num_pictures: int
    classes: list[str]
    splits: dict[str, int]
    mean: list[float]
    std: list[float]
    health: dict[str, Any]
    scanned_at: float


class ScannedDataset(TypedDict):
    """What a scan reports; the fields are those of ``Dataset``."""

    name: str
    location: str
    kind: str
    channels: int
    fingerprint: str
    num_pictures: int
    classes: list[str]
    splits: dict[str, int]
    mean: list[float]
    std: list[float]
    health: dict[str, Any]


def save_dataset(store: Store, **scanned: Unpack[ScannedDataset]) -> Dataset:
    """Record a scan; a second scan of the same location, layout and channels replaces the first.

    Args:
        store: The store.
        **scanned: See ``ScannedDataset``.
    """
    row: dict[str, Any] = {**scanned, "scanned_at": time.time()}
    row |= {name: list(row[name]) for name in ("classes", "mean", "std")}
    same = (
        DatasetRow.location == row["location"],
        DatasetRow.kind == row["kind"],
        DatasetRow.channels == row["channels"],
    )
    with store.begin() as connection:
        known = connection.execute(select(DatasetRow.id).where(*same).with_for_update()).scalar_one_or_none()
        if known is None:
            known = connection.execute(insert(DatasetRow).values(**row).returning(DatasetRow.id)).scalar_one()
        else:
            connection.execute(update(DatasetRow).where(DatasetRow.id == known).values(**row))
    return Dataset(**{**row, "id": known})


def list_datasets(store: Store) -> list[Dataset]:
    """Read all data sets, the last scanned first."""
    query = select(DatasetRow.__table__).order_by(DatasetRow.scanned_at.desc(), DatasetRow.id.desc())
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [_to_dataset(row) for row in rows]


def get_dataset(store: Store, dataset_id: int) -> Dataset:
    """Read one data set.

    Raises:
        StoreError: There is no such data set.
    """
    with store.read() as connection:
        query = select(DatasetRow.__table__).where(DatasetRow.id == dataset_id)
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise StoreError(f"There is no data set {dataset_id} in the store.", "Scan its folder again.")
    return _to_dataset(row)


def find_dataset(store: Store, location: str) -> Dataset | None:
    """Read the last scan of a location, or None if it was never scanned."""
    return next((each for each in list_datasets(store) if each.location == location), None)


def forget_dataset(store: Store, dataset_id: int) -> None:
    """Forget a scan; pictures are never touched, and runs keep their recipe and fingerprint."""
    with store.begin() as connection:
        connection.execute(delete(DatasetRow).where(DatasetRow.id == dataset_id))


def _to_dataset(row: Mapping[Any, Any]) -> Dataset:
    return read_record(Dataset, row)
