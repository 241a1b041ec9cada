"""LARS against numbers of every implementation that its forms and rules stand for."""

import math

import pytest
import torch

from engine.nn.lars import LARS

# Variant -> how it is asked for. Where a file excludes parameters of one axis, ours does so by itself.
TORCH = {
    "mae": {},
    "dino": {},
    "solo_excl": {"rule": "separate"},
    "solo_excl_clip": {"rule": "separate_clipped"},
    "solo_noexcl": {"rule": "separate", "adapt_vectors": True},
    "lightly_excl": {"rule": "separate_decayed"},
    "lightly_noexcl": {"rule": "separate_decayed", "adapt_vectors": True},
}
BYOL = {"excl": {}, "noexcl": {"adapt_vectors": True}}
SIMCLR = {
    "excl": {"form": "rate_inside"},
    "noexcl": {"form": "rate_inside", "adapt_vectors": True},
    "popular_excl": {"form": "trust_on_update"},
    "nesterov_excl": {"form": "rate_inside", "nesterov": True},
}


def variants_in(official):
    return {name.split(".")[0] for name in official.under("out.")}


def trajectory(official, rates, **options):
    """Every parameter after each of the steps whose gradients the file gives."""
    hyper = official.hyper
    parameters = {
        name: torch.nn.Parameter(value.clone()) for name, value in official.under("in.param.").items()
    }
    optimizer = LARS(
        parameters.values(),
        hyper["lr"],
        weight_decay=hyper["weight_decay"],
        momentum=hyper["momentum"],
        trust_coefficient=hyper["eta"],
        **options,
    )
    passed = {name: [] for name in parameters}
    for step, lr in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = lr
        for name, parameter in parameters.items():
            parameter.grad = official[f"in.grad.{name}"][step].clone()
        optimizer.step()
        for name, parameter in parameters.items():
            passed[name].append(parameter.detach().clone())
    return {name: torch.stack(values) for name, values in passed.items()}


def hold(official, rates, asked_for):
    """Every variant of the file is one that we reproduce, and we do."""
    assert variants_in(official) <= set(asked_for)
    for variant in variants_in(official):
        ours = trajectory(official, rates, **asked_for[variant])
        for name, expected in official.under(f"out.{variant}.").items():
            torch.testing.assert_close(
                ours[name],
                expected,
                atol=2e-6,
                rtol=0,
                msg=lambda text, at=f"{variant} {name}": f"{at}: {text}",
            )


@pytest.mark.parity("lars_torch")
def test_every_torch_implementation_is_reproduced(official):
    hold(official, [official.hyper["lr"]] * official.hyper["steps"], TORCH)


@pytest.mark.parity("lars_byol")
def test_the_one_of_byol_is_reproduced(official):
    hold(official, [official.hyper["lr"]] * official.hyper["steps"], BYOL)


@pytest.mark.parity("lars_simclr")
def test_the_one_of_simclr_is_reproduced_while_the_rate_changes(official):
    hold(official, official["in.lr"].tolist(), SIMCLR)


@pytest.mark.parametrize(
    ("form", "rates", "expected"),
    [
        ("rate_inside", (0.3, 0.3, 0.3), (0.84042411, 0.99684321, 0.90953289)),
        ("rate_outside", (0.3, 0.3, 0.3), (0.84042411, 0.99684321, 0.90953289)),
        ("rate_inside", (0.3, 0.1, 0.3), (0.84079142, 0.99707188, 0.90945024)),
        ("rate_outside", (0.3, 0.1, 0.3), (0.84079122, 0.99707167, 0.90945009)),
    ],
)  # the official codes, run on these numbers
def test_the_forms_part_where_the_rate_changes(form, rates, expected):
    steps = torch.arange(12, dtype=torch.float64)
    parameter = torch.nn.Parameter((steps * 0.5 + 1).sin().reshape(3, 4))
    gradient = 0.1 * (steps * 0.9).cos().reshape(3, 4)
    optimizer = LARS([parameter], 0.0, weight_decay=1e-4, form=form)
    for lr, factor in zip(rates, (1, 0.5, -1), strict=True):
        optimizer.param_groups[0]["lr"] = lr
        parameter.grad = factor * gradient
        optimizer.step()
    torch.testing.assert_close(
        parameter.detach().flatten()[:3], torch.tensor(expected, dtype=torch.float64), atol=1e-8, rtol=0
    )


def test_what_is_not_adapted_moves_at_the_full_rate_and_does_not_decay():
    weight, bias = torch.nn.Parameter(torch.full((2, 2), 2.0)), torch.nn.Parameter(torch.full((2,), 2.0))
    weight.grad, bias.grad = torch.ones(2, 2), torch.ones(2)
    LARS([weight, bias], 0.5, weight_decay=0.1).step()
    torch.testing.assert_close(bias.detach(), torch.full((2,), 1.5))
    # the ratio of the norms: 0.001 * 4 / (1.2 * 2), times a gradient with decay of 1.2, times the rate
    expected = 2 - 0.5 * 0.001 * math.sqrt(16) / (1.2 * 2) * 1.2
    torch.testing.assert_close(weight.detach(), torch.full((2, 2), expected))


def test_without_weight_decay_the_decayed_rule_is_plain_momentum():
    start, gradient = torch.randn(3, 4), torch.randn(3, 4)
    moved = []
    for options in ({"rule": "separate_decayed"}, {"rule": "separate"}):
        parameter = torch.nn.Parameter(start.clone())
        parameter.grad = gradient.clone()
        LARS([parameter], 0.1, **options).step()
        moved.append(parameter.detach())
    torch.testing.assert_close(moved[0], start - 0.1 * gradient)
    assert not torch.allclose(moved[0], moved[1])
