"""A program of torch.export: the network with its weights, to be run without this program's code."""

import io
from pathlib import Path

import torch

from engine.exports.quiet import quiet_exporters
from engine.exports.subject import FeatureExtractor, Subject, check_features
from engine.exports.whole import write_bytes

NAME = "encoder.pt2"
MOST_PICTURES = 65_536


def batch_of_any_size() -> tuple[dict[int, torch.export.Dim]]:
    """What the exporters are told: the first axis is free, all others are fixed."""
    return ({0: torch.export.Dim("batch", min=1, max=MOST_PICTURES)},)


def write_torch_program(subject: Subject, folder: Path) -> float:
    """Write ``encoder.pt2``, load it again and compare with another batch; returns the relative difference."""
    example, pictures = subject.check_pictures(2), subject.check_pictures()
    with quiet_exporters():
        program = torch.export.export(
            FeatureExtractor(subject.encoder).eval(), (example,), dynamic_shapes=batch_of_any_size()
        )
        content = io.BytesIO()
        torch.export.save(program, content)
        write_bytes(folder / NAME, content)
        loaded = torch.export.load(folder / NAME).module()
    with torch.no_grad():
        return check_features(subject, loaded(pictures), pictures, NAME)
