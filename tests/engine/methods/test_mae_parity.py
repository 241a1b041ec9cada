"""MAE against numbers of the official implementation."""

import pytest
import torch
from torch import nn

from engine.compute import Compute
from engine.methods.mae import MAE, MAESettings, masked_mean, patch_losses
from engine.nn.masking import patchify, random_mask, unpatchify
from engine.nn.normalise import Normalise
from engine.nn.positions import sincos_1d, sincos_2d
from engine.nn.vit import make_vit
from engine.optim import set_rates, split_decay
from engine.plan import Plan
from engine.recipe import TrainingSettings
from engine.schedules import scaled_lr, warmup_cosine
from engine.trainer import Trainer
from tests.engine.official_networks import official_vit, with_norms

OURS = {
    "decoder_embed": "decoder.embed",
    "mask_token": "decoder.mask_token",
    "decoder_pos_embed": "decoder.positions",
    "decoder_blocks": "decoder.blocks",
    "decoder_norm": "decoder.norm",
    "decoder_pred": "decoder.predict",
}


def our_name(official):
    for theirs, ours in OURS.items():
        if official == theirs or official.startswith(f"{theirs}."):
            return ours + official.removeprefix(theirs)
    return f"encoder.network.{official}"


def make_mae(hyper, weights, *, normalise=True):
    encoder = official_vit(hyper)
    settings = MAESettings(
        mask_ratio=hyper["mask_ratio"],
        normalise_targets=normalise,
        decoder_width=hyper["decoder_embed_dim"],
        decoder_depth=hyper["decoder_depth"],
        decoder_heads=hyper["decoder_num_heads"],
    )
    method = with_norms(MAE(settings, encoder), hyper)
    method.load_state_dict({our_name(name): value for name, value in weights.items()}, strict=True)
    return method


@pytest.mark.parity("mae_forward")
def test_the_mask_is_the_official_one(official):
    mask = random_mask(official["in.noise"], official.hyper["mask_ratio"])
    assert torch.equal(mask.kept, official["out.ids_keep"])
    assert torch.equal(torch.cat([mask.kept, mask.masked], 1), official["out.ids_shuffle"])
    assert torch.equal(mask.restore, official["out.ids_restore"])
    assert torch.equal(mask.hidden, official["out.mask"])


@pytest.mark.parity("mae_forward")
def test_the_network_gives_the_official_tokens_and_predictions(official):
    method = make_mae(official.hyper, official.under("weights."))
    images, mask = official["in.images"], random_mask(official["in.noise"], official.hyper["mask_ratio"])
    tokens = method.encoder.tokens(images, mask.kept)
    torch.testing.assert_close(tokens, official["out.latent"], atol=2e-5, rtol=0)
    torch.testing.assert_close(
        method.encoder.tokens(images), official["out.latent_no_mask"], atol=2e-5, rtol=0
    )
    torch.testing.assert_close(method.decoder(tokens, mask.restore), official["out.pred"], atol=2e-5, rtol=0)


@pytest.mark.parity("mae_forward")
def test_patches_and_losses_are_the_official_ones(official):
    images, side = official["in.images"], official.hyper["patch_size"]
    patches = patchify(images, side)
    torch.testing.assert_close(patches, official["out.target_patches"], atol=0, rtol=0)
    grid = official.hyper["img_size"] // side
    assert torch.equal(unpatchify(patches, side, grid, grid), images)
    for normalise, name in ((False, "out.loss_raw"), (True, "out.loss_norm_pix")):
        loss = masked_mean(
            patch_losses(official["out.pred"], images, side, normalise=normalise), official["out.mask"]
        )
        torch.testing.assert_close(loss.reshape(1), official[name], atol=2e-5, rtol=0)


@pytest.mark.parametrize(("normalise", "name"), [(False, "raw"), (True, "norm_pix")])
@pytest.mark.parity("mae_forward")
def test_gradients_are_the_official_ones(official, normalise, name):
    method = make_mae(official.hyper, official.under("weights."), normalise=normalise)
    output = method({"image": official["in.images"], "noise": official["in.noise"]}, None)
    output.loss.backward()
    parameters = dict(method.named_parameters())
    for name_of, norm in zip(official.lists["grad_names"], official[f"out.grad_norms_{name}"], strict=True):
        torch.testing.assert_close(parameters[our_name(name_of)].grad.norm(), norm, atol=2e-5, rtol=2e-5)
    if normalise:
        for name_of, gradient in official.under("out.grad_norm_pix.").items():
            torch.testing.assert_close(parameters[our_name(name_of)].grad, gradient, atol=2e-5, rtol=0)


@pytest.mark.parity("mae_posembed")
def test_the_position_tables_are_the_official_ones(official):
    dim, grid = official.hyper["dim"], official.hyper["grid"]
    rows, columns = official.hyper["rect"]
    for name, table in {
        "out.square_cls": sincos_2d(dim, grid, grid, class_token=True),
        "out.square": sincos_2d(dim, grid, grid, class_token=False),
        "out.rect": sincos_2d(dim, rows, columns, class_token=False),
        "out.one_d": sincos_1d(dim, official["in.positions"]).float(),
    }.items():
        torch.testing.assert_close(table, official[name], atol=2e-6, rtol=0)


@pytest.mark.parity("mae_forward")
def test_a_fresh_network_has_the_official_fixed_positions(official):
    method = make_mae(official.hyper, official.under("weights."))
    fresh = MAE(
        method.settings,
        make_vit(
            width=official.hyper["embed_dim"],
            depth=1,
            heads=official.hyper["num_heads"],
            image_size=official.hyper["img_size"],
            patch_size=official.hyper["patch_size"],
        ),
    )
    torch.testing.assert_close(
        fresh.encoder.network.pos_embed, official["weights.pos_embed"], atol=2e-6, rtol=0
    )
    torch.testing.assert_close(
        fresh.decoder.positions, official["weights.decoder_pos_embed"], atol=2e-6, rtol=0
    )
    assert not fresh.encoder.network.pos_embed.requires_grad


@pytest.mark.parity("mae_lr_sched")
def test_the_learning_rate_follows_the_official_schedule(official):
    hyper = official.hyper
    peak = scaled_lr(hyper["blr"], hyper["batch"] * hyper["world"], hyper["accum_iter"])
    assert peak == pytest.approx(float(official["out.peak_lr"]), rel=1e-6)
    rates = [
        warmup_cosine(
            epoch,
            peak=peak,
            floor=hyper["min_lr"],
            warmup_epochs=hyper["warmup_epochs"],
            epochs=hyper["epochs"],
        )
        for epoch in official["in.epoch"].tolist()
    ]
    torch.testing.assert_close(torch.tensor(rates), official["out.lr"], rtol=1e-6, atol=1e-12)
    groups = [
        {"params": [nn.Parameter(torch.zeros(1))], "lr_scale": scale, "decays": True}
        for scale in official["in.lr_scale"].tolist()
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    for rate, expected in zip(rates, official["out.group_lr"], strict=True):
        set_rates(optimizer, rate, 0.0)
        found = torch.tensor([group["lr"] for group in optimizer.param_groups])
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-12)


def make_official_trainer(official):
    hyper = official.hyper
    method = make_mae(hyper, official.under("weights."), normalise=hyper["norm_pix_loss"])
    beta1, beta2 = hyper["betas"]
    batch = hyper["batch"]
    training = TrainingSettings(
        batch_size=batch,
        accumulation=hyper["accum_iter"],
        epochs=hyper["epochs"],
        min_lr=hyper["min_lr"],
        base_lr=hyper["lr"] * 256 / (batch * hyper["accum_iter"]),
        warmup_epochs=hyper["warmup_epochs"],
        weight_decay=hyper["weight_decay"],
        beta1=beta1,
        beta2=beta2,
        clip_norm=0.0,
        precision="fp32",
    )
    steps = hyper["epochs"] * hyper["iters"] // hyper["accum_iter"]
    plan = Plan(training, hyper["iters"], steps)
    return Trainer(method, plan, Compute(torch.device("cpu"), "fp32"), Normalise())


@pytest.mark.parity("mae_train_steps")
def test_a_short_run_of_the_trainer_is_the_official_run(official):
    hyper = official.hyper
    trainer = make_official_trainer(official)
    batches = [
        {"image": images, "noise": noise, "index": torch.arange(hyper["batch"])}
        for images, noise in zip(official["in.images"], official["in.noise"], strict=True)
    ]
    reports = []
    accumulation = hyper["accum_iter"]
    steps = hyper["run_epochs"] * hyper["iters"] // accumulation
    trainer.train(iter(batches), record=reports.append, control=lambda: trainer.step >= steps)

    losses = official["out.loss"].reshape(steps, accumulation).mean(1)
    torch.testing.assert_close(
        torch.stack([report.values["loss"] for report in reports]), losses, atol=1e-5, rtol=0
    )
    rates = torch.tensor([report.values["lr"] for report in reports])
    torch.testing.assert_close(rates, official["out.lr"][::accumulation], rtol=1e-6, atol=1e-12)
    norms = torch.stack([report.values["grad_norm"] for report in reports])
    torch.testing.assert_close(norms, official["out.grad_norm"], atol=1e-4, rtol=1e-4)
    state, width, skipped = trainer.method.state_dict(), {}, 0
    for name, expected in official.under("out.after.").items():
        ours = state[our_name(name)]
        if name.endswith(
            "attn.qkv.bias"
        ):  # the key bias has no true gradient, Adam moves it by rounding noise
            width = len(ours) // 3
            ours, expected = (torch.cat([b[:width], b[2 * width :]]) for b in (ours, expected))
            skipped += 1
        torch.testing.assert_close(
            ours, expected, atol=1e-4, rtol=0, msg=lambda text, name=name: f"{name}: {text}"
        )
    assert skipped == hyper["depth"] + hyper["decoder_depth"]


@pytest.mark.parity("mae_train_steps")
def test_weight_decay_reaches_what_the_official_code_decays(official):
    method = make_mae(official.hyper, official.under("weights."))
    decayed, _ = split_decay(method.named_parameters())
    decayed_ids = {id(parameter) for parameter in decayed.params}
    ours = {name: id(parameter) in decayed_ids for name, parameter in method.named_parameters()}
    for name, expected in zip(official.lists["param_names"], official["out.decay"].tolist(), strict=True):
        assert ours[our_name(name)] == bool(expected), name


@pytest.mark.parity("timm_mae")
def test_official_weights_fit_the_timm_encoder(official):
    method = make_mae(official.hyper, official.under("weights."))
    network = method.encoder.network
    network.load_state_dict(official.under("timm."), strict=True)
    with torch.no_grad():
        tokens = method.encoder.tokens(official["in.images"])
    torch.testing.assert_close(tokens[:, 0], official["out.official_cls"], atol=2e-5, rtol=0)
    torch.testing.assert_close(tokens[:, 1:], official["out.official_patches"], atol=2e-5, rtol=0)
    features = method.encoder.features(official["in.images"], pooling="cls")
    torch.testing.assert_close(features, official["out.timm_cls"], atol=2e-5, rtol=0)
    torch.testing.assert_close(tokens[:, 1:], official["out.timm_patches"], atol=2e-5, rtol=0)
