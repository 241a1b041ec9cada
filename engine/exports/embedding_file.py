"""Files of feature vectors: Parquet with one row a vector, or a NumPy array with its rows described beside it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from typing_extensions import override

from engine.errors import SettingsError

Vectors = NDArray[np.float32]
COLUMNS = {
    "index": pa.int64(),
    "path": pa.string(),
    "split": pa.string(),
    "label": pa.int64(),
    "class": pa.string(),
    "patch": pa.int64(),
}
"""What is known of a vector: its picture, the split, the class (-1 and "" without one), the patch (-1: no patch)."""
COPY_BYTES = 2**20


class EmbeddingFile(ABC):
    """A file that grows by batches; ``close`` makes it whole.

    Args:
        path: Where it is written.
        width: D, length of a vector.
        facts: What the vectors are, as plain values.
    """

    def __init__(self, path: Path, width: int, facts: Mapping[str, Any]) -> None:
        self.path, self.width, self.facts = path, width, dict(facts)

    @classmethod
    def names(cls, name: str) -> list[str]:
        """All files that are written for a name."""
        return [name]

    @abstractmethod
    def add(self, vectors: Vectors, rows: Mapping[str, Sequence[Any]]) -> None:
        """Append vectors (M, D) and what is known of each, by ``COLUMNS``."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file."""


class ParquetFile(EmbeddingFile):
    """One row a vector, the vector itself as a list of fixed length in the column "vector"."""

    def __init__(self, path: Path, width: int, facts: Mapping[str, Any]) -> None:
        super().__init__(path, width, facts)
        fields = [*COLUMNS.items(), ("vector", pa.list_(pa.float32(), width))]
        schema = pa.schema(fields, metadata={"ssl-studio": json.dumps(self.facts)})
        self._schema, self._writer = schema, pq.ParquetWriter(path, schema)

    @override
    def add(self, vectors: Vectors, rows: Mapping[str, Sequence[Any]]) -> None:
        lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), self.width)
        columns = [pa.array(rows[name], kind) for name, kind in COLUMNS.items()]
        self._writer.write_table(pa.Table.from_arrays([*columns, lists], schema=self._schema))

    @override
    def close(self) -> None:
        self._writer.close()


class NumpyFile(EmbeddingFile):
    """An array (rows, D) of fp32, and a JSON file of the same name with the rows in the same order."""

    def __init__(self, path: Path, width: int, facts: Mapping[str, Any]) -> None:
        super().__init__(path, width, facts)
        self._rows: list[dict[str, Any]] = []
        self._raw = path.with_suffix(".raw").open("w+b")

    @override
    def add(self, vectors: Vectors, rows: Mapping[str, Sequence[Any]]) -> None:
        self._raw.write(np.ascontiguousarray(vectors, dtype="<f4").tobytes())
        self._rows += [
            dict(zip(COLUMNS, values, strict=True))
            for values in zip(*(rows[name] for name in COLUMNS), strict=True)
        ]

    @override
    def close(self) -> None:
        # How many vectors there are is known only now, and the head of the file says it.
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(self._rows), self.width)}
        self._raw.seek(0)
        with self._raw, self.path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            while block := self._raw.read(COPY_BYTES):
                file.write(block)
        self.path.with_suffix(".raw").unlink()
        described = {**self.facts, "rows": self._rows}
        self.path.with_suffix(".json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    @override
    def names(cls, name: str) -> list[str]:
        return [name, str(Path(name).with_suffix(".json"))]


KINDS: Mapping[str, type[EmbeddingFile]] = {".parquet": ParquetFile, ".npy": NumpyFile}


def check_kind(out: Path) -> None:
    """Refuse a name whose end says no known kind of file.

    Raises:
        SettingsError: With the ends that are known.
    """
    if out.suffix not in KINDS:
        raise SettingsError(
            f"'{out.name}' does not say which kind of file to write.",
            f"Let it end in {' or '.join(KINDS)}.",
            field="out",
        )
