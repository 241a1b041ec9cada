"""How a network is read and what lies beside its file: the same features as timm's own, or a refusal in words."""

import json

import pytest
import timm
import torch
from safetensors.torch import save_file

from engine.errors import CheckpointError
from engine.imported import Imported
from engine.imported_settings import ImportedSettings
from engine.nn.encoders import make_encoder
from engine.weights.beside import read_beside
from engine.weights.doubts import doubts
from engine.weights.reading import fit_to_itself, recognise

VIT = {"img_size": 32, "patch_size": 8, "embed_dim": 48, "depth": 2, "num_heads": 4}
NAME = "vit_tiny_patch16_224"


def saved(folder, model, config=None):
    for name, value in model.state_dict().items():
        if value.is_floating_point() and value.ndim < 4:
            torch.nn.init.normal_(value, 1.0 if "var" in name else 0.0, 0.2)
    torch.save(model.state_dict(), folder / "weights.pth")
    if config is not None:
        (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return folder / "weights.pth"


def difference(path, model, heads=None):
    weights = recognise(path)
    settings, channels, fitted = fit_to_itself(weights, heads=heads)
    encoder = make_encoder(settings, channels=channels)
    Imported(ImportedSettings(pooling=weights.read.reading), encoder)
    encoder.network.load_state_dict(fitted.state)
    pictures = torch.randn(2, 3, settings.image_size, settings.image_size)
    with torch.no_grad():
        expected = model.eval().forward_head(model.forward_features(pictures), pre_logits=True)
        return float((encoder.eval().features(pictures) - expected).norm() / expected.norm())


@pytest.mark.parametrize("has_config", [False, True])
@pytest.mark.parametrize(
    "arguments", [{}, {"global_pool": "avg"}, {"qkv_bias": False}, {"global_pool": "avg", "qkv_bias": False}]
)
def test_transformers_are_read_as_timm_reads_them(arguments, has_config, tmp_path):
    model = timm.create_model(NAME, num_classes=0, **VIT, **arguments)
    pool = arguments.get("global_pool", "token")
    config = {"architecture": NAME, "global_pool": pool, "model_args": {**VIT, **arguments}}
    path = saved(tmp_path, model, config if has_config else None)
    assert difference(path, model, None if has_config else 4) < 1e-5


def test_the_mean_of_normed_patches_is_read_from_the_configuration(tmp_path):
    arguments = {**VIT, "global_pool": "avg", "fc_norm": False}
    model = timm.create_model(NAME, num_classes=0, **arguments)
    config = {"architecture": NAME, "global_pool": "avg", "model_args": arguments}
    assert difference(saved(tmp_path, model, config), model) < 1e-5


@pytest.mark.parametrize(
    "arguments",
    [
        {"act_layer": "quick_gelu"},
        {"global_pool": "max", "fc_norm": False},
        {"global_pool": "avgmax", "fc_norm": False},
    ],
)
def test_a_transformer_that_computes_otherwise_is_refused(arguments, tmp_path):
    model = timm.create_model(NAME, num_classes=0, **VIT, **arguments)
    config = {"architecture": NAME, "global_pool": model.global_pool, "model_args": {**VIT, **arguments}}
    with pytest.raises(CheckpointError, match="cannot be built here"):
        fit_to_itself(recognise(saved(tmp_path, model, config)))


@pytest.mark.parametrize("name", ["resnet18", "resnet18.a1_in1k"])
def test_a_resnet_of_the_usual_kind_is_read(name, tmp_path):
    model = timm.create_model("resnet18", num_classes=0)
    assert difference(saved(tmp_path, model, {"architecture": name}), model) < 1e-5


@pytest.mark.parametrize("name", ["resnetblur18", "resnetaa50", "resnet34d", "resnet50", "convnext_atto"])
def test_a_resnet_that_computes_otherwise_is_refused(name, tmp_path):
    """resnetblur18 has exactly the tensors of resnet18."""
    path = saved(tmp_path, timm.create_model("resnet18", num_classes=0), {"architecture": name})
    with pytest.raises(CheckpointError, match="cannot be built here"):
        fit_to_itself(recognise(path))


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[" * 50_000,
        "[]",
        '{"architecture": 3}',
        '{"architecture": "hf-hub:a/b"}',
        '{"architecture": "no_such"}',
    ],
)
def test_a_configuration_that_says_nothing_is_passed_over(config, tmp_path):
    path = saved(tmp_path, timm.create_model("resnet18", num_classes=0), config)
    weights = recognise(path)
    _, _, fitted = fit_to_itself(weights)
    assert any("No tensor tells" in doubt for doubt in doubts(weights, fitted.report))


@pytest.mark.parametrize(
    "arguments", [{"checkpoint_path": "/x"}, {"pretrained": True}, {"depth": 10**9}, {"depth": "x" * 99}, [1]]
)
def test_a_configuration_that_asks_for_more_than_sizes_is_refused(arguments, tmp_path):
    path = saved(
        tmp_path,
        timm.create_model("resnet18", num_classes=0),
        {"architecture": "resnet18", "model_args": arguments},
    )
    with pytest.raises(CheckpointError, match=r"config\.json"):
        recognise(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hidden_act": "quick_gelu"}, "activation"),
        ({"layer_norm_eps": 1e-5}, "norms"),
        ({"model_type": "swin"}, "kind"),
    ],
)
def test_what_transformers_say_is_held_to_the_encoder(change, said, tmp_path):
    config = {"model_type": "vit", "hidden_act": "gelu", "layer_norm_eps": 1e-12, "num_attention_heads": 6}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}'
    )
    beside = read_beside(tmp_path / "model.safetensors", is_huggingface=True)
    assert (beside.heads, beside.normalise, beside.trouble) == (6, "half", "")
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
    assert said in read_beside(tmp_path / "model.safetensors", is_huggingface=True).trouble


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floating_numbers_are_read_and_rounding_is_said(kind, hand_vit, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({name: value.to(kind) for name, value in hand_vit.weights.items()}, path)
    weights = recognise(path)
    _, _, fitted = fit_to_itself(weights, heads=3)
    assert all(value.dtype == torch.float32 for value in fitted.state.values())
    told = " ".join(doubts(weights, fitted.report))
    assert ("rounded" in told) == (kind is not torch.float64)


@pytest.mark.parametrize("kind", [torch.int8, torch.complex64, torch.bool, torch.float8_e4m3fn])
def test_numbers_that_are_no_weights_are_refused(kind, hand_vit, tmp_path):
    weights = {**hand_vit.weights, "norm.weight": hand_vit.weights["norm.weight"].to(kind)}
    torch.save(weights, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match="is stored as"):
        fit_to_itself(recognise(tmp_path / "weights.pth"), heads=3)


ODD = {
    "sparse": lambda: torch.eye(3).to_sparse(),
    "quantised": lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    "meta": lambda: torch.empty(3, device="meta"),
}


@pytest.mark.filterwarnings("ignore")  # torch's, of kinds of tensors that it gives up
@pytest.mark.parametrize("name", ODD)
def test_tensors_of_no_ordinary_kind_are_refused(name, hand_vit, tmp_path):
    torch.save({**hand_vit.weights, "norm.weight": ODD[name]()}, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=rf"no ordinary tensor \(.*{name}"):
        recognise(tmp_path / "weights.pth")


def test_views_of_one_storage_and_whole_networks_are_read(hand_vit, tmp_path):
    big = torch.randn(48, 96)
    weights = {**hand_vit.weights, "norm.weight": big[:, 5], "norm.bias": big.t()[7]}
    torch.save(weights, tmp_path / "weights.pth")
    read = recognise(tmp_path / "weights.pth").tensors
    assert torch.equal(read["norm.weight"], big[:, 5])
    assert torch.equal(read["norm.bias"], big[:, 7])
    model = timm.create_model("resnet18", num_classes=0)
    torch.save({"model": model, "epoch": 3}, tmp_path / "whole.pth")
    _, _, fitted = fit_to_itself(recognise(tmp_path / "whole.pth"))
    assert all(torch.equal(value, fitted.state[name]) for name, value in model.state_dict().items())
