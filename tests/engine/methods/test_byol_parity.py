"""BYOL against numbers of the official implementation."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.methods.byol import BYOL, BYOLSettings, regression_losses, target_momentum
from engine.nn.encoder import Encoder
from engine.nn.lars import LARS
from engine.nn.mlp import NormMLP
from engine.nn.normalise import Normalise
from engine.optim import set_rates
from engine.plan import Plan
from engine.recipe import TrainingSettings

CHANNELS = 3
LR_BATCH = 256  # what the official schedule was told where a file names none: the rate is the base rate


def linear_names(theirs, ours, *, bias=True):
    names = {f"{theirs}/w": f"{ours}.weight"}
    return names | ({f"{theirs}/b": f"{ours}.bias"} if bias else {})


def norm_names(theirs, ours):
    return {f"{theirs}/scale": f"{ours}.weight", f"{theirs}/offset": f"{ours}.bias"}


def mlp_names(theirs, ours):
    return {
        **linear_names(f"{theirs}/linear", f"{ours}0"),
        **norm_names(f"{theirs}/batch_norm", f"{ours}1"),
        **linear_names(f"{theirs}/linear_1", f"{ours}3", bias=False),
    }


def to_torch(weights, names):
    """Haiku's arrays by our names: kernels are (in, out) there, scales (1, D)."""
    return {
        names[name]: value.T.contiguous() if name.endswith("/w") else value.flatten()
        for name, value in weights.items()
        if name in names
    }


def make_mlp(official):
    hyper = official.hyper
    mlp = NormMLP(hyper["in_dim"], hyper["hidden"], hyper["out_dim"])
    mlp.load_state_dict(to_torch(official.under("weights."), mlp_names("mlp", "")), strict=False)
    return mlp


@pytest.mark.parity("byol_loss")
def test_the_loss_and_its_gradients_are_the_official_ones(official):
    first, second = (official[f"in.prediction{view}"].requires_grad_() for view in (1, 2))
    one = regression_losses(first, official["in.projection2"])
    two = regression_losses(second, official["in.projection1"])
    loss = (one + two).mean()
    loss.backward()
    torch.testing.assert_close(one, official["out.reg_p1_z2"], atol=1e-5, rtol=0)
    torch.testing.assert_close(two, official["out.reg_p2_z1"], atol=1e-5, rtol=0)
    torch.testing.assert_close(loss.view(1), official["out.loss"], atol=1e-5, rtol=0)
    for view, predictions in ((1, first), (2, second)):
        expected = official[f"out.grad_prediction{view}"]
        torch.testing.assert_close(predictions.grad[0], expected[0], atol=0, rtol=1e-4)
        torch.testing.assert_close(predictions.grad[1:], expected[1:], atol=1e-5, rtol=0)


@pytest.mark.parity("byol_schedules")
def test_momentum_and_learning_rate_are_the_official_ones(official):
    hyper = official.hyper
    settings = BYOLSettings(target_momentum=hyper["base_ema"])
    training = TrainingSettings(
        base_lr=hyper["base_lr"],
        batch_size=hyper["batch_size"],
        warmup_epochs=hyper["warmup_steps"],
        warmup_form="whole_steps",
    )
    plan = Plan(training, batches_per_epoch=1, total_steps=hyper["max_steps"])
    steps = official["in.step"].tolist()
    momenta = torch.tensor([target_momentum(settings, plan.progress(step)) for step in steps])
    rates = torch.tensor([plan.lr_at(step) for step in steps])
    torch.testing.assert_close(momenta, official["out.tau"], atol=1e-6, rtol=0)
    torch.testing.assert_close(rates, official["out.lr"], atol=1e-6, rtol=0)


@pytest.mark.parity("byol_mlp")
def test_projector_and_predictor_are_the_official_ones(official):
    mlp, passes = make_mlp(official), official["in.x"]
    trained = torch.stack([mlp(rows) for rows in passes])
    torch.testing.assert_close(trained, official["out.train"], atol=1e-5, rtol=0)


@pytest.mark.parity("byol_mlp")
def test_the_projector_judges_as_the_official_one_with_the_same_statistics(official):
    """The averages differ by design: haiku's have no bias towards their start and divide by B, torch's by B - 1."""
    mlp, (passes, rows) = make_mlp(official), official["in.x"].shape[:2]
    for batch in official["in.x"]:
        mlp(batch)
    norm, start = mlp[1].eval(), 0.9**passes  # torch starts at 0 and 1, of which so much is left
    mean = norm.running_mean / (1 - start)
    variance = (norm.running_var - start) / (1 - start) * (rows - 1) / rows
    torch.testing.assert_close(mean, official["out.bn_mean"], atol=1e-5, rtol=0)
    torch.testing.assert_close(variance, official["out.bn_var"], atol=1e-5, rtol=0)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    torch.testing.assert_close(mlp.eval()(official["in.x"][0]), official["out.eval"], atol=1e-5, rtol=0)


class TinyEncoder(Encoder):
    """The encoder of the official steps: a linear layer over height, width and channel, batch norm, ReLU."""

    def __init__(self, pixels, width):
        super().__init__(nn.Sequential(nn.Linear(pixels, width), nn.BatchNorm1d(width), nn.ReLU()))

    @property
    def width(self):
        return self.network[0].out_features

    def features(self, images, *, pooling="cls"):
        return self.network(images.permute(0, 2, 3, 1).flatten(1))


STEP_NAMES = {
    **linear_names("tiny_encoder/linear", "encoder.network.0"),
    **norm_names("tiny_encoder/batch_norm", "encoder.network.1"),
    **mlp_names("projector", "projector."),
    **mlp_names("predictor", "predictor."),
}
# The official target has a predictor and a classifier as well, which nothing reads; ours has none.
TARGET_NAMES = {
    name: f"target_{ours}" for name, ours in STEP_NAMES.items() if not ours.startswith("predictor")
}
CLASSIFIER_NAMES = {"classifier/w": "weight", "classifier/b": "bias"}


class OfficialSteps:
    """Ours with the official experiment's classifier beside it, trained as its loop trains."""

    def __init__(self, official):
        self.official, hyper = official, official.hyper
        self.method = BYOL(
            BYOLSettings(
                target_momentum=hyper["base_target_ema"],
                projector_hidden=hyper["projector_hidden"],
                projection_width=hyper["projector_out"],
                predictor_hidden=hyper["predictor_hidden"],
            ),
            TinyEncoder(hyper["image"] ** 2 * CHANNELS, hyper["encoder_dim"]),
        )
        start = to_torch(official.under("weights.online."), STEP_NAMES)
        start |= to_torch(official.under("weights.target."), TARGET_NAMES)
        left = self.method.load_state_dict(start, strict=False)
        assert not left.unexpected_keys
        assert all("running" in name or "batches" in name for name in left.missing_keys)
        self.classifier = nn.Linear(hyper["encoder_dim"], hyper["num_classes"])
        self.classifier.load_state_dict(to_torch(official.under("weights.online."), CLASSIFIER_NAMES))
        training = TrainingSettings(
            base_lr=hyper["base_lr"],
            batch_size=hyper.get("batch_size", LR_BATCH),
            warmup_epochs=hyper["warmup_steps"],
            warmup_form="whole_steps",
        )
        self.plan = Plan(training, batches_per_epoch=1, total_steps=hyper["max_steps"])
        groups = [
            {"params": group.params, "decays": group.weight_decay, "lr_scale": 1.0}
            for group in self.method.param_groups()
        ]
        groups[0]["params"] = [*groups[0]["params"], self.classifier.weight]
        groups[1]["params"] = [*groups[1]["params"], self.classifier.bias]
        self.optimizer = LARS(groups, 0.0, momentum=hyper["momentum"], trust_coefficient=hyper["eta"])
        self.embeddings = []
        self.method.encoder.network.register_forward_hook(lambda _m, _i, out: self.embeddings.append(out))

    def view(self, name, step):
        """Normalised (B, C, H, W); the official pictures are in 0..1, ours are levels."""
        return Normalise()(255 * self.official[name][step].permute(0, 3, 1, 2))

    def step(self, number):
        """One step; the losses of both kinds, the learning rate and the momentum of it."""
        self.embeddings.clear()
        progress = self.plan.progress(number)
        lr = self.plan.lr_at(number)
        set_rates(self.optimizer, lr, self.official.hyper["weight_decay"])
        views = {"views": torch.stack([self.view(f"in.view{view}", number) for view in (1, 2)], dim=1)}
        regression = self.method(views, progress).loss
        logits = self.classifier(self.embeddings[0].detach())
        classification = F.cross_entropy(logits, self.official["in.labels"][number])
        self.optimizer.zero_grad()
        (regression + classification).backward()
        self.optimizer.step()
        self.method.after_step(self.plan.progress(number + 1))
        momentum = BYOL.curves(self.method.settings, progress)["momentum"]
        return regression.item(), classification.item(), lr, momentum

    def check_weights(self, online, target):
        state = self.method.state_dict()
        expected = to_torch(self.official.under(f"{online}."), STEP_NAMES)
        expected |= to_torch(self.official.under(f"{target}."), TARGET_NAMES)
        for name, value in expected.items():
            torch.testing.assert_close(state[name], value, atol=1e-4, rtol=0, msg=name)
        for name, value in to_torch(self.official.under(f"{online}."), CLASSIFIER_NAMES).items():
            torch.testing.assert_close(self.classifier.state_dict()[name], value, atol=1e-4, rtol=0, msg=name)


@pytest.mark.parity("byol_train_steps")
def test_whole_steps_are_the_official_ones(official):
    run = OfficialSteps(official)
    first_moved = 1 if official.hyper["warmup_steps"] else 0
    steps = []
    for number in range(official.hyper["steps"]):
        steps.append(run.step(number))
        if number == first_moved:
            run.check_weights("out.online_step1", "out.target_step1")
    run.check_weights("out.online", "out.target")
    regression, classification, rates, momenta = (torch.tensor(column) for column in zip(*steps, strict=True))
    torch.testing.assert_close(regression, official["out.repr_loss"], atol=2e-5, rtol=0)
    torch.testing.assert_close(classification, official["out.classif_loss"], atol=2e-5, rtol=0)
    torch.testing.assert_close(regression + classification, official["out.loss"], atol=4e-5, rtol=0)
    torch.testing.assert_close(rates, official["out.lr"], atol=1e-6, rtol=0)
    torch.testing.assert_close(momenta, official["out.tau"], atol=1e-6, rtol=0)
    for network, names in ((run.method, STEP_NAMES), (run.classifier, CLASSIFIER_NAMES)):
        parameters, expected = dict(network.named_parameters()), to_torch(official.under("out.mu."), names)
        assert len(expected) == len(names)
        for name, value in expected.items():
            buffer = run.optimizer.state[parameters[name]]["momentum"]
            torch.testing.assert_close(buffer, value, atol=1e-4, rtol=0, msg=name)
