"""SimCLR v2 against numbers of the official implementation."""

import pytest
import torch
from torch import Tensor

from engine.compute import Compute
from engine.evaluation.distillation import distillation_loss
from engine.methods.simclr import SimCLR, SimCLRSettings
from engine.nn.contrast import Others, nt_xent, unit_length
from engine.nn.encoder import Encoder
from engine.nn.projector import Projector
from engine.plan import Plan
from engine.recipe import TrainingSettings
from engine.trainer import Trainer

OURS = {
    "kernel": "linear.weight",
    "gamma": "norm.weight",
    "beta": "norm.bias",
    "moving_mean": "norm.running_mean",
    "moving_variance": "norm.running_var",
}


def our_state(official):
    """Official weights by our names; Keras kernels are (in, out)."""
    state = {}
    for name, value in official.items():
        layer, _, part = name.removeprefix("nl_").partition(".")
        state[f"layers.{layer}.{OURS[part]}"] = value.T if part == "kernel" else value
    return state


def make_projector(official):
    hyper = official.hyper
    projector = Projector(hyper["in_dim"], hyper["proj_out_dim"], hyper["num_proj_layers"])
    projector.load_state_dict(our_state(official.under("weights.")), strict=True)
    return projector


def biased(ours, initial, rows, updates=1):
    """Our running variance as Keras keeps it: torch lets the unbiased variance of a batch in, Keras the biased one."""
    kept = 0.9**updates * initial
    return kept + (ours - kept) * (rows - 1) / rows


def contrast_of(official, rows, **others):
    first, second = rows.chunk(2)
    return nt_xent(first, second, temperature=official.hyper["temperature"], **others)


def hidden_of(official):
    raw = official["in.hidden"].clone().requires_grad_()
    return raw, unit_length(raw) if official.hyper["hidden_norm"] else raw


@pytest.mark.parity("simclr_ntxent")
def test_the_loss_is_the_official_one_with_its_gradient(official):
    raw, rows = hidden_of(official)
    contrast = contrast_of(official, rows)
    (gradient,) = torch.autograd.grad(contrast.loss, raw)
    for name in ("out.loss", "out.loss_tf2"):
        torch.testing.assert_close(contrast.loss.reshape(1), official[name], atol=1e-5, rtol=0)
    torch.testing.assert_close(contrast.loss.reshape(1) / 2, official["out.loss_mean"], atol=1e-5, rtol=0)
    torch.testing.assert_close(gradient, official["out.grad"], atol=1e-5, rtol=0)


@pytest.mark.parity("simclr_ntxent")
def test_what_is_watched_is_what_the_official_code_logs(official):
    logits, rows = official["out.logits_ab"], hidden_of(official)[1]
    first, second = rows.chunk(2)
    torch.testing.assert_close(first @ second.T / official.hyper["temperature"], logits, atol=1e-5, rtol=1e-5)
    contrast = contrast_of(official, rows)
    torch.testing.assert_close(contrast.accuracy.reshape(1), official["out.contrast_acc"], atol=0, rtol=0)
    count = official.hyper["n"]
    # every first view's own second view, which is where ours has its partner
    assert torch.equal(
        official["out.labels"], torch.eye(count, 2 * count, dtype=official["out.labels"].dtype)
    )
    # official file tf2/metrics.py: the entropy of the softmax of logits_ab
    choice = logits.softmax(1)
    entropy = -(choice * (choice + 1e-8).log()).sum(1).mean()
    torch.testing.assert_close(contrast.entropy, entropy, atol=1e-5, rtol=0)


@pytest.mark.parity("simclr_ntxent")
def test_each_of_several_processes_has_the_official_loss(official):
    raw, rows = hidden_of(official)
    first, second = rows.chunk(2)
    replicas = len(official["out.replica_loss"])
    share = official.hyper["n"] // replicas
    losses = torch.stack(
        [
            nt_xent(
                first[at : at + share],
                second[at : at + share],
                temperature=official.hyper["temperature"],
                others=Others(first, second, offset=at),
            ).loss
            for at in range(0, replicas * share, share)
        ]
    )
    (gradient,) = torch.autograd.grad(losses.mean(), raw)
    torch.testing.assert_close(losses, official["out.replica_loss"], atol=1e-5, rtol=0)
    torch.testing.assert_close(gradient, official["out.replica_grad"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("temperature", "loss"), [(0.1, 24.382054), (0.2, 13.072786), (0.5, 6.658688)]
)  # the official loss, run on these rows
def test_the_loss_of_known_rows_is_known(temperature, loss):
    steps = torch.arange(32, dtype=torch.float64)
    rows = torch.cat([(steps * 0.10).sin(), (steps * 0.13).cos()]).reshape(8, 8)
    rows = rows / rows.norm(dim=1, keepdim=True)
    assert nt_xent(*rows.chunk(2), temperature=temperature).loss.item() == pytest.approx(loss, abs=1e-6)


@pytest.mark.parity("simclr_head")
def test_every_cut_of_the_head_gives_the_official_hidden_values(official):
    projector, features = make_projector(official), official["in.hiddens"]
    for mode in ("eval", "train"):
        projector.train(mode == "train")
        cuts = {int(number): hidden for number, hidden in official.under(f"out.{mode}_hidden_").items()}
        assert sorted(cuts) == list(range(official.hyper["num_proj_layers"] + 1))
        for number, hidden in cuts.items():
            torch.testing.assert_close(projector.after(features, number), hidden, atol=1e-5, rtol=0)


@pytest.mark.parity("simclr_head")
def test_the_heads_statistics_move_as_the_official_ones(official):
    projector = make_projector(official)
    before = {name: value.clone() for name, value in projector.state_dict().items()}
    projector(official["in.hiddens"])
    after = projector.state_dict()
    for number in range(official.hyper["num_proj_layers"]):
        mean, variance = (f"layers.{number}.norm.running_{kind}" for kind in ("mean", "var"))
        torch.testing.assert_close(after[mean], official[f"out.moving_mean_nl_{number}"], atol=1e-5, rtol=0)
        torch.testing.assert_close(
            biased(after[variance], before[variance], official.hyper["batch"]),
            official[f"out.moving_variance_nl_{number}"],
            atol=1e-5,
            rtol=0,
        )


class Given(Encoder):
    """Stands for an encoder whose features are given in place of pictures."""

    def __init__(self, width):
        super().__init__(torch.nn.Identity())
        self._width = width

    @property
    def width(self):
        return self._width

    def features(self, images: Tensor, *, pooling: str = "cls") -> Tensor:
        return images


def make_official_trainer(official):
    hyper = official.hyper
    batch, pictures = hyper["train_batch_size"], hyper["num_examples"]
    settings = SimCLRSettings(
        temperature=hyper["temperature"],
        projection_width=hyper["proj_out_dim"],
        projection_layers=hyper["num_proj_layers"],
        loss_scale="official",
    )
    method = SimCLR(settings, Given(hyper["in_dim"]))
    method.projector = make_projector(official)
    training = TrainingSettings(
        optimizer="lars",
        lr_in_momentum=True,
        lr_scaling=hyper["scaling"],
        warmup_form="whole_steps",
        batch_size=batch,
        epochs=hyper["train_epochs"],
        base_lr=hyper["base_lr"],
        # Steps for epochs: the official epoch need not be a whole number of steps, which a plan's passes always are.
        warmup_epochs=round(hyper["warmup_epochs"] * pictures // batch),
        weight_decay=hyper["weight_decay"],
        momentum=hyper["momentum"],
        precision="fp32",
    )
    steps = pictures * hyper["train_epochs"] // batch + 1  # official file tf2/model.py, get_train_steps
    plan = Plan(training, 1, steps)
    return Trainer(method, plan, Compute(torch.device("cpu"), "fp32"), SimCLR.normalise(3))


@pytest.mark.parity("simclr_train_steps")
def test_a_short_run_of_the_trainer_is_the_official_run(official):
    hyper, trainer = official.hyper, make_official_trainer(official)
    batches = [
        {"views": torch.stack(hiddens.chunk(2), dim=1), "index": torch.arange(hyper["n"])}
        for hiddens in official["in.hiddens"]
    ]
    reports = []
    trainer.train(iter(batches), record=reports.append, control=lambda: trainer.step >= hyper["steps"])
    rates = torch.tensor([report.values["lr"] for report in reports])
    torch.testing.assert_close(rates, official["out.lr"], rtol=1e-6, atol=1e-9)
    losses = torch.stack([report.values["loss"] for report in reports])
    torch.testing.assert_close(losses, official["out.loss"], atol=1e-4, rtol=0)
    initial = our_state(official.under("weights."))
    state = trainer.method.projector.state_dict()
    for name, expected in our_state(official.under("out.after.")).items():
        ours = state[name]
        if name.endswith("running_var"):
            ours = biased(ours, initial[name], 2 * hyper["n"], hyper["steps"])
        torch.testing.assert_close(
            ours, expected, atol=1e-4, rtol=0, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parity("simclr_distill")
def test_the_distillation_loss_is_the_official_one(official):
    student, teacher = (
        official[name].clone().requires_grad_() for name in ("in.student_logits", "in.teacher_logits")
    )
    temperature = official.hyper["temperature"]
    loss = distillation_loss(student, teacher, temperature=temperature, times_square=True)
    loss.backward()
    for name in ("out.loss", "out.loss_tf2"):
        torch.testing.assert_close(loss.detach().reshape(1), official[name], atol=2e-5, rtol=0)
    torch.testing.assert_close(student.grad, official["out.grad_student"], atol=2e-5, rtol=0)
    assert teacher.grad is None
    plain = distillation_loss(student, teacher, temperature=temperature)
    torch.testing.assert_close(plain.detach().reshape(1), official["out.loss_no_t2"], atol=2e-5, rtol=0)
