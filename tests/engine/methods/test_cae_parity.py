"""CAE against numbers of the official implementation."""

import random

import numpy as np
import pytest
import torch

from engine.compute import Compute
from engine.data.block_mask import BlockShape, block_mask, scattered_mask
from engine.methods.cae import CAE, CAESettings
from engine.nn.attentive_probe import AttentiveProbe
from engine.nn.classifier import Classifier
from engine.nn.normalise import Normalise
from engine.nn.patch_targets import CodeTarget
from engine.plan import Plan
from engine.recipe import TrainingSettings
from engine.schedules import Progress
from engine.trainer import Trainer
from tests.engine.official_networks import official_vit, with_norms

PARTS = {
    "encoder.": "encoder.network.",
    "regresser.regressor_blocks.": "regressor.blocks.",
    "regresser.norm.": "regressor.norm.",
    "decoder.decoder_blocks.": "decoder.blocks.",
    "decoder.norm.": "decoder.norm.",
    "decoder.head.": "decoder.predict.",
    "mask_token": "regressor.mask_token",
    "encoder_to_regresser.": "project.0.",
    "encoder_to_regresser_norm.": "project.1.",
}
INSIDE = {
    "gamma_1_cross": "ls1.gamma",
    "gamma_2_cross": "ls2.gamma",
    "gamma_1": "ls1.gamma",
    "gamma_2": "ls2.gamma",
    "norm1_": "norm_",
    "norm2_cross": "norm2",
    "mlp_cross": "mlp",
    "cross_attn.q_bias": "attention.q.bias",
    "cross_attn.v_bias": "attention.v.bias",
    "cross_attn": "attention",
}


def inside(name):
    for theirs, ours in INSIDE.items():
        name = name.replace(theirs, ours)
    return name


def our_name(official):
    for theirs, ours in PARTS.items():
        if official.startswith(theirs):
            return inside(ours + official.removeprefix(theirs))
    raise KeyError(official)


def with_joined_biases(weights):
    """Three biases of self-attention in one, as timm has them; there is none on keys."""
    joined = dict(weights)
    for name in weights:
        if name.endswith("attn.q_bias") and "cross_attn" not in name and "attention" not in name:
            stem = name.removesuffix("q_bias")
            q, v = joined.pop(name), joined.pop(f"{stem}v_bias")
            joined[f"{stem}qkv.bias"] = torch.cat([q, torch.zeros_like(q), v])
    return joined


def make_encoder(hyper):
    return official_vit(hyper, layer_scale=hyper["init_values"])


class GivenCodes(CodeTarget):
    """Codes that come with the views."""

    def codes(self, views):
        return views["codes"]


def fresh_cae(hyper):
    settings = CAESettings(
        target="kmeans",
        codes=hyper["codebook"],
        align_weight=hyper["align_loss_weight"],
        regressor_depth=hyper["regressor_depth"],
        decoder_depth=hyper["decoder_depth"],
        decoder_width=hyper["decoder_embed_dim"],
        decoder_heads=hyper["decoder_num_heads"],
        layer_scale=hyper["decoder_init_values"],
        drop_path=0.0,
    )
    method = with_norms(CAE(settings, make_encoder(hyper)), hyper)
    method.target = GivenCodes(hyper["codebook"])
    return method


def make_cae(hyper, weights):
    method = fresh_cae(hyper)
    ours = {
        our_name(name): value
        for name, value in with_joined_biases(weights).items()
        if name != "rd_pos_embed" and not name.startswith("alignment_encoder.")
    }
    kept = {
        name: value
        for name, value in method.state_dict().items()
        if name.startswith(("target.", "positions"))
    }
    method.load_state_dict({**ours, **kept}, strict=True)
    return method


def make_views(images, mask, codes):
    flat = mask.bool()
    return {
        "image": images,
        "kept": torch.stack([(~row).nonzero().flatten() for row in flat]),
        "masked": torch.stack([row.nonzero().flatten() for row in flat]),
        "codes": codes,
    }


def views_of(official):
    return make_views(official["in.images"], official["in.mask"], official["in.token_ids"])


@pytest.mark.parity("cae_forward")
def test_latents_and_predictions_are_the_official_ones(official):
    method, views = make_cae(official.hyper, official.under("weights.")), views_of(official)
    visible = method.encoder.tokens(views["image"], views["kept"])
    torch.testing.assert_close(visible, official["out.visible_latent"], atol=2e-5, rtol=0)
    predicted, true = method.latents(views["image"], views["kept"], views["masked"])
    torch.testing.assert_close(predicted, official["out.latent_pred"], atol=2e-5, rtol=0)
    torch.testing.assert_close(true, official["out.latent_target"], atol=2e-5, rtol=0)
    assert not true.requires_grad
    # The official alignment encoder is the encoder itself after the first pass; ours never is another.
    assert bool(official["out.aliased"])
    assert not any("align" in name for name in method.state_dict())
    logits = method.decode(predicted, views["masked"])
    torch.testing.assert_close(logits.flatten(0, 1), official["out.logits"], atol=2e-5, rtol=0)
    assert torch.equal(views["codes"].gather(1, views["masked"]).flatten(), official["out.labels"])


@pytest.mark.parity("cae_forward")
def test_losses_and_gradients_are_the_official_ones(official):
    method = make_cae(official.hyper, official.under("weights."))
    output = method(views_of(official), Progress(0, 10, 5))
    for ours, name in (
        (output.losses["prediction"], "out.loss_main"),
        (output.losses["alignment"], "out.loss_align"),
        (output.loss, "out.loss"),
        (output.monitors["token_accuracy"], "out.accuracy"),
    ):
        torch.testing.assert_close(ours.reshape(1), official[name], atol=2e-5, rtol=0)
    output.loss.backward()
    parameters = dict(method.named_parameters())
    compared = 0
    for name, norm in zip(official.lists["grad_names"], official["out.grad_norms"], strict=True):
        ours = gradient_of(parameters, name)
        torch.testing.assert_close(
            ours.norm(), norm, atol=2e-5, rtol=2e-5, msg=lambda text, n=name: f"{n}: {text}"
        )
        compared += 1
    assert compared == len(official.lists["grad_names"])


def gradient_of(parameters, official_name):
    """The gradient that belongs to an official parameter; query and value biases are thirds of ours."""
    if official_name.endswith(("attn.q_bias", "attn.v_bias")) and "cross_attn" not in official_name:
        stem, _, which = official_name.rpartition(".")
        query, _, value = parameters[our_name(f"{stem}.qkv.bias")].grad.chunk(3)
        return query if which == "q_bias" else value
    return parameters[our_name(official_name)].grad


@pytest.mark.parity("cae_forward")
def test_weight_decay_reaches_what_the_official_code_decays(official):
    method = make_cae(official.hyper, official.under("weights."))
    decayed, _ = method.param_groups()
    ids = {id(parameter) for parameter in decayed.params}
    ours = {name: id(parameter) in ids for name, parameter in method.named_parameters()}
    for name, expected in zip(official.lists["grad_names"], official["out.decay"].tolist(), strict=True):
        if name.endswith(("attn.q_bias", "attn.v_bias")) and "cross_attn" not in name:
            name = name.rpartition(".")[0] + ".qkv.bias"
        assert ours[our_name(name)] == bool(expected), name


@pytest.mark.parity("cae_forward")
def test_a_fresh_network_has_the_official_fixed_positions(official):
    method = fresh_cae(official.hyper)
    torch.testing.assert_close(
        method.encoder.network.pos_embed, official["weights.encoder.pos_embed"], atol=2e-6, rtol=0
    )
    torch.testing.assert_close(method.positions, official["weights.rd_pos_embed"][:, 1:], atol=2e-6, rtol=0)
    assert not method.encoder.network.pos_embed.requires_grad


class PythonDraws:
    """Python's own generator behind the surface of numpy's, as the official block masks draw."""

    def __init__(self, seed):
        self._draws = random.Random(seed)

    def random(self):
        return self._draws.random()

    def integers(self, low, high):
        return self._draws.randint(low, high - 1)


@pytest.mark.parity("cae_masks")
def test_block_masks_are_the_official_ones_for_the_same_draws(official):
    hyper, draws = official.hyper, PythonDraws(official.hyper["seed"])
    shape = BlockShape(hyper["min_num_patches"], hyper["max_num_patches"], hyper["min_aspect"])
    for expected, count in zip(official["out.block"], official["out.block_count"].tolist(), strict=True):
        hidden = block_mask(*hyper["grid"], hyper["num_masking_patches"], draws, shape)
        assert torch.equal(torch.from_numpy(hidden).long(), expected)
        assert hidden.sum() == count


@pytest.mark.parity("cae_masks")
def test_scattered_masks_are_the_official_ones_for_the_same_draws(official):
    hyper, draws = official.hyper, np.random.RandomState(official.hyper["seed"])
    count = int(hyper["random_ratio"] * (hyper["grid"][0] * hyper["grid"][1]))
    for expected in official["out.random"]:
        hidden = scattered_mask(*hyper["grid"], count, draws)
        assert torch.equal(torch.from_numpy(hidden).flatten().long(), expected)


def make_official_trainer(official):
    hyper = official.hyper
    training = TrainingSettings(
        batch_size=hyper["batch"],
        epochs=hyper["epochs"],
        base_lr=hyper["lr"],
        lr_scaling="none",
        min_lr=hyper["min_lr"],
        warmup_epochs=hyper["warmup_epochs"],
        warmup_form="through_peak",
        weight_decay=hyper["weight_decay"],
        beta2=0.999,
        clip_norm=hyper["clip_grad"],
        precision="fp32",
    )
    plan = Plan(training, hyper["iters"], hyper["epochs"] * hyper["iters"])
    method = make_cae(hyper, official.under("weights."))
    return Trainer(method, plan, Compute(torch.device("cpu"), "fp32"), Normalise())


@pytest.mark.parity("cae_train_steps")
def test_a_short_run_of_the_trainer_is_the_official_run(official):
    hyper, trainer = official.hyper, make_official_trainer(official)
    given = zip(official["in.images"], official["in.mask"], official["in.token_ids"], strict=True)
    batches = [{**make_views(*step), "index": torch.arange(hyper["batch"])} for step in given]
    reports = []
    steps = hyper["run_epochs"] * hyper["iters"]
    trainer.train(iter(batches), record=reports.append, control=lambda: trainer.step >= steps)
    for name, expected in (
        ("loss", "out.loss"),
        ("loss/prediction", "out.loss_main"),
        ("loss/alignment", "out.loss_align"),
    ):
        ours = torch.stack([report.values[name] for report in reports])
        torch.testing.assert_close(ours, official[expected], atol=2e-5, rtol=0)
    rates = torch.tensor([report.values["lr"] for report in reports])
    torch.testing.assert_close(rates, official["out.lr"], rtol=1e-6, atol=1e-12)
    norms = torch.stack([report.values["grad_norm"] for report in reports])
    torch.testing.assert_close(norms, official["out.grad_norm"], atol=1e-4, rtol=1e-4)
    compare_after(official, trainer.method.state_dict())


def compare_after(official, state):
    """The weights after the run; a bias on keys has no true gradient, and Adam moves it by rounding noise."""
    skipped = 0
    for name, expected in with_joined_biases(official.under("out.after.")).items():
        if "regressor_blocks" in name and name.endswith("norm1_k.bias"):
            skipped += 1
            continue
        if name == "rd_pos_embed":
            torch.testing.assert_close(state["positions"], expected[:, 1:], atol=2e-6, rtol=0)
            continue
        ours = state[our_name(name)]
        if name.endswith("attn.qkv.bias"):
            (q, _, v), (their_q, _, their_v) = ours.chunk(3), expected.chunk(3)
            ours, expected = torch.cat([q, v]), torch.cat([their_q, their_v])
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=0, msg=lambda text, n=name: f"{n}: {text}")
    assert skipped == official.hyper["regressor_depth"]


def split_probe(official):
    """Encoder and probe with the official weights."""
    hyper = official.hyper
    encoder = make_encoder(hyper)
    probe = with_norms(AttentiveProbe(hyper["embed_dim"], hyper["num_heads"], hyper["num_classes"]), hyper)
    names = {
        "query_token": "query",
        "attentive_blocks.0.": "",
        "fc_norm.": "batch_norm.",
        "head.": "head.",
    }
    of_probe, of_encoder = {}, {}
    for name, value in with_joined_biases(official.under("weights.")).items():
        found = [(theirs, ours) for theirs, ours in names.items() if name.startswith(theirs)]
        if found:
            theirs, ours = found[0]
            kept = value.reshape(()) if name.endswith("num_batches_tracked") else value
            of_probe[inside(ours + name.removeprefix(theirs))] = kept
        else:
            of_encoder[inside(name)] = value
    encoder.network.load_state_dict(of_encoder, strict=True)
    probe.load_state_dict(of_probe, strict=True)
    return encoder, probe


@pytest.mark.parity("cae_probe")
def test_the_attentive_probe_gives_the_official_logits(official):
    encoder, probe = split_probe(official)
    with torch.no_grad():
        tokens = encoder.tokens(official["in.images"])
        trained = probe.train()(tokens)
        judged = probe.eval()(tokens)
    torch.testing.assert_close(trained, official["out.attentive_train"], atol=5e-5, rtol=0)
    torch.testing.assert_close(judged, official["out.attentive_eval"], atol=5e-5, rtol=0)
    torch.testing.assert_close(probe.batch_norm.running_mean, official["out.running_mean"], atol=5e-5, rtol=0)
    torch.testing.assert_close(probe.batch_norm.running_var, official["out.running_var"], atol=5e-5, rtol=0)


@pytest.mark.parity("cae_probe")
def test_the_fine_tuning_network_gives_the_official_logits(official):
    hyper = official.hyper
    classifier = with_norms(Classifier(make_encoder(hyper), hyper["num_classes"], pooling="mean"), hyper)
    ours = {}
    for name, value in with_joined_biases(official.under("weights_finetune.")).items():
        if name.startswith("head."):
            ours[name] = value
        elif name.startswith("fc_norm."):
            ours[name.replace("fc_norm.", "norm.")] = value
        else:
            ours[f"encoder.network.{inside(name)}"] = value
    classifier.load_state_dict(ours, strict=True)
    with torch.no_grad():
        features, logits = classifier.features(official["in.images"]), classifier(official["in.images"])
    torch.testing.assert_close(features, official["out.finetune_features"], atol=5e-5, rtol=0)
    torch.testing.assert_close(logits, official["out.finetune_logits"], atol=5e-5, rtol=0)
