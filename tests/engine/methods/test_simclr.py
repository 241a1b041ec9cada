"""SimCLR: what its recipe promises, what flows where, and what it remembers."""

import numpy as np
import pytest
import torch

from engine.declared import make_recipe
from engine.errors import SettingsError
from engine.methods.simclr import SimCLR, SimCLRSettings
from engine.nn.contrast import unit_length
from engine.nn.resnet import make_resnet
from engine.parts import method_parts
from engine.schedules import Progress

NOW = Progress(0, 10, 5)


def make_simclr(**settings):
    torch.manual_seed(0)
    return SimCLR(
        SimCLRSettings(**{"projection_width": 8, **settings}), make_resnet("resnet_nano", stem="fast")
    )


def make_batch(count=6, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return {"views": torch.rand(count, 2, 3, 32, 32, generator=generator)}


def view_maker(size, **settings):
    method_class, config, spec = method_parts(
        make_recipe("simclr", "paper", {"encoder.image_size": size, **settings})
    )
    return method_class.views(config, spec)


def test_both_views_pass_the_network_at_once_first_views_first():
    method, batch = make_simclr(), make_batch()
    seen = []
    method.encoder.network.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    method(batch, NOW)
    (images,) = seen
    assert torch.equal(images, torch.cat([batch["views"][:, 0], batch["views"][:, 1]]))


def test_pictures_keep_their_levels():
    picture = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1)
    torch.testing.assert_close(SimCLR.normalise(3)(picture).flatten(), torch.tensor([0.0, 0.2, 1.0]))


def test_the_usual_scale_is_half_of_the_official_one():
    batch = make_batch()
    official, usual = (make_simclr(loss_scale=scale)(batch, NOW).loss for scale in ("official", "usual"))
    torch.testing.assert_close(official, 2 * usual)


def test_what_is_watched_lies_where_it_can():
    monitors = make_simclr()(make_batch(), NOW).monitors
    assert set(monitors) == {"contrastive_accuracy", "contrastive_entropy", "hard_negatives"}
    assert 0 <= monitors["contrastive_accuracy"] <= 1
    assert 0 <= monitors["contrastive_entropy"] <= np.log(6) + 1e-5
    assert -1 <= monitors["hard_negatives"] <= 1
    assert not any(value.requires_grad for value in monitors.values())


def test_hard_negatives_that_count_more_cost_more():
    batch = make_batch()
    losses = [make_simclr(hardness=beta)(batch, NOW).loss for beta in (0.0, 0.5, 2.0)]
    assert losses == sorted(losses)
    assert losses[0] < losses[2]


def test_a_fresh_memory_changes_nothing_and_a_filled_one_raises_the_loss():
    plain, remembering = make_simclr(), make_simclr(memory_size=10)
    remembering.load_state_dict(plain.state_dict(), strict=False)
    first = remembering(make_batch(), NOW).loss
    torch.testing.assert_close(plain(make_batch(), NOW).loss, first)
    assert remembering.memory.is_filled.sum() == 6
    assert remembering(make_batch(), NOW).loss > plain(make_batch(), NOW).loss


def test_the_memory_holds_what_the_slow_network_says_of_first_views():
    method, batch = make_simclr(memory_size=8).eval(), make_batch()
    method(batch, NOW)
    with torch.no_grad():
        for parameter in method.encoder.parameters():
            parameter.mul_(1.5)
    other = make_batch(seed=2)
    method(other, NOW)
    expected = unit_length(method.slow_projector(method.slow_encoder.features(other["views"][:, 0])))
    torch.testing.assert_close(method.memory.rows[[6, 7, 0, 1, 2, 3]], expected.detach())


def test_the_slow_network_gets_no_gradient_and_follows_after_the_step():
    method = make_simclr(memory_size=8, memory_momentum=0.75)
    slow = dict(method.slow_encoder.named_parameters()) | dict(method.slow_projector.named_parameters())
    online = dict(method.encoder.named_parameters()) | dict(method.projector.named_parameters())
    before = {name: value.clone() for name, value in slow.items()}
    method(make_batch(), NOW).loss.backward()
    trained = {id(p) for group in method.param_groups() for p in group.params}
    for name, parameter in slow.items():
        assert parameter.grad is None
        assert id(parameter) not in trained
        assert parameter.data_ptr() != online[name].data_ptr()
    with torch.no_grad():
        for parameter in online.values():
            parameter.add_(1.0)
    method.after_step(NOW)
    for name, parameter in slow.items():
        torch.testing.assert_close(
            parameter, before[name] + 0.25, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_a_state_dict_holds_the_memory():
    first, second = make_simclr(memory_size=8), make_simclr(memory_size=8)
    first(make_batch(), NOW)
    second.load_state_dict(first.state_dict())
    other = make_batch(seed=2)
    assert torch.equal(first(other, NOW).loss, second(other, NOW).loss)


def test_norms_and_the_last_layer_carry_no_decay_and_there_is_no_bias_before_a_norm():
    method = make_simclr()
    names = {id(parameter): name for name, parameter in method.named_parameters()}
    decayed, plain = method.param_groups()
    assert all(parameter.ndim > 1 for parameter in decayed.params)
    assert {names[id(parameter)] for parameter in plain.params} == {
        name
        for name in names.values()
        if name.endswith(("norm.weight", "norm.bias")) or ".bn" in name or ("downsample.1." in name)
    }
    assert method.projector.layers[-1].norm.bias is None


@pytest.mark.parametrize(
    ("size", "choice", "is_blurred"), [(32, "auto", 0), (64, "auto", 1), (32, "on", 1), (64, "off", 0)]
)
def test_small_pictures_are_not_blurred_unless_asked(size, choice, is_blurred):
    maker = view_maker(
        size, **{"settings.blur": choice, "settings.colour_strength": 0.0, "settings.grey": 0.0}
    )
    board = torch.zeros(3, size, size, dtype=torch.uint8)
    board[:, :, size // 2 :] = 255

    def levels_between(view):
        return int(((view > 60) & (view < 195)).sum())

    most = max(levels_between(maker(board, np.random.default_rng(seed))["views"]) for seed in range(40))
    sharp = view_maker(
        size, **{"settings.blur": "off", "settings.colour_strength": 0.0, "settings.grey": 0.0}
    )
    without = max(levels_between(sharp(board, np.random.default_rng(seed))["views"]) for seed in range(40))
    assert (most > without) == bool(is_blurred)


def test_a_lone_picture_is_refused_in_words():
    with pytest.raises(SettingsError, match="nothing to tell") as refused:
        make_simclr()(make_batch(1), NOW)
    assert refused.value.field == "training.batch_size"


def test_the_two_views_are_drawn_alike_and_apart():
    maker = view_maker(32)
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 40, 40), dtype=np.uint8))
    pairs = torch.stack([maker(picture, np.random.default_rng(seed))["views"] for seed in range(150)]).float()
    assert pairs.shape == (150, 2, 3, 32, 32)
    assert not torch.equal(pairs[:, 0], pairs[:, 1])
    grey = (pairs.amax(dim=2) - pairs.amin(dim=2)).amax(dim=(2, 3)) <= 1
    shares = grey.float().mean(dim=0)
    assert ((shares > 0.1) & (shares < 0.3)).all()  # one in five of either view
