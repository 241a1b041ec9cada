"""Official weights, imported, give the official features; every key is accounted for."""

from argparse import Namespace

import pytest
import torch

from engine.nn.encoders import make_encoder
from engine.weights.reading import fit_to_itself, recognise
from engine.weights.report import Fate

TOLERANCE = 2e-5  # what the numbers' own README gives for these files


def import_file(path, heads):
    weights = recognise(path)
    settings, channels, fitted = fit_to_itself(weights, heads=heads)
    encoder = make_encoder(settings, channels=channels).eval()
    encoder.network.load_state_dict(fitted.state, strict=True)
    return weights, fitted, encoder


def check(official, saved, path, name, before):
    """Save official weights as the official file is, import them, and compare features and account."""
    torch.save(saved, path)
    weights, fitted, encoder = import_file(path, official.hyper["num_heads"])
    assert weights.known.name == name
    for key, value in official.under("timm.").items():
        assert torch.equal(fitted.state[key], value), key
    with torch.no_grad():
        tokens = encoder.tokens(official["in.images"])
    torch.testing.assert_close(tokens[:, 0], official["out.official_cls"], atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(tokens[:, 1:], official["out.official_patches"], atol=TOLERANCE, rtol=0)
    report = fitted.report
    used = {row.key for row in report.of(Fate.MATCHED, Fate.RENAMED, Fate.RESHAPED)}
    expected = {before + key for key in official.under("weights.") if is_encoders(key)}
    assert used == expected
    assert not report.of(Fate.MISSING, Fate.UNEXPECTED)
    assert {row.key for row in report.rows} >= {before + key for key in official.under("weights.")}
    assert report.share == 1


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
        "dino_loss": {"center": torch.zeros(1, 80)},
        "fp16_scaler": {"scale": 65536.0},
    }
    check(official, saved, tmp_path / "dino.pth", "dino", "teacher/")


@pytest.mark.parity("timm_cae")
def test_cae(official, tmp_path):
    weights = official.under("weights.")
    others = {name.replace("encoder.", "alignment_encoder.", 1): value for name, value in weights.items()}
    others |= {"mask_token": torch.zeros(1, 1, 48), "regresser.norm.weight": torch.ones(48)}
    saved = {"model": {**weights, **others}, "epoch": 1, "args": Namespace(model="cae")}
    check(official, saved, tmp_path / "cae.pth", "cae", "model/")
