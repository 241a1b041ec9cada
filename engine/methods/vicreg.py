"""VICReg: two views of a picture agree, while every channel varies and no two channels say the same.

Bardes et al., "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning",
https://arxiv.org/abs/2105.04906. Written from the paper, sec. 4 and algorithm 1. Shapes: B pictures, D channels.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.multi_crop import MultiCrop
from engine.data.views import View
from engine.distributed import gather_rows
from engine.errors import SettingsError
from engine.method import Method, Preset, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.encoder import Encoder
from engine.optim import ParamGroup, split_decay
from engine.rules import QUICK_STEM, BatchWithin, BySize, EpochsForSteps, PatchForRows, ShareOfEpochs
from engine.schedules import Progress
from engine.settings import Settings, setting

VARIANCE_EPS = 1e-4  # paper, sec. 4.1
PAPER, APPENDIX = "paper, sec. 4.2", "paper, appendix C.1"


class VICRegSettings(Settings):
    """Settings of VICReg; defaults are the paper's."""

    invariance: float = setting(
        25.0, "Weight of agreement", low=0.0, high=1000.0, essential=True, source=f"{PAPER}: lambda"
    )
    variance: float = setting(
        25.0,
        "Weight of variance",
        low=0.0,
        high=1000.0,
        essential=True,
        source=f"{PAPER}: mu",
        help="Keeps every channel's spread above 1; without it all pictures become one point.",
    )
    covariance: float = setting(
        1.0,
        "Weight of covariance",
        low=0.0,
        high=1000.0,
        essential=True,
        source=f"{PAPER}: nu",
        help="Keeps channels from repeating each other; without it few dimensions are used.",
    )
    expander_width: int = setting(8192, "Expander width", low=8, high=65_536, unit="channels", source=PAPER)
    crop_low: float = setting(
        0.08, "Smallest crop", low=0.01, high=1.0, unit="of the area", source=f"{APPENDIX}, as BYOL"
    )
    flip: float = setting(0.5, "Mirror", low=0.0, high=1.0, unit="probability", source=f"{APPENDIX}, as BYOL")
    blurred: bool = setting(
        True,
        "Blur",
        source=f"{APPENDIX}: of all first and a tenth of the second views, as BYOL",
        help="Off for small pictures.",
    )


PRESETS = {
    "paper": Preset(
        "Paper",
        "The paper's recipe: ResNet-50 at 224 px, 2,048 pictures a step, 1,000 epochs.",
        {
            "encoder.name": Sourced("resnet50", PAPER),
            "encoder.image_size": Sourced(224, APPENDIX),
            "encoder.patch_size": Sourced(PatchForRows(14), "ours: for a transformer in its place"),
            "training.epochs": Sourced(1000, PAPER),
            "training.batch_size": Sourced(2048, PAPER),
            "training.optimizer": Sourced("lars", PAPER),
            "training.base_lr": Sourced(0.2, PAPER),
            "training.weight_decay": Sourced(1e-6, PAPER),
            "training.warmup_epochs": Sourced(10, PAPER),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ResNet-18 at 96 px on thousands of pictures: an hour on a GPU, a night on a few cores.",
        {
            "encoder.name": Sourced("resnet18", "ours: trains on a desktop"),
            "encoder.image_size": Sourced(96, "ours: keeps detail at a fifth of the pixels of 224"),
            "encoder.patch_size": Sourced(PatchForRows(12), "ours: for a transformer in its place"),
            "training.epochs": Sourced(EpochsForSteps(6_000, 20, 1000), "ours: small data needs many passes"),
            "training.batch_size": Sourced(BatchWithin(256, 1 / 8), "paper, table 9: 256 costs little"),
            "training.optimizer": Sourced("lars", PAPER),
            "training.base_lr": Sourced(0.3, "ours: small batches bear a higher rate for each picture"),
            "training.weight_decay": Sourced(1e-6, PAPER),
            "training.warmup_epochs": Sourced(ShareOfEpochs(0.05, 10), f"{PAPER}: 10 epochs"),
            "settings.expander_width": Sourced(2048, "ours: four times the encoder's width, as in the paper"),
        },
    ),
    "quick": Preset(
        "Quick",
        "A small network that learns within minutes on any computer: to see the whole way.",
        {
            "encoder.name": Sourced("resnet_nano", "ours: a tenth of ResNet-18's work, so many passes"),
            "encoder.stem": Sourced(QUICK_STEM, "ours: a quarter of the small stem's work"),
            "encoder.image_size": Sourced(32, "ours: the size of CIFAR; larger pictures are made small"),
            "encoder.patch_size": Sourced(PatchForRows(4), "ours: for a transformer in its place"),
            "training.epochs": Sourced(15, "ours: a few minutes"),
            "training.batch_size": Sourced(128, "ours: many steps on little data"),
            "training.optimizer": Sourced("adamw", "ours: needs no trust ratio's long warm-up"),
            "training.base_lr": Sourced(4e-3, "ours: 2e-3 after scaling; a short run bears a high rate"),
            "training.weight_decay": Sourced(1e-4, "ours: AdamW's decay is not LARS's"),
            "training.warmup_epochs": Sourced(1, "ours: a fifteenth of the run"),
            "training.knn_every_epochs": Sourced(3, "ours: five points on the curve"),
            "settings.expander_width": Sourced(
                512, "ours: twice the encoder's width; the step stays the encoder's"
            ),
            "settings.crop_low": Sourced(0.2, "ours: 8 % of 32 px is a smear"),
            "settings.blurred": Sourced(
                BySize(((32, False), (1024, True))), "ours: 32 px have no detail to lose"
            ),
        },
    ),
}


def variance_term(rows: Tensor) -> Tensor:
    """How far the spread of the channels of (B, D) is below 1, on average (paper, eq. 1)."""
    return F.relu(1 - (rows.var(dim=0) + VARIANCE_EPS).sqrt()).mean()


def covariance_term(rows: Tensor) -> Tensor:
    """Sum of the squared covariances between channels of (B, D), over D (paper, eq. 4)."""
    centred = rows - rows.mean(dim=0)
    covariance = centred.T @ centred / (len(rows) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / rows.shape[1]


class VICReg(Method):
    """Views agree, channels vary, channels differ: three terms and no negatives, no second network."""

    name = "vicreg"
    title = "VICReg"
    paper = "https://arxiv.org/abs/2105.04906"
    use_when = "You want views to agree without negatives and without a second network to follow."
    deviations = ("Written from the paper alone; never held against numbers of the official code.",)
    Config = VICRegSettings
    presets = PRESETS
    least_batch = 2

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        width = self.config.expander_width
        hidden = [
            layer
            for inputs in (encoder.width, width)
            for layer in (nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True))
        ]
        self.expander = nn.Sequential(*hidden, nn.Linear(width, width, bias=False))

    @property
    def config(self) -> VICRegSettings:
        """The settings by their own type."""
        return cast("VICRegSettings", self.settings)

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config, size = cast("VICRegSettings", settings), spec.image_size
        jitter = (
            ColourJitter()
        )  # 0.8 of the views by 0.4, 0.4, 0.2, 0.1: BYOL's, as the paper's appendix says
        views = []
        for blur, solarize in ((1.0, 0.0), (0.1, 0.2)):
            sharpness = Blur(blur, kernel=size // 10 | 1) if config.blurred else None
            distortion = Distortion(jitter, 0.2, sharpness, solarize)
            views.append(View(size, (config.crop_low, 1.0), flip=config.flip, distortion=distortion))
        return MultiCrop({"views": tuple(views)})

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        first, second = (self.expander(self.encoder.features(view)) for view in views["views"].unbind(1))
        if len(first) < 2:
            raise SettingsError(
                "A batch of one picture has no variance.",
                "Take batches of two pictures or more.",
                field="training.batch_size",
            )
        with torch.autocast(first.device.type, enabled=False):
            return self._terms(first.float(), second.float())

    def _terms(self, first: Tensor, second: Tensor) -> StepOutput:
        config, agreement = self.config, F.mse_loss(first, second)
        both = [gather_rows(rows) for rows in (first, second)]
        variance = 0.5 * torch.stack([variance_term(rows) for rows in both]).sum()
        covariance = torch.stack([covariance_term(rows) for rows in both]).sum()
        losses = {
            "invariance": config.invariance * agreement,
            "variance": config.variance * variance,
            "covariance": config.covariance * covariance,
        }
        return StepOutput(losses, {"view_cosine": F.cosine_similarity(first, second).mean().detach()})

    @override
    def param_groups(self) -> list[ParamGroup]:
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        first, second = views["views"].unbind(1)
        return {"First view": first, "Second view": second}
