"""Keeps what torch's and ONNX's exporters say to their own developers from the person; other warnings stay."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_THEIRS = r"(torch|onnx|onnxscript|onnx_ir|copyreg)(\..*)?$"
_LOGGERS = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")


@contextmanager
def quiet_exporters() -> Iterator[None]:
    """Ignore warnings that arise in torch, onnx and onnxscript themselves, and their notes on progress."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=_THEIRS)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
