"""A plain state dictionary of torch, with timm's names."""

import io
from pathlib import Path

import torch

from engine.exports.subject import Subject, check_features
from engine.exports.whole import write_bytes
from engine.nn.encoders import make_encoder
from engine.nn.vit import ViTEncoder

NAME = "encoder.pt"


def write_state_dict(subject: Subject, folder: Path) -> float:
    """Write ``encoder.pt``, load it into a fresh encoder and compare; returns the relative difference."""
    content = io.BytesIO()
    torch.save(subject.state(), content)
    write_bytes(folder / NAME, content)
    fresh = make_encoder(subject.recipe.encoder, channels=subject.encoder.channels).eval()
    if isinstance(subject.encoder, ViTEncoder) and isinstance(fresh, ViTEncoder):
        fresh.read_by("normed mean" if subject.encoder.norms_after_pooling else subject.encoder.pooling)
    fresh.network.load_state_dict(torch.load(folder / NAME, weights_only=True))
    pictures = subject.check_pictures()
    with torch.no_grad():
        return check_features(subject, fresh.features(pictures), pictures, NAME)
