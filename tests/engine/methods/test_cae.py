"""CAE beyond the official numbers: what flows where, what it predicts, what it rebuilds and refuses."""

import itertools

import numpy as np
import pytest
import torch

from engine.declared import make_recipe
from engine.errors import CheckpointError, SettingsError
from engine.method import ViewSpec
from engine.methods.cae import CAE, CAESettings, hidden_of, tokenizer_stride
from engine.nn.patch_pixels import normalised_patches
from engine.nn.patch_targets import chosen
from engine.nn.vit import make_vit
from engine.parts import make_method, make_normalise, method_parts
from engine.schedules import Progress

SPEC = ViewSpec(16, 4)
START = Progress(0, 100, 10)
SMALL = {
    "regressor_depth": 1,
    "decoder_depth": 1,
    "smallest_block": 2,
    "codes": 8,
    "tokenizer_width": 8,
    "tokenizer_steps": 5,
}
FITTED = ("pixels", "kmeans", "tokenizer")


def make_cae(seed=0, **settings):
    torch.manual_seed(seed)
    encoder = make_vit(width=24, depth=2, heads=2, image_size=16, patch_size=4, layer_scale=0.1)
    return CAE(CAESettings(**{**SMALL, **settings}), encoder)


def make_views(method, seed=0, count=6):
    rng = np.random.default_rng(seed)
    maker = CAE.views(method.settings, SPEC)
    ramp = np.linspace(0, 8, 20)
    made = []
    for number in range(count):
        wave = np.sin(ramp[:, None] * rng.uniform(0.5, 2) + ramp[None] * rng.uniform(0.5, 2))
        picture = (wave * 80 + 128 + rng.normal(0, 5, (3, 20, 20))).clip(0, 255).astype(np.uint8)
        made.append(maker(torch.from_numpy(picture), np.random.default_rng([seed, number])))
    views = {name: torch.stack([view[name] for view in made]) for name in made[0]}
    normalise = CAE.normalise(3)
    return {name: normalise(view) if view.dtype == torch.uint8 else view for name, view in views.items()}


def fitted(seed=0, **settings):
    method = make_cae(**settings)
    torch.manual_seed(seed)
    method.before_training(make_views(method, number) for number in itertools.count())
    return method


def test_features_are_the_mean_of_the_patches_as_in_the_papers_fine_tuning():
    method, images = make_cae().eval(), torch.randn(2, 3, 16, 16)
    expected = method.vit.tokens(images)[:, 1:].mean(dim=1)
    torch.testing.assert_close(method.features(images), expected)


def test_no_gradient_reaches_the_encoder_through_the_true_latents():
    method = make_cae(drop_path=0.0)
    views = make_views(method)
    images = views["image"].requires_grad_(True)
    predicted, true = method.latents(images, views["kept"], views["masked"])
    assert not true.requires_grad
    predicted.square().sum().backward()
    gradient = images.grad.abs().sum(dim=1).unfold(1, 4, 4).unfold(2, 4, 4).sum(dim=(-2, -1)).flatten(1)
    seen = torch.zeros_like(gradient).scatter_(1, views["kept"], 1.0)
    assert torch.equal(gradient > 0, seen.bool())


def test_true_latents_come_from_the_hidden_patches_and_the_present_weights():
    method = make_cae(drop_path=0.0)
    views = make_views(method)
    _, true = method.latents(views["image"], views["kept"], views["masked"])
    expected = method.encoder.tokens(views["image"], views["masked"])[:, 1:]
    assert torch.equal(true, expected)
    with torch.no_grad():
        method.vit.vit.cls_token += 1
    _, moved = method.latents(views["image"], views["kept"], views["masked"])
    assert torch.equal(moved, method.encoder.tokens(views["image"], views["masked"])[:, 1:])
    assert not torch.equal(moved, true)


def test_true_latents_drop_paths_while_training_as_the_encoder_does():
    method = make_cae(drop_path=0.5).train()
    views = make_views(method)
    first, second = (method.latents(views["image"], views["kept"], views["masked"])[1] for _ in range(2))
    assert not torch.equal(first, second)
    method.eval()
    first, second = (method.latents(views["image"], views["kept"], views["masked"])[1] for _ in range(2))
    assert torch.equal(first, second)


def test_under_autocast_every_weight_of_the_encoder_gets_its_gradient():
    method = make_cae(drop_path=0.0)
    with torch.autocast("cpu", torch.bfloat16):
        output = method(make_views(method), START)
    assert all(term.dtype is torch.float32 for term in output.losses.values())
    output.loss.backward()
    trainable = [parameter for parameter in method.encoder.parameters() if parameter.requires_grad]
    assert all(parameter.grad.abs().sum() > 0 for parameter in trainable if parameter.ndim > 1)


def test_the_decoder_sees_no_visible_patch():
    method = make_cae()
    views = make_views(method)
    latents = torch.randn(*views["masked"].shape, 24)
    alone = method.decode(latents[:, :3], views["masked"][:, :3])
    assert alone.shape == (6, 3, 48)
    assert not torch.equal(
        alone, method.decode(latents, views["masked"])[:, :3]
    )  # hidden ones see each other


def test_an_alignment_weight_of_zero_leaves_the_prediction_alone():
    method = make_cae(align_weight=0.0, drop_path=0.0)
    output = method(make_views(method), START)
    assert output.losses["alignment"] == 0
    assert output.losses["prediction"] > 0


def test_a_batch_of_one_picture_repeated_has_no_latent_spread():
    method = make_cae(drop_path=0.0)
    views = make_views(method)
    same = {name: view[:1].expand(6, *view.shape[1:]) for name, view in views.items()}
    assert method(same, START).monitors["latent_std"] < 1e-3 < method(views, START).monitors["latent_std"]


@pytest.mark.parametrize("target", ["kmeans", "tokenizer"])
def test_codes_are_fitted_once_and_kept_in_the_state(target):
    method = make_cae(target=target)
    assert method.needs_fitting
    method = fitted(target=target)
    assert not method.needs_fitting
    loaded = make_cae(seed=1, target=target)
    loaded.load_state_dict(method.state_dict())
    assert not loaded.needs_fitting
    views = make_views(method)
    codes = method.target.codes(views)
    assert torch.equal(loaded.target.codes(views), codes)
    assert codes.shape == (6, 16)
    assert 0 <= codes.min() <= codes.max() < 8


@pytest.mark.parametrize("target", ["kmeans", "tokenizer"])
def test_the_same_seed_and_pictures_fit_the_same_codes(target):
    first, second, other = fitted(target=target), fitted(target=target), fitted(1, target=target)
    states = [method.target.state_dict() for method in (first, second, other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


@pytest.mark.parametrize("target", FITTED)
def test_each_target_is_named_and_trains_without_being_trained_itself(target):
    method = fitted(target=target)
    assert len(method.notes) == 1
    before = {name: value.clone() for name, value in method.target.state_dict().items()}
    optimizer = torch.optim.AdamW([p for group in method.param_groups() for p in group.params], lr=2e-3)
    views, losses = make_views(method), []
    for step in range(20):
        loss = method(views, Progress(step, 20, 5)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0]
    assert all(torch.equal(before[name], value) for name, value in method.target.state_dict().items())
    assert all(parameter.grad is None for parameter in method.target.parameters())


def test_notes_differ_by_target_and_say_what_was_fitted():
    sentences = {fitted(target=target).notes[0] for target in FITTED}
    assert len(sentences) == len(FITTED)
    assert all("DALL-E" in sentence for sentence in sentences)  # the paper's target, which it is not
    assert "8 codes, " in fitted(target="kmeans").notes[0]


@pytest.mark.parametrize("target", FITTED)
def test_a_reconstruction_changes_hidden_patches_only(target):
    method = fitted(target=target).eval()
    views = make_views(method)
    found = method.reconstruct(views, method.settings)
    hidden = hidden_of(views).reshape(6, 1, 4, 4).repeat_interleave(4, 2).repeat_interleave(4, 3).bool()
    hidden = hidden.expand_as(views["image"])
    assert torch.equal(found.pictures["pasted"][~hidden], views["image"][~hidden])
    assert not torch.equal(found.pictures["pasted"][hidden], views["image"][hidden])
    assert torch.equal(found.pictures["predicted"][hidden], found.pictures["pasted"][hidden])
    assert not found.pictures["predicted"][~hidden].any()
    assert found.loss.shape == (6,)
    assert method.notes[0] in found.note


def test_a_perfect_prediction_of_pixels_redraws_the_picture():
    method = make_cae()
    views = make_views(method)
    truth = chosen(normalised_patches(views["image"], 4), views["masked"])
    losses, _ = method.target.score(truth, views, views["masked"])
    assert losses.abs().max() == 0
    torch.testing.assert_close(
        method.target.draw(truth, views, views["masked"]), views["image"], atol=1e-4, rtol=0
    )


def test_another_mask_ratio_can_be_looked_at():
    method = make_cae().eval()
    wider = method.settings.model_copy(update={"mask_ratio": 0.75})
    maker = CAE.views(wider, SPEC)
    views = maker(torch.zeros(3, 20, 20, dtype=torch.uint8), np.random.default_rng(0))
    assert len(views["masked"]) == 12


def test_another_width_of_the_decoder_puts_one_projection_before_both_branches():
    method = make_cae(decoder_width=16, decoder_heads=2)
    views = make_views(method)
    predicted, true = method.latents(views["image"], views["kept"], views["masked"])
    assert predicted.shape == true.shape == (6, 8, 16)


@pytest.mark.parametrize(("patch", "stride"), [(2, 2), (4, 4), (8, 8), (16, 8), (14, 8)])
def test_the_tokenizer_follows_small_patches_and_halves_large_ones(patch, stride):
    assert tokenizer_stride(CAESettings(target="tokenizer"), patch) == stride
    assert tokenizer_stride(CAESettings(target="dalle", dalle_file="x"), patch) == 8
    assert tokenizer_stride(CAESettings(target="kmeans"), patch) == 0


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"mask_ratio": 0.01}, "settings.mask_ratio"),
        ({"decoder_width": 18}, "settings.decoder_width"),
        ({"decoder_width": 16, "decoder_heads": 3}, "settings.decoder_width"),
        ({"target": "dalle"}, "settings.dalle_file"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_their_field(settings, field):
    with pytest.raises(SettingsError) as refused:
        CAE.check(CAESettings(**settings), SPEC)
    assert refused.value.field == field
    assert refused.value.fix


@pytest.mark.parametrize("target", ["kmeans", "tokenizer"])
def test_codes_that_one_process_makes_ready_are_refused_for_several_before_a_run(target):
    changes = {"settings.target": target, "training.processes": 2}
    with pytest.raises(SettingsError, match="one process") as refused:
        method_parts(make_recipe("cae", "quick", changes))
    assert refused.value.field == "training.processes"
    method_parts(make_recipe("cae", "quick", {**changes, "settings.target": "pixels"}))


def test_heads_that_do_not_divide_the_encoders_width_are_refused():
    with pytest.raises(SettingsError, match="do not divide"):
        make_cae(decoder_heads=5)


def test_a_missing_file_of_dalle_is_refused_in_words(tmp_path):
    method = make_cae(target="dalle", dalle_file=str(tmp_path / "encoder.pkl"))
    with pytest.raises(CheckpointError, match="no file"):
        method.before_training(iter([]))
    assert method.needs_fitting


def test_every_preset_keeps_layer_scale_in_the_encoder():
    for preset in CAE.presets:
        recipe = make_recipe("cae", preset, {"encoder.name": "vit_nano"})
        assert recipe.encoder.layer_scale == 0.1
    method = make_method(make_recipe("cae", "quick", {}))
    assert method.vit.vit.blocks[0].ls1.gamma[0].item() == pytest.approx(0.1)
    token = method.regressor.mask_token
    assert 0 < token.abs().max() <= 0.02


def test_a_tokenizer_sees_the_same_pictures_however_the_network_has_them_normalised():
    pictures = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
    found = []
    for normalise in ("auto", "half", "unit"):
        changes = {"settings.target": "tokenizer", "encoder.image_size": 16, "encoder.patch_size": 4}
        recipe = make_recipe("cae", "quick", {**changes, "data.normalise": normalise})
        views = {"tokenizer_image": make_normalise(recipe)(pictures)}
        found.append(make_method(recipe).target.codes(views))
    assert found[0].unique().numel() > 1
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
