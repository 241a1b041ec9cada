"""What every method must hold, whichever it is: a new file in engine/methods appears here by itself."""

import pickle
import pickletools

import numpy as np
import pytest
import torch

from engine.declared import make_recipe
from engine.errors import SettingsError
from engine.method import ViewSpec
from engine.methods import METHODS, method_named
from engine.parts import make_method, method_parts
from engine.schedules import Progress

NUM_CLASSES = 3  # for methods that learn from labels
SIZES = {"encoder.name": "vit_nano", "encoder.image_size": 32, "encoder.patch_size": 8}


@pytest.fixture(params=sorted(METHODS))
def recipe(request):
    return make_recipe(request.param, "quick", SIZES)


def make_views(recipe, count=4, seed=0):
    method_class, settings, spec = method_parts(recipe)
    maker = method_class.views(settings, spec)
    rng = np.random.default_rng(seed)
    pictures = [torch.from_numpy(rng.integers(0, 256, (3, 50, 60), dtype=np.uint8)) for _ in range(count)]
    made = [maker(picture, np.random.default_rng(number)) for number, picture in enumerate(pictures)]
    views = {name: torch.stack([views[name] for views in made]) for name in made[0]}
    normalise = method_class.normalise(spec.channels)
    views = {name: normalise(view) if view.dtype == torch.uint8 else view for name, view in views.items()}
    # One class has no picture: that can be learned of noise, which no encoder tells apart within 30 steps.
    labels = torch.arange(count) % (NUM_CLASSES - 1)
    return views | ({"label": labels} if method_class.needs_labels else {})


def build(recipe):
    return make_method(recipe, num_classes=NUM_CLASSES)


def loss_of(method, views):
    torch.manual_seed(0)  # as the trainer does at every step
    return method(views, Progress(0, 10, 5)).loss


def test_the_losses_are_finite_scalars_and_the_gradient_reaches_the_encoder(recipe):
    method = build(recipe)
    output = method(make_views(recipe), Progress(0, 10, 5))
    assert output.losses
    assert all(term.ndim == 0 and torch.isfinite(term) for term in output.losses.values())
    output.loss.backward()
    trainable = [parameter for parameter in method.encoder.parameters() if parameter.requires_grad]
    assert trainable
    assert all(parameter.grad is not None for parameter in trainable)


def test_every_trainable_parameter_is_in_exactly_one_group(recipe):
    method = build(recipe)
    grouped = [id(parameter) for group in method.param_groups() for parameter in group.params]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == {id(parameter) for parameter in method.parameters() if parameter.requires_grad}


def take_steps(recipe, count, *, follow):
    """Losses of steps on one batch; ``follow`` lets targets move as they do in a run."""
    method, views = build(recipe), make_views(recipe)
    optimizer = torch.optim.AdamW([p for group in method.param_groups() for p in group.params], lr=2e-3)
    losses = []
    for step in range(count):
        loss = method(views, Progress(step, count, 5)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if follow:
            method.after_step(Progress(step + 1, count, 5))
        losses.append(loss.item())
    return losses


def test_the_loss_falls_on_a_fixed_batch_while_its_targets_stand_still(recipe):
    losses = take_steps(recipe, 30, follow=False)
    assert losses[-1] < 0.95 * losses[0]  # where targets are soft, their entropy is the floor


def test_losses_stay_finite_while_targets_move(recipe):
    assert np.isfinite(take_steps(recipe, 10, follow=True)).all()


def test_a_state_dict_round_trip_gives_the_same_loss(recipe):
    views = make_views(recipe)
    first, second = (
        build(recipe),
        build(recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": 1})})),
    )
    assert not torch.equal(loss_of(first, views), loss_of(second, views))
    second.load_state_dict(first.state_dict())
    assert torch.equal(loss_of(first, views), loss_of(second, views))


def test_view_makers_travel_to_loader_processes_and_depend_on_the_generator_alone(recipe):
    method_class, settings, spec = method_parts(recipe)
    maker = pickle.loads(pickle.dumps(method_class.views(settings, spec)))
    picture = torch.arange(3 * 40 * 50).reshape(3, 40, 50).to(torch.uint8)
    first, again, other = (maker(picture, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_loader_processes_need_no_method_for_the_views(recipe):
    """A view maker beside its method would let every loader process import timm, for seconds; engine.data is free."""
    method_class, settings, spec = method_parts(recipe)
    packed = pickle.dumps(method_class.views(settings, spec))
    names = {word for _, word, _ in pickletools.genops(packed) if isinstance(word, str)}
    assert not {name for name in names if name.startswith("engine.") and not name.startswith("engine.data.")}


def test_features_are_one_vector_a_picture(recipe):
    method = build(recipe).eval()
    features = method.features(torch.zeros(3, 3, 32, 32))
    assert features.shape == (3, method.encoder.width)


def test_a_preview_shows_pictures_of_the_view(recipe):
    method_class, settings, spec = method_parts(recipe)
    shown = method_class.preview(settings, spec, make_views(recipe))
    assert shown
    sides = [pictures.shape[-1] for pictures in shown.values()]
    assert all(
        pictures.shape == (4, 3, side, side) for side, pictures in zip(sides, shown.values(), strict=True)
    )
    assert sides[0] == max(sides) == 32  # crops may be smaller


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_setting_and_preset_value_has_a_title_and_a_source(name):
    method = METHODS[name]
    assert {"paper", "desktop", "quick"} <= set(method.presets)
    for schema in method.Config.model_json_schema()["properties"].values():
        assert schema["title"]
        assert schema["source"]
    for preset in method.presets.values():
        assert all(sourced.source for sourced in preset.values.values())


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_preset_is_a_valid_recipe_whose_sizes_fit(name):
    for preset in METHODS[name].presets:
        method_parts(make_recipe(name, preset))


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="mae"):
        method_named("nonsense")
    assert ViewSpec(96, 8).num_patches == 144
