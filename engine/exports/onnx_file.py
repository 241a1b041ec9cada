"""An ONNX file: normalised pictures in, features out, a batch of any size."""

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


def write_onnx(subject: Subject, folder: Path) -> float:
    """Write ``encoder.onnx``, run it with onnxruntime and compare; returns the relative difference.

    Raises:
        CheckpointError: If torch cannot express the encoder, or the file gives other features.
    """
    path, pictures = folder / NAME, subject.check_pictures()
    size = sum(weight.numel() * weight.element_size() for weight in subject.encoder.state_dict().values())
    try:
        with quiet_exporters():
            torch.onnx.export(
                FeatureExtractor(subject.encoder).eval(),
                (subject.check_pictures(2),),
                path,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=batch_of_any_size(),
                dynamo=True,
                external_data=size > LARGEST,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as problem:
        raise CheckpointError(
            "This encoder cannot be written as ONNX by the installed torch.", "Export another format."
        ) from problem
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    features = torch.from_numpy(session.run([OUTPUT], {INPUT: pictures.numpy()})[0])
    return check_features(subject, features, pictures, NAME)
