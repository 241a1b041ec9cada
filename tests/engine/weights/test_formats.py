"""Each format, with official names and wrapped as its files are: recognised, accounted for, the same features."""

from argparse import Namespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.nn.encoders import make_encoder
from engine.nn.positions import sincos_2d
from engine.weights.reading import fit_to_itself, recognise
from engine.weights.report import Fate

TOLERANCE = 1e-5


def under(prefix, weights):
    return {prefix + name: value for name, value in weights.items()}


def import_saved(path, saved, heads=None):
    """Save as the official file is, import, and return what was recognised, the report and the encoder."""
    (save_file if path.suffix == ".safetensors" else torch.save)(saved, path)
    weights = recognise(path)
    settings, channels, fitted = fit_to_itself(weights, heads=heads)
    encoder = make_encoder(settings, channels=channels).eval()
    encoder.network.load_state_dict(fitted.state, strict=True)
    return weights.known, fitted.report, encoder


def check_every_tensor_is_in_the_report(report, path):
    places = set()

    def walk(tree, place):
        if isinstance(tree, torch.Tensor):
            places.add(place)
        elif isinstance(tree, dict):
            for name, part in tree.items():
                walk(part, f"{place}/{name}" if place else str(name))

    with torch.serialization.safe_globals([Namespace]):
        walk(torch.load(path, weights_only=True), "")
    assert {row.key for row in report.rows if row.key} == places


def state_of_training():
    return {
        "optimizer": {
            "state": {0: {"exp_avg": torch.zeros(3)}},
            "param_groups": [{"lr": 1e-3, "params": [0]}],
        },
        "epoch": 7,
        "scaler": {"scale": 65536.0},
        "args": Namespace(batch_size=64, output_dir="out"),
    }


def dino_file(vit):
    teacher = under("backbone.", vit.weights) | {"head.mlp.0.weight": torch.zeros(4, 48)}
    student = under("module.", {name: torch.zeros_like(value) for name, value in teacher.items()})
    return {
        "student": student,
        "teacher": teacher,
        "dino_loss": {"center": torch.zeros(1, 4)},
        **state_of_training(),
    }


def dino_file_with_wrapped_teacher(vit):
    return dino_file(vit) | {"teacher": under("module.backbone.", vit.weights)}


def mae_file(vit):
    decoder = {
        "mask_token": torch.zeros(1, 1, 32),
        "decoder_pos_embed": torch.zeros(1, 17, 32),
        "decoder_blocks.0.norm1.weight": torch.ones(32),
        "decoder_pred.weight": torch.zeros(192, 32),
    }
    return {"model": {**vit.weights, **decoder}, **state_of_training()}


def mae_encoder_file(vit):
    vit.weights["pos_embed"] = sincos_2d(48, 4, 4, class_token=True).unsqueeze(0)
    return {"model": dict(vit.weights)}


def mmselfsup_file(vit):
    theirs = {}
    for name, value in vit.weights.items():
        for ours, other in (
            ("blocks.", "layers."),
            ("norm1", "ln1"),
            ("norm2", "ln2"),
            ("mlp.fc1", "ffn.layers.0.0"),
            ("mlp.fc2", "ffn.layers.1"),
            ("patch_embed.proj", "patch_embed.projection"),
        ):
            name = name.replace(ours, other)
        theirs["ln1." + name.removeprefix("norm.") if name.startswith("norm.") else name] = value
    heads = {"neck.mask_token": torch.zeros(1), "head.loss.weight": torch.zeros(2)}
    return {"meta": {"epoch": 3}, "state_dict": {**under("backbone.", theirs), **heads}, "message_hub": {}}


def solo_learn_vit_file(vit):
    other = {name: torch.zeros_like(value) for name, value in vit.weights.items()}
    return {
        "state_dict": {
            **under("backbone.", vit.weights),
            **under("momentum_backbone.", other),
            "projector.0.weight": torch.zeros(8, 48),
            "momentum_projector.0.weight": torch.zeros(8, 48),
            "classifier.weight": torch.zeros(10, 48),
        },
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}}],
        "epoch": 4,
    }


def plain_file(vit):
    return {**vit.weights, "head.weight": torch.zeros(10, 48), "head.bias": torch.zeros(10)}


def compiled_and_wrapped_file(vit):
    return {"model": under("_orig_mod.module.", vit.weights)}


VIT_FILES = [
    (dino_file, "dino", "Apache-2.0"),
    (dino_file_with_wrapped_teacher, "dino", "Apache-2.0"),
    (mae_file, "mae", "CC-BY-NC-4.0"),
    (mae_encoder_file, "mae_encoder", "CC-BY-NC-4.0"),
    (mmselfsup_file, "openmmlab", "unknown"),
    (solo_learn_vit_file, "lightning", "unknown"),
    (plain_file, "plain", "unknown"),
    (compiled_and_wrapped_file, "plain", "unknown"),
]


@pytest.mark.parametrize(("make", "name", "licence"), VIT_FILES)
def test_transformers(make, name, licence, hand_vit, images, tmp_path):
    path = tmp_path / "weights.pth"
    known, report, encoder = import_saved(path, make(hand_vit), heads=hand_vit.heads)
    assert (known.name, known.licence.name) == (name, licence)
    with torch.no_grad():
        torch.testing.assert_close(encoder.tokens(images), hand_vit.tokens(images), atol=TOLERANCE, rtol=0)
    assert report.share == 1
    assert not report.of(Fate.MISSING, Fate.UNEXPECTED, Fate.RESHAPED)
    if name != "lightning":  # its optimizer is a list, which the walk above does not number
        check_every_tensor_is_in_the_report(report, path)


def cae_file(weights):
    copy = under("alignment_encoder.", {name: torch.zeros_like(value) for name, value in weights.items()})
    others = {
        "regresser.norm.weight": torch.ones(48),
        "decoder.head.weight": torch.zeros(5, 48),
        "mask_token": torch.zeros(1, 1, 48),
        "rd_pos_embed": torch.zeros(1, 17, 48),
        "encoder_to_regresser.weight": torch.zeros(48, 48),
    }
    return {"model": {**under("encoder.", weights), **copy, **others}, **state_of_training()}


def older_cae_file(weights):
    return {
        "model": {
            **under("encoder.", weights),
            **under("teacher.", {name: torch.zeros_like(value) for name, value in weights.items()}),
            "pretext_neck.norm.weight": torch.ones(48),
            "encoder_to_decoder.weight": torch.zeros(48, 48),
        }
    }


def beit_file(weights):
    return {"model": {**weights, "head.weight": torch.zeros(10, 48)}}


@pytest.mark.parametrize("mlp_ratio", [1, 2, 2.5])
def test_hidden_layers_of_another_width_are_read_from_their_shape(mlp_ratio, make_hand_vit, images, tmp_path):
    vit = make_hand_vit(mlp_ratio=mlp_ratio)
    _, report, encoder = import_saved(tmp_path / "mae.pth", mae_file(vit), heads=vit.heads)
    assert report.share == 1
    with torch.no_grad():
        torch.testing.assert_close(encoder.tokens(images), vit.tokens(images), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    ("make", "name", "expects"),
    [(cae_file, "cae", "imagenet"), (older_cae_file, "cae", "imagenet"), (beit_file, "beit", "half")],
)
def test_transformers_with_layer_scale(make, name, expects, hand_vit, images, tmp_path):
    path = tmp_path / "weights.pth"
    known, report, encoder = import_saved(path, make(hand_vit.scaled()), heads=hand_vit.heads)
    assert known.name == name
    assert known.expects.name == expects
    with torch.no_grad():
        expected = hand_vit.tokens(images, gammas=True)
        torch.testing.assert_close(encoder.tokens(images), expected, atol=TOLERANCE, rtol=0)
    assert not report.of(Fate.MISSING, Fate.UNEXPECTED)
    joined = [row for row in report.rows if row.reason == "put together from 2 parts"]
    assert {row.key.rpartition(".")[2] for row in joined} == {"q_bias", "v_bias"}
    assert {row.fate for row in joined} == {Fate.RENAMED}
    check_every_tensor_is_in_the_report(report, path)


def vissl_file(weights):
    trunk = under(
        "_feature_blocks.", {name: value for name, value in weights.items() if not name.startswith("fc.")}
    )
    model = {"trunk": trunk, "heads": {"0.clf.0.weight": torch.zeros(5, 5)}}
    return {
        "classy_state_dict": {"base_model": {"model": model, "meta": {}}, "optimizer": {"t": torch.zeros(2)}}
    }


def lucidrains_file(weights):
    net = under("online_encoder.net.", weights)
    target = under("target_encoder.net.", {name: torch.zeros_like(value) for name, value in weights.items()})
    heads = {
        "online_encoder.projector.0.weight": torch.zeros(4, 4),
        "online_predictor.0.weight": torch.zeros(4, 4),
    }
    return {**net, **target, **heads}


def lightly_file(weights):
    numbers = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"}
    renumbered = {
        f"backbone.{numbers[name.partition('.')[0]]}.{name.partition('.')[2]}": value
        for name, value in weights.items()
        if not name.startswith("fc.")
    }
    return {"state_dict": {**renumbered, "projection_head.layers.0.weight": torch.zeros(3, 3)}}


def mmselfsup_resnet_file(weights):
    return {"state_dict": {**under("backbone.", weights), "neck.fc0.weight": torch.zeros(2, 2)}, "meta": {}}


def lightning_with_prefix(weights):
    return {"state_dict": {**under("model.encoder.", weights), "model.projector.0.weight": torch.zeros(2, 2)}}


def converted_byol_file(weights):
    """byol-convert drops the classifier or keeps it as fc, and knows no counters."""
    return {name: value for name, value in weights.items() if not name.endswith("num_batches_tracked")}


RESNET_FILES = [
    (vissl_file, "vissl"),
    (lucidrains_file, "lucidrains"),
    (lightly_file, "lightly"),
    (mmselfsup_resnet_file, "lightning"),
    (lightning_with_prefix, "lightning"),
    (converted_byol_file, "plain"),
    (dict, "plain"),
]


@pytest.mark.parametrize(("make", "name"), RESNET_FILES)
def test_residual_networks(make, name, torchvision_resnet18, pooled_features, tmp_path):
    path, pictures = tmp_path / "weights.pth", torch.randn(2, 3, 64, 64)
    known, report, encoder = import_saved(path, make(torchvision_resnet18.state_dict()))
    assert known.name == name
    expected = pooled_features(torchvision_resnet18, pictures)
    with torch.no_grad():
        features = encoder.features(pictures)
    torch.testing.assert_close(features, expected, atol=TOLERANCE * float(expected.abs().max()), rtol=0)
    assert not report.of(Fate.UNEXPECTED)
    assert all("counter" in row.reason for row in report.of(Fate.MISSING))
    check_every_tensor_is_in_the_report(report, path)


def test_a_solo_learn_network_for_small_pictures(torchvision_resnet18, pooled_features, tmp_path):
    """CIFAR networks have a 3x3 first layer of stride 1 and no pooling."""
    network = torchvision_resnet18
    large, pool = network.conv1, network.maxpool
    network.conv1, network.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    try:
        saved = {
            "state_dict": {**under("backbone.", network.state_dict()), "projector.0.bias": torch.zeros(2)}
        }
        known, report, encoder = import_saved(tmp_path / "last.ckpt", saved)
        pictures = torch.randn(2, 3, 32, 32)
        expected = pooled_features(network, pictures)
        with torch.no_grad():
            features = encoder.features(pictures)
    finally:
        network.conv1, network.maxpool = large, pool
    assert known.name == "lightning"
    torch.testing.assert_close(features, expected, atol=TOLERANCE * float(expected.abs().max()), rtol=0)
    assert report.share == 1


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_the_kind_of_file_does_not_matter(suffix, torchvision_resnet50, tmp_path):
    known, report, encoder = import_saved(tmp_path / f"model{suffix}", torchvision_resnet50.state_dict())
    assert (known.name, encoder.width, report.share) == ("plain", 2048, 1)
