"""The warm inspector: one process that answers looks for the window. ``python -m engine.jobs.inspector --store URL``.

Requests and replies are JSON lines on stdin and stdout; arrays travel as .npz files that the reader deletes. In each
lane only the newest request is answered, so a moved slider never queues up.
"""

import argparse
import json
import os
import sys
import tempfile
from threading import Lock
from typing import Any

import numpy as np
import torch

from engine.errors import EngineError, SettingsError
from engine.inspection.look import Look
from engine.jobs.latest import LatestRequests, Request
from engine.jobs.looks import Looks
from engine.store import open_store

_printing = Lock()


def _reply(message: dict[str, Any]) -> None:
    with _printing:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def _write_arrays(look: Look) -> str:
    handle, path = tempfile.mkstemp(prefix="ssl-studio-look-", suffix=".npz")
    with os.fdopen(handle, "wb") as file:
        arrays: dict[str, Any] = {name: np.ascontiguousarray(array) for name, array in look.arrays.items()}
        np.savez(file, **arrays)
    return path


def _answer(looks: Looks, request: Request) -> dict[str, Any]:
    try:
        look = looks.answer(request)
    except EngineError as problem:
        field = problem.field if isinstance(problem, SettingsError) else ""
        return {"ok": False, "error": problem.message, "fix": problem.fix, "field": field}
    except Exception as problem:  # noqa: BLE001 (the process must go on answering)
        return {
            "ok": False,
            "error": f"The look failed: {type(problem).__name__}: {problem}.",
            "fix": "Try again.",
        }
    titles = {**look.info, "titles": look.titles, "order": list(look.arrays)}
    return {"ok": True, "arrays": _write_arrays(look), "info": titles}


def main(arguments: list[str] | None = None) -> int:
    """Answer until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="path or URL of the store")
    store = open_store(parser.parse_args(arguments).store)
    # A run may be training beside it; a look is small and must not take its cores.
    torch.set_num_threads(1)
    looks = Looks(store)
    requests = LatestRequests(
        sys.stdin, lambda request: _reply({"id": request["id"], "ok": False, "replaced": True})
    )
    _reply({"ready": True})
    while (request := requests.next()) is not None:
        _reply({"id": request["id"], **_answer(looks, request)})
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
