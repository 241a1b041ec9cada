"""A program of torch.export: the network with its weights, to be run without this program's code."""

import io
import json
from pathlib import Path

import torch
from torch.fx import GraphModule

from engine.exports.quiet import quiet_exporters
from engine.exports.subject import FeatureExtractor, Subject, check_features
from engine.exports.whole import write_bytes

NAME = "encoder.pt2"
MOST_PICTURES = 65_536
VIEW = "evaluation.json"
"""Name of the file inside that says what pictures pass before they are given to it."""


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
        _forget_places(program)
        content = io.BytesIO()
        torch.export.save(program, content, extra_files={VIEW: json.dumps(subject.view.as_dict())})
        write_bytes(folder / NAME, content)
        loaded = torch.export.load(folder / NAME).module()
    with torch.no_grad():
        return check_features(subject, loaded(pictures), pictures, NAME)


def _forget_places(program: torch.export.ExportedProgram) -> None:
    """Drop torch's notes of where on this computer the code of each node lies."""
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, GraphModule) else ():
            node.meta.pop("stack_trace", None)
