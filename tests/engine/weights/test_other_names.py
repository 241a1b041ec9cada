"""The same transformer or ResNet under other tools' names gives the same features, and no tensor is lost."""

import pytest
import torch

from engine.nn.encoders import make_encoder
from engine.weights.reading import fit_to_itself, recognise
from engine.weights.report import Fate


def under(prefix, weights, factor=1.0):
    return {prefix + name: value * factor for name, value in weights.items()}


def huggingface(weights, width=48):
    """As transformers names a ViT: queries, keys and values apart."""
    names = {
        "cls_token": "embeddings.cls_token",
        "pos_embed": "embeddings.position_embeddings",
        "patch_embed.proj": "embeddings.patch_embeddings.projection",
        "attn.proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
    }
    renamed = {}
    for name, value in weights.items():
        if "attn.qkv" in name:
            before, part = name.replace("blocks.", "encoder.layer.").split("attn.qkv.")
            for which, piece in zip(("query", "key", "value"), value.split(width), strict=True):
                renamed[f"{before}attention.attention.{which}.{part}"] = piece.clone()
            continue
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        name = name.replace("blocks.", "encoder.layer.")
        renamed["layernorm." + name.removeprefix("norm.") if name.startswith("norm.") else name] = value
    return renamed


def chunked(weights):
    """DINOv2's training keeps its blocks in chunks."""
    return {name.replace("blocks.", "blocks.0."): value for name, value in weights.items()}


TRANSFORMERS = {
    "hugging face": lambda w: huggingface(w),
    "hugging face, classifier": lambda w: {
        **under("vit.", huggingface(w)),
        "classifier.weight": torch.zeros(3, 48),
    },
    "hugging face, masked autoencoder": lambda w: {
        **under("vit.", huggingface(w)),
        "decoder.mask_token": torch.zeros(1),
    },
    "hugging face, pooler": lambda w: {**huggingface(w), "pooler.dense.weight": torch.zeros(48, 48)},
    "lightly dino": lambda w: {
        "state_dict": {**under("student_backbone.", w, 2), **under("teacher_backbone.", w)}
    },
    "lightly dino with vit": lambda w: {
        "state_dict": {**under("student_backbone.vit.", w, 2), **under("teacher_backbone.vit.", w)}
    },
    "lightly masked autoencoder": lambda w: {"state_dict": under("backbone.vit.", w)},
    "moco v3": lambda w: {
        "state_dict": {
            **under("module.base_encoder.", w),
            **under("module.momentum_encoder.", w, 2),
            "module.predictor.0.weight": torch.zeros(2, 2),
        }
    },
    "dinov2 training": lambda w: {
        "model": {
            **under("student.backbone.", chunked(w), 2),
            **under("teacher.backbone.", chunked(w)),
            "teacher.dino_head.mlp.0.weight": torch.zeros(2, 2),
            "dino_loss.center": torch.zeros(1, 2),
        }
    },
    "ibot": lambda w: {
        "student": under("module.backbone.", w, 2),
        "teacher": under("backbone.", w),
        "ibot_loss": {"center": torch.zeros(1, 2)},
    },
    "solo-learn": lambda w: {"state_dict": {**under("backbone.", w), **under("momentum_backbone.", w, 2)}},
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers(name, hand_vit, images, tmp_path):
    path = tmp_path / "weights.bin"
    torch.save(TRANSFORMERS[name](hand_vit.weights), path)
    settings, channels, fitted = fit_to_itself(recognise(path), heads=3)
    encoder = make_encoder(settings, channels=channels).eval()
    encoder.network.load_state_dict(fitted.state)
    with torch.no_grad():
        torch.testing.assert_close(encoder.tokens(images), hand_vit.tokens(images), atol=1e-5, rtol=0)
    assert not fitted.report.of(Fate.UNEXPECTED, Fate.MISSING)


@pytest.mark.parametrize("momentum", ["encoder_k.", "momentum_encoder."])
def test_moco_with_a_resnet(momentum, torchvision_resnet18, pooled_features, tmp_path):
    weights = torchvision_resnet18.state_dict()
    ours = {"encoder_k.": "encoder_q.", "momentum_encoder.": "base_encoder."}[momentum]
    queue = {"module.queue": torch.zeros(4, 8), "module.queue_ptr": torch.zeros(1, dtype=torch.long)}
    torch.save(
        {
            "state_dict": {
                **under(f"module.{ours}", weights),
                **under(f"module.{momentum}", weights, 2),
                **queue,
            }
        },
        tmp_path / "moco.pth",
    )
    settings, channels, fitted = fit_to_itself(recognise(tmp_path / "moco.pth"))
    encoder = make_encoder(settings, channels=channels).eval()
    encoder.network.load_state_dict(fitted.state)
    pictures = torch.randn(2, 3, 64, 64)
    expected = pooled_features(torchvision_resnet18, pictures)
    with torch.no_grad():
        torch.testing.assert_close(encoder.features(pictures), expected, atol=1e-4, rtol=1e-4)
    assert not fitted.report.of(Fate.UNEXPECTED)
