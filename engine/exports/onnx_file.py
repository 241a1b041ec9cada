"""An ONNX file: normalised pictures in, features out, a batch of any size."""

import json
from pathlib import Path

import onnxruntime
import torch

from engine.errors import CheckpointError
from engine.exports.quiet import quiet_exporters
from engine.exports.subject import FeatureExtractor, Subject, check_features
from engine.exports.torch_program import batch_of_any_size

NAME = "encoder.onnx"
INPUT, OUTPUT = "pictures", "features"
LARGEST = 1_500_000_000  # bytes; one protobuf holds 2 GB, beyond that the weights go to a file beside it
VIEW = "evaluation"
"""Name of the metadata that says what pictures pass before they are given to it."""


def write_onnx(subject: Subject, folder: Path) -> float:
    """Write ``encoder.onnx``, run it with onnxruntime and compare; returns the relative difference.

    Raises:
        CheckpointError: If torch cannot express the encoder, or the file gives other features.
    """
    path, pictures = folder / NAME, subject.check_pictures()
    size = sum(weight.numel() * weight.element_size() for weight in subject.encoder.state_dict().values())
    try:
        with quiet_exporters():
            program = torch.onnx.export(
                FeatureExtractor(subject.encoder).eval(),
                (subject.check_pictures(2),),
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=batch_of_any_size(),
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as problem:
        raise CheckpointError(
            "This encoder cannot be written as ONNX by the installed torch.", "Export another format."
        ) from problem
    if program is None:
        raise CheckpointError("The installed torch gave no ONNX program.", "Export another format.")
    _describe(program, subject)
    program.save(path, external_data=size > LARGEST)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    features = torch.from_numpy(session.run([OUTPUT], {INPUT: pictures.numpy()})[0])
    return check_features(subject, features, pictures, NAME)


def _describe(program: torch.onnx.ONNXProgram, subject: Subject) -> None:
    """Say what pictures it takes; leave out torch's notes of where on this computer each node was made."""
    model = program.model
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
    model.doc_string = subject.view.words
    model.metadata_props[VIEW] = json.dumps(subject.view.as_dict())
