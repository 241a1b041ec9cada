"""Official weights, imported, give the official features; every key is accounted for."""

from argparse import Namespace

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from engine.nn.encoders import make_encoder
from engine.weights.reading import fit_to_itself, recognise
from engine.weights.report import Fate
from tests.engine.official_networks import with_norms

TOLERANCE = 2e-5  # what the numbers' own README gives for these files


def import_file(path, hyper):
    weights = recognise(path)
    settings, channels, fitted = fit_to_itself(weights, heads=hyper["num_heads"])
    encoder = with_norms(make_encoder(settings, channels=channels), hyper).eval()
    encoder.network.load_state_dict(fitted.state, strict=True)
    return weights, fitted, encoder


def check(official, saved, path, name, before):
    """Save official weights as the official file is, import them, and compare features and account; the encoder."""
    torch.save(saved, path)
    weights, fitted, encoder = import_file(path, official.hyper)
    assert weights.known.name == name
    for key, value in official.under("timm.").items():
        assert torch.equal(fitted.state[key], value), key
    with torch.no_grad():
        ours = encoder.tokens(official["in.images"])
        timms = encoder.network.forward_features(official["in.images"])
    for tokens, whose in ((ours, "official"), (timms, "timm")):
        assert_close(tokens[:, 0], official[f"out.{whose}_cls"])
        assert_close(tokens[:, 1:], official[f"out.{whose}_patches"])
    report = fitted.report
    used = {row.key for row in report.of(Fate.MATCHED, Fate.RENAMED, Fate.RESHAPED)}
    expected = {before + key for key in official.under("weights.") if is_encoders(key)}
    assert used == expected
    assert not report.of(Fate.MISSING, Fate.UNEXPECTED)
    assert {row.key for row in report.rows} >= {before + key for key in official.under("weights.")}
    assert report.share == 1
    return encoder


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, atol=TOLERANCE, rtol=0)


def is_encoders(key):
    return not key.startswith(("decoder", "mask_token", "head."))


@pytest.mark.parity("timm_mae")
@pytest.mark.parametrize("before", ["", "model/"])
def test_mae(official, before, tmp_path):
    weights = official.under("weights.")
    saved = (
        weights if not before else {"model": weights, "epoch": 3, "scaler": {}, "args": Namespace(blr=1e-4)}
    )
    check(official, saved, tmp_path / "mae.pth", "mae", before)


@pytest.mark.parity("timm_dino")
def test_dino_keeps_the_teacher(official, tmp_path):
    teacher = official.under("weights.")
    student = {f"module.{name}": torch.zeros_like(value) for name, value in teacher.items()}
    saved = {
        "student": student,
        "teacher": teacher,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]},
        "epoch": 2,
        "args": Namespace(arch="vit_small", patch_size=8),
        "dino_loss": {"center": torch.zeros(1, official.hyper["out_dim"])},
        "fp16_scaler": {"scale": 65536.0},
    }
    encoder = check(official, saved, tmp_path / "dino.pth", "dino", "teacher/")
    larger = official["in.other_images"]
    with torch.no_grad():
        assert_close(encoder.tokens(larger), official["out.official_other"])
        assert_close(
            of_any_size(encoder, official.hyper).forward_features(larger), official["out.timm_other"]
        )


def of_any_size(encoder, hyper):
    """The same weights as timm's users load them for pictures of any size, which timm resamples in its own way."""
    network = VisionTransformer(
        img_size=hyper["img_size"],
        patch_size=hyper["patch_size"],
        embed_dim=hyper["embed_dim"],
        depth=hyper["depth"],
        num_heads=hyper["num_heads"],
        mlp_ratio=hyper["mlp_ratio"],
        num_classes=0,
        dynamic_img_size=True,
    )
    network.load_state_dict(encoder.network.state_dict(), strict=True)
    return with_norms(network, hyper).eval()


@pytest.mark.parity("timm_cae")
def test_cae(official, tmp_path):
    weights = official.under("weights.")
    others = {name.replace("encoder.", "alignment_encoder.", 1): value for name, value in weights.items()}
    width = official.hyper["embed_dim"]
    others |= {"mask_token": torch.zeros(1, 1, width), "regresser.norm.weight": torch.ones(width)}
    saved = {"model": {**weights, **others}, "epoch": 1, "args": Namespace(model="cae")}
    check(official, saved, tmp_path / "cae.pth", "cae", "model/")
