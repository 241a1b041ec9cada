"""Supervised: learn the classes themselves, the baseline that every comparison needs.

Cross entropy of a linear classifier on the encoder's features. Views and head are those that SimCLR's official code
trains its supervised networks with (files tf2/{data_util,model,resnet}.py); the `paper` recipe is that of Goyal et al.,
"Accurate, Large Minibatch SGD", https://arxiv.org/abs/1706.02677. Shapes: B pictures, D width, C classes.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from engine.data.multi_crop import MultiCrop
from engine.data.views import View
from engine.errors import DataError
from engine.method import Method, Preset, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.encoder import Encoder
from engine.nn.normalise import UNIT_MEAN, UNIT_STD
from engine.optim import ParamGroup, split_decay
from engine.rules import QUICK_STEM, BatchWithin, EpochsForSteps, PatchForRows, ShareOfEpochs
from engine.schedules import Progress
from engine.settings import Settings, setting

HEAD_STD = 0.01  # SimCLR, official file tf2/model.py, SupervisedHead; Goyal et al., sec. 5.1
UNKNOWN = -1  # label of a picture whose class nobody told
GOYAL = "Goyal et al. 2017"
DATA_FILE = "SimCLR, official file tf2/data_util.py"


class SupervisedSettings(Settings):
    """Settings of supervised training."""

    label_smoothing: float = setting(
        0.0,
        "Label smoothing",
        low=0.0,
        high=0.9,
        unit="share",
        essential=True,
        source=f"{GOYAL} and SimCLR: none",
        help="Share of a target that is spread over all classes. 0.1 keeps long runs on few pictures from certainty.",
    )
    crop_low: float = setting(
        0.08,
        "Smallest crop",
        low=0.01,
        high=1.0,
        unit="of the area",
        source=f"{DATA_FILE}, area_range (0.08, 1); {GOYAL}, sec. 5.1",
        help="Raise it for short runs and where classes differ in size.",
    )
    flip: float = setting(
        0.5,
        "Mirror",
        low=0.0,
        high=1.0,
        unit="probability",
        source=f"{DATA_FILE}, preprocess_for_train",
    )


PRESETS = {
    "paper": Preset(
        "Paper",
        "ResNet-50 at 224 px as Goyal et al. train it, with half a cosine in place of their three drops of the rate.",
        {
            "encoder.name": Sourced("resnet50", f"{GOYAL}, sec. 5.1"),
            "encoder.image_size": Sourced(224, f"{GOYAL}, sec. 5.1"),
            "encoder.patch_size": Sourced(PatchForRows(14), "ours: for a transformer in its place"),
            "training.epochs": Sourced(90, f"{GOYAL}, sec. 5.1"),
            "training.batch_size": Sourced(
                256, f"{GOYAL}, sec. 5.2: the reference; up to 8,192 give the same"
            ),
            "training.optimizer": Sourced("sgd", f"{GOYAL}, sec. 5.1"),
            "training.momentum": Sourced(0.9, f"{GOYAL}, sec. 5.1"),
            "training.nesterov": Sourced(True, f"{GOYAL}, sec. 5.1"),
            "training.base_lr": Sourced(0.1, f"{GOYAL}, sec. 5.1: 0.1 per 256 pictures"),
            "training.lr_scaling": Sourced("linear", f"{GOYAL}, sec. 2.1"),
            "training.warmup_epochs": Sourced(5, f"{GOYAL}, sec. 2.2"),
            "training.weight_decay": Sourced(1e-4, f"{GOYAL}, sec. 5.1; not on batch norms"),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ResNet-18 at 96 px on thousands of pictures: the same encoder, size and length as the other desktop recipes.",
        {
            "encoder.name": Sourced("resnet18", "ours: trains on a desktop"),
            "encoder.image_size": Sourced(96, "ours: that of the other desktop recipes"),
            "encoder.patch_size": Sourced(PatchForRows(12), "ours: for a transformer in its place"),
            "training.epochs": Sourced(
                EpochsForSteps(4_000, 20, 300), "ours: labels need fewer passes; small data more than 90"
            ),
            "training.batch_size": Sourced(
                BatchWithin(128, 1 / 8), "ours: enough steps an epoch on small data"
            ),
            "training.optimizer": Sourced("sgd", f"{GOYAL}, sec. 5.1"),
            "training.nesterov": Sourced(True, f"{GOYAL}, sec. 5.1"),
            "training.base_lr": Sourced(0.1, f"{GOYAL}, sec. 5.1: 0.1 per 256 pictures"),
            "training.warmup_epochs": Sourced(ShareOfEpochs(0.05, 5), f"{GOYAL}, sec. 2.2: 5 of 90 epochs"),
            "training.weight_decay": Sourced(5e-4, "ours: few pictures need more than ImageNet's 1e-4"),
            "settings.label_smoothing": Sourced(0.1, "ours: many passes over few pictures"),
            "settings.crop_low": Sourced(0.2, "ours: that of the other desktop recipes"),
        },
    ),
    "quick": Preset(
        "Quick",
        "A small network for a few minutes on any computer, beside which the other quick recipes can be put.",
        {
            "encoder.name": Sourced("resnet_nano", "ours: that of the quick recipe of SimCLR"),
            "encoder.stem": Sourced(QUICK_STEM, "ours: a quarter of the small stem's work"),
            "encoder.image_size": Sourced(32, "ours: the size of CIFAR; larger pictures are made small"),
            "encoder.patch_size": Sourced(PatchForRows(4), "ours: for a transformer in its place"),
            "training.epochs": Sourced(12, "ours: a minute or two"),
            "training.batch_size": Sourced(128, "ours: many steps on little data"),
            "training.base_lr": Sourced(4e-3, "ours: 2e-3 after scaling; a short run bears a high rate"),
            "training.warmup_epochs": Sourced(1, f"{GOYAL}, sec. 2.2: a twentieth of the run, rounded up"),
            "training.weight_decay": Sourced(0.05, "ours: AdamW takes it times the rate"),
            "training.knn_every_epochs": Sourced(1, "ours: a point after every pass"),
            "settings.crop_low": Sourced(0.2, "ours: 8 % of 32 px is a smear"),
        },
    ),
}


class Supervised(Method):
    """The encoder learns to tell the labelled classes apart."""

    name = "supervised"
    title = "Supervised"
    paper = "https://arxiv.org/abs/1706.02677"
    use_when = "Your pictures have labels and you want to know what learning without them gains or costs."
    needs_labels = True
    deviations = (
        "The rate falls by half a cosine; the paper divides it by 10 after 30, 60 and 80 of 90 epochs (sec. 5.1).",
        "Pictures stay in 0..1, as SimCLR's supervised baseline has them; the paper normalises each colour (sec. 5.1).",
    )
    mean, std = UNIT_MEAN, UNIT_STD  # as SimCLR's official code trains its supervised networks
    Config = SupervisedSettings
    presets = PRESETS

    def __init__(self, settings: Settings, encoder: Encoder, num_classes: int) -> None:
        super().__init__(settings, encoder)
        if num_classes < 2:
            raise DataError(
                f"{self.title} learns to tell classes apart, and these pictures have {num_classes}.",
                "Sort the pictures into a folder per class, two or more, or choose a method that needs no labels.",
            )
        self.head = nn.Linear(encoder.width, num_classes)
        nn.init.normal_(self.head.weight, std=HEAD_STD)
        nn.init.zeros_(self.head.bias)

    @property
    def config(self) -> SupervisedSettings:
        """The settings by their own type."""
        return cast("SupervisedSettings", self.settings)

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config = cast("SupervisedSettings", settings)
        return MultiCrop({"views": (View(spec.image_size, (config.crop_low, 1.0), flip=config.flip),)})

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        labels = views["label"]
        logits: Tensor = self.head(self.encoder.features(views["views"][:, 0])).float()
        known = labels != UNKNOWN
        count = known.sum().clamp(min=1)  # a batch in which no label is known costs nothing
        smoothing = self.config.label_smoothing
        loss = F.cross_entropy(
            logits, labels, ignore_index=UNKNOWN, label_smoothing=smoothing, reduction="sum"
        )
        with torch.no_grad():
            accuracy = ((logits.argmax(dim=1) == labels) & known).sum() / count
        return StepOutput({"classification": loss / count}, {"accuracy": accuracy})

    @override
    def param_groups(self) -> list[ParamGroup]:
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        return {"View": views["views"][:, 0]}
