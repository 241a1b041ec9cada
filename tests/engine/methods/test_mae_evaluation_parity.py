"""The networks and optimizers that judge an MAE encoder, against numbers of the official implementation."""

import pytest
import torch
from torch.nn import functional as F

from engine.nn.classifier import Classifier, LinearProbe
from engine.nn.lars import LARS
from engine.nn.positions import resize_positions
from engine.optim import split_by_layer
from tests.engine.official_networks import official_vit, with_norms


def make_classifier(official, pooling):
    hyper, weights = official.hyper, official.under("weights.")
    encoder = official_vit(hyper)
    classifier = with_norms(Classifier(encoder, hyper["num_classes"], pooling=pooling), hyper)
    ours = {}
    for name, value in weights.items():
        if name.startswith("head."):
            ours[name] = value
        elif name.startswith("fc_norm."):
            if pooling == "mean":
                ours[name.replace("fc_norm.", "norm.")] = value
        elif not (name.startswith("norm.") and pooling == "mean"):
            ours[f"encoder.network.{name}"] = value
    classifier.load_state_dict(ours, strict=True)
    return classifier


@pytest.mark.parametrize(("pooling", "suffix"), [("mean", "gp"), ("cls", "cls")])
@pytest.mark.parity("mae_finetune")
def test_the_fine_tuning_network_gives_the_official_features_and_logits(official, pooling, suffix):
    classifier = make_classifier(official, pooling)
    with torch.no_grad():
        features, logits = classifier.features(official["in.images"]), classifier(official["in.images"])
    torch.testing.assert_close(features, official[f"out.features_{suffix}"], atol=2e-5, rtol=0)
    torch.testing.assert_close(logits, official[f"out.logits_{suffix}"], atol=2e-5, rtol=0)


@pytest.mark.parametrize(("pooling", "suffix"), [("mean", "gp"), ("cls", "cls")])
@pytest.mark.parity("mae_finetune")
def test_layers_learn_and_decay_as_in_the_official_code(official, pooling, suffix):
    classifier = make_classifier(official, pooling)
    others = [(name, p) for name, p in classifier.named_parameters() if not name.startswith("encoder.")]
    groups = split_by_layer(classifier.encoder, others, official.hyper["layer_decay"])
    of = {id(parameter): group for group in groups for parameter in group.params}
    ours = {
        name.removeprefix("encoder.network."): parameter for name, parameter in classifier.named_parameters()
    }
    if pooling == "mean":
        ours |= {"fc_norm.weight": ours.pop("norm.weight"), "fc_norm.bias": ours.pop("norm.bias")}
    names = official.lists[f"lrd_names_{suffix}"]
    assert set(names) == set(ours)
    hyper = official.hyper
    for name, scale, layer, decay in zip(
        names,
        *(official[f"out.lrd_{what}_{suffix}"].tolist() for what in ("lr_scale", "layer_id", "weight_decay")),
        strict=True,
    ):
        group = of[id(ours[name])]
        assert group.lr_scale == pytest.approx(scale, rel=1e-6), name
        assert group.lr_scale == pytest.approx(hyper["layer_decay"] ** (hyper["depth"] + 1 - layer)), name
        assert hyper["weight_decay"] * group.weight_decay == pytest.approx(decay), name


@pytest.mark.parity("mae_linprobe")
def test_the_linear_probe_trains_as_the_official_one(official):
    hyper = official.hyper
    probe = with_norms(LinearProbe(hyper["dim"], hyper["num_classes"]), hyper)
    probe.load_state_dict(
        {name.removeprefix("head."): value for name, value in official.under("weights.").items()}
    )
    optimizer = LARS(probe.parameters(), hyper["lr"], weight_decay=hyper["weight_decay"])
    for step in range(hyper["steps"]):
        logits = probe(official["in.features"][step])
        torch.testing.assert_close(logits, official["out.logits"][step], atol=2e-5, rtol=0)
        loss = F.cross_entropy(logits, official["in.labels"][step])
        torch.testing.assert_close(loss, official["out.loss"][step], atol=2e-5, rtol=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name, value in official.under("out.after.").items():
        ours = probe.state_dict()[name.removeprefix("head.")]
        torch.testing.assert_close(ours.reshape(value.shape), value, atol=2e-5, rtol=0)
    torch.testing.assert_close(
        probe.eval()(official["in.eval_features"]), official["out.eval_logits"], atol=2e-5, rtol=0
    )


def test_lars_follows_the_golden_steps_of_the_official_optimizers():
    weight = torch.nn.Parameter(torch.sin(torch.arange(12, dtype=torch.float64) * 0.5 + 1).reshape(3, 4))
    gradient = 0.1 * torch.cos(torch.arange(12, dtype=torch.float64) * 0.9).reshape(3, 4)
    optimizer = LARS([weight], 0.3, weight_decay=1e-4)
    for lr, factor in ((0.3, 1), (0.1, 0.5), (0.3, -1)):
        optimizer.param_groups[0]["lr"] = lr
        weight.grad = factor * gradient
        optimizer.step()
    expected = torch.tensor([0.84079122, 0.99707167, 0.90945009], dtype=torch.float64)
    torch.testing.assert_close(weight.detach().flatten()[:3], expected, atol=2e-8, rtol=0)


@pytest.mark.parity("mae_posembed")
def test_positions_are_resized_as_in_the_official_code(official):
    grid = official.hyper["new_grid"]
    resized = resize_positions(official["in.pos_embed"], grid, grid)
    torch.testing.assert_close(resized, official["out.pos_embed_resized"], atol=2e-6, rtol=0)
