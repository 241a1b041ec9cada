"""BYOL: predict what a slowly following copy of the network says of another view.

Grill et al., "Bootstrap Your Own Latent", https://arxiv.org/abs/2006.07733. Written from the paper and checked against
numbers of the official implementation; the order of operations follows its files byol_experiment.py and
utils/{helpers,networks,optimizers,schedules,augmentations}.py. Shapes: B pictures, D width, C channels.
"""

import math
from typing import Literal, cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.multi_crop import MultiCrop
from engine.data.views import View
from engine.errors import SettingsError
from engine.method import Method, Preset, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.encoder import Encoder
from engine.nn.mlp import NormMLP
from engine.nn.momentum import follow, frozen_copy
from engine.optim import ParamGroup, split_decay
from engine.rules import (
    QUICK_STEM,
    BatchWithin,
    ByEpochs,
    BySize,
    EpochsForSteps,
    PatchForRows,
    ShareOfEpochs,
)
from engine.schedules import Progress, cosine
from engine.settings import Settings, setting

SQUARES_EPS = (
    1e-12  # least sum of squares, so a least norm of 1e-6; official file utils/helpers.py, l2_normalize
)
MOST_HALF_LIFE = 10  # runs; a target that needs longer stands still, and its half-life has no end

AUGMENTATIONS = "official file utils/augmentations.py"
CONFIG = "official file configs/byol.py"


class BYOLSettings(Settings):
    """Settings of BYOL; defaults are the official recipe's for 1,000 epochs."""

    target_momentum: float = setting(
        0.996,
        "Target momentum",
        low=0.0,
        high=1.0,
        essential=True,
        source=f"paper, sec. 3.2; {CONFIG}, 1,000 epochs",
        help="Share of the target kept at each step, where the run starts. Its half-life is 17 steps at 0.96, 69 at "
        "0.99, 173 at 0.996: keep it well below the length of the run.",
    )
    momentum_form: Literal["cosine", "constant"] = setting(
        "cosine",
        "Course of the momentum",
        source="paper, sec. 3.2; official file utils/schedules.py",
        help="Cosine: rises to 1 over the run. Constant: stays where it starts.",
    )
    predictor: bool = setting(
        True,
        "Predictor",
        source="paper, table 5b",
        help="Switch it off only to see the network collapse: 0.1 % k-NN in the DINO paper, table 14.",
    )
    projection_width: int = setting(
        256, "Projection width", low=2, high=65_536, unit="channels", source=f"paper, sec. 3.3; {CONFIG}"
    )
    projector_hidden: int = setting(
        4096, "Projector hidden width", low=2, high=65_536, unit="channels", source=f"{CONFIG}"
    )
    predictor_hidden: int = setting(
        4096, "Predictor hidden width", low=2, high=65_536, unit="channels", source=f"{CONFIG}"
    )
    crop_low: float = setting(
        0.08, "Smallest crop", low=0.01, high=1.0, unit="of the area", source="paper, appendix B"
    )
    flip: float = setting(0.5, "Mirror", low=0.0, high=1.0, unit="probability", source="paper, appendix B")
    jitter: float = setting(
        0.8,
        "Colour jitter",
        low=0.0,
        high=1.0,
        unit="probability",
        source=f"paper, table 6; {AUGMENTATIONS}",
    )
    brightness: float = setting(
        0.4, "Brightness", low=0.0, high=1.0, source=AUGMENTATIONS, help="Added, not multiplied, in BYOL."
    )
    contrast: float = setting(0.4, "Contrast", low=0.0, high=1.0, source=AUGMENTATIONS)
    saturation: float = setting(0.2, "Saturation", low=0.0, high=1.0, source=AUGMENTATIONS)
    hue: float = setting(0.1, "Hue", low=0.0, high=0.5, unit="turns", source=AUGMENTATIONS)
    grey: float = setting(0.2, "Grey", low=0.0, high=1.0, unit="probability", source="paper, table 6")
    blur_first: float = setting(
        1.0, "Blur of view 1", low=0.0, high=1.0, unit="probability", source="paper, table 6"
    )
    blur_second: float = setting(
        0.1, "Blur of view 2", low=0.0, high=1.0, unit="probability", source="paper, table 6"
    )
    solarize_first: float = setting(
        0.0, "Solarize view 1", low=0.0, high=1.0, unit="probability", source="paper, table 6"
    )
    solarize_second: float = setting(
        0.2, "Solarize view 2", low=0.0, high=1.0, unit="probability", source="paper, table 6"
    )


def normalise_rows(rows: Tensor) -> Tensor:
    """Divide rows (B, D) by their norm in fp32, the sum of squares taken as 1e-12 at least.

    Not ``F.normalize``, which clamps the norm instead: near zero the gradients differ by orders of magnitude.
    """
    rows = rows.float()
    squares = rows.square().sum(dim=-1, keepdim=True).clamp(min=SQUARES_EPS)
    return rows * squares.rsqrt()


def regression_losses(predictions: Tensor, targets: Tensor) -> Tensor:
    """Squared distance (B,) of normalised rows (B, D), 2 - 2 cos: 0 for the same direction, 4 for the opposite."""
    return (normalise_rows(predictions) - normalise_rows(targets)).square().sum(dim=-1)


def target_momentum(settings: BYOLSettings, progress: Progress) -> float:
    """Share of the target that the update after ``progress.step`` finished ones keeps (official target_ema)."""
    if settings.momentum_form == "constant":
        return settings.target_momentum
    return cosine(settings.target_momentum, 1.0, progress.share)


def half_life(momentum: float, total_steps: int) -> float:
    """Steps until half of the target is replaced; ten runs at most, which stands for a target that stands still."""
    most = float(MOST_HALF_LIFE * max(total_steps, 1))
    if momentum <= 0:
        return 0.0
    return most if momentum >= 1 else min(math.log(0.5) / math.log(momentum), most)


@torch.no_grad()
def _spread(rows: Tensor) -> Tensor:
    """Deviation of normalised rows (B, D) over the batch times sqrt(D): 1 spread evenly, 0 collapsed."""
    return normalise_rows(rows).std(dim=0).mean() * math.sqrt(rows.shape[1])


def _distortion(config: BYOLSettings, size: int, *, blur: float, solarize: float) -> Distortion:
    jitter = ColourJitter(
        config.jitter, config.brightness, config.contrast, config.saturation, config.hue, form="byol"
    )
    # 23 taps at 224 px (paper, appendix B); a tenth of the size, odd (official file utils/augmentations.py).
    return Distortion(jitter, config.grey, Blur(blur, kernel=size // 10 | 1), solarize)


PRESETS = {
    "paper": Preset(
        "Paper",
        "The official recipe: ResNet-50 at 224 px, 4,096 pictures a step, 1,000 epochs. Days on many accelerators.",
        {
            "encoder.name": Sourced("resnet50", "paper, sec. 3.3"),
            "encoder.image_size": Sourced(224, "paper, appendix B"),
            "encoder.patch_size": Sourced(PatchForRows(14), "ours: for a transformer in its place"),
            "encoder.stem": Sourced("large", "official file utils/networks.py, ResNetTorso"),
            "training.epochs": Sourced(1000, "paper, sec. 3.3"),
            "training.batch_size": Sourced(
                256, "paper, fig. 3a: from 256 on batch norm sees enough pictures"
            ),
            "training.accumulation": Sourced(
                16, "paper, sec. 3.3: 4,096 pictures; one device adds up as many"
            ),
            "training.optimizer": Sourced("lars", "paper, sec. 3.3"),
            "training.momentum": Sourced(0.9, CONFIG),
            "training.base_lr": Sourced(0.2, f"paper, sec. 3.3; {CONFIG}, 1,000 epochs"),
            "training.warmup_epochs": Sourced(10, f"paper, sec. 3.3; {CONFIG}"),
            "training.warmup_form": Sourced("whole_steps", "official file utils/schedules.py"),
            "training.weight_decay": Sourced(1.5e-6, f"paper, sec. 3.3; {CONFIG}, 1,000 epochs"),
            "settings.target_momentum": Sourced(0.996, f"paper, sec. 3.3; {CONFIG}, 1,000 epochs"),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ResNet-18 at 96 px on thousands of pictures, after the official small recipe: hours on a GPU.",
        {
            "encoder.name": Sourced("resnet18", f"{CONFIG}: ResNet18 for Imagenette"),
            "encoder.image_size": Sourced(96, "ours: nine sixteenths of the work of the small recipe's 128"),
            "encoder.patch_size": Sourced(PatchForRows(12), "ours: for a transformer in its place"),
            "encoder.stem": Sourced(
                BySize(((32, "small"), (1024, "large"))),
                "official file utils/networks.py, ResNetTorso: large",
            ),
            "training.epochs": Sourced(
                EpochsForSteps(10_000, 40, 1000),
                f"{CONFIG}: from 40 to 1,000, as the data set is large or small",
            ),
            "training.batch_size": Sourced(
                BatchWithin(256, 1 / 8), "official README.md, the recipe for Imagenette: 256"
            ),
            "training.optimizer": Sourced("lars", CONFIG),
            "training.momentum": Sourced(0.9, CONFIG),
            "training.base_lr": Sourced(2.0, f"{CONFIG}: for Imagenette"),
            "training.warmup_epochs": Sourced(ShareOfEpochs(0.05, 10), f"{CONFIG}: 10 epochs"),
            "training.warmup_form": Sourced("whole_steps", "official file utils/schedules.py"),
            "training.weight_decay": Sourced(1e-6, CONFIG),
            "settings.target_momentum": Sourced(
                ByEpochs(((40, 0.97), (300, 0.99), (1000, 0.996))), f"{CONFIG}, by length of training"
            ),
        },
    ),
    "quick": Preset(
        "Quick",
        "A very small ResNet at 32 px: features that tell classes apart after minutes on two cores.",
        {
            "encoder.name": Sourced(
                "resnet_nano", "ours: an eighth of ResNet-18's work, so eight times the steps"
            ),
            "encoder.image_size": Sourced(32, "ours: a step takes a fraction of a second on two cores"),
            "encoder.patch_size": Sourced(PatchForRows(4), "ours: for a transformer in its place"),
            "encoder.stem": Sourced(
                QUICK_STEM,
                "ours: a quarter of the work of the stem for small pictures",
            ),
            "training.epochs": Sourced(12, "ours: a few minutes"),
            "training.batch_size": Sourced(64, "ours: many steps on little data"),
            "training.optimizer": Sourced(
                "lars", "paper, sec. 3.3; after 6 epochs k-NN on CIFAR-10 was 31 % with it, 27 % with AdamW"
            ),
            "training.momentum": Sourced(0.9, CONFIG),
            "training.base_lr": Sourced(2.0, f"{CONFIG}: for Imagenette"),
            "training.warmup_epochs": Sourced(1, "ours: about a twentieth of the run"),
            "training.weight_decay": Sourced(1e-6, CONFIG),
            "training.knn_every_epochs": Sourced(2, "ours: six points on the curve"),
            "settings.target_momentum": Sourced(
                0.9,
                "ours: the official 0.97 of 40 epochs has a half-life of 23 steps, this 7: runs of 1,000 steps",
            ),
            "settings.projector_hidden": Sourced(
                1024, "ours: wide beside the encoder, as 4,096 is beside 2,048"
            ),
            "settings.predictor_hidden": Sourced(1024, "ours: as the projector"),
            "settings.projection_width": Sourced(128, "ours: half of the encoder's width"),
            "settings.crop_low": Sourced(0.2, "ours: 8 % of a picture of 32 px shows too little"),
            "settings.blur_first": Sourced(
                BySize(((32, 0.0), (1024, 1.0))), "ours: a picture of 32 px has no detail to spare"
            ),
            "settings.blur_second": Sourced(BySize(((32, 0.0), (1024, 0.1))), "ours: as view 1"),
        },
    ),
}


class BYOL(Method):
    """An online network predicts a target network's projection of the other view; the target follows it slowly."""

    name = "byol"
    title = "BYOL"
    paper = "https://arxiv.org/abs/2006.07733"
    use_when = "You want features to use as they are, with a ResNet or a ViT; needs no negatives and small batches do."
    deviations = (
        "The target starts as a copy of the online network; the official code draws its weights anew and saw no "
        "difference (byol_experiment.py, _make_initial_state).",
        "Batch norm sees the pictures of one batch; in the official code those of all devices, 4,096.",
        "Running statistics follow torch: they start at 0 and 1 and divide by B - 1; haiku corrects for the start and "
        "divides by B. Training uses neither.",
        "Strided convolutions pad both sides alike, as in torch; the official ones pad as XLA's SAME.",
        "No online classifier is trained beside; k-NN judges the features instead.",
    )
    Config = BYOLSettings
    presets = PRESETS
    least_batch = 2

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        config = self.config
        self.projector = NormMLP(encoder.width, config.projector_hidden, config.projection_width)
        self.predictor: nn.Module = nn.Identity()
        if config.predictor:
            self.predictor = NormMLP(
                config.projection_width, config.predictor_hidden, config.projection_width
            )
        # A copy, where the official code draws the target's weights anew and saw no difference
        # (byol_experiment.py, _make_initial_state).
        self.target_encoder = frozen_copy(encoder)
        self.target_projector = frozen_copy(self.projector)

    @property
    def config(self) -> BYOLSettings:
        """The settings by their own type."""
        return cast("BYOLSettings", self.settings)

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config = cast("BYOLSettings", settings)
        distortions = (
            _distortion(config, spec.image_size, blur=config.blur_first, solarize=config.solarize_first),
            _distortion(config, spec.image_size, blur=config.blur_second, solarize=config.solarize_second),
        )
        views = (
            View(spec.image_size, scale=(config.crop_low, 1.0), flip=config.flip, distortion=distortion)
            for distortion in distortions
        )
        return MultiCrop({"views": tuple(views)})

    @torch.no_grad()
    def _target(self, images: Tensor) -> Tensor:
        """Projection (B, D) of the target; like the online network it normalises by the batch's own statistics."""
        projection: Tensor = self.target_projector(self.target_encoder.features(images))
        return projection

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        first, second = views["views"].unbind(dim=1)  # (B, C, H, W) each
        if len(first) < 2:
            raise SettingsError(
                "BYOL normalises over the batch, and a batch of one picture has no spread.",
                "Take two pictures a batch or more.",
                field="training.batch_size",
            )
        # One pass per view: batch norm must not mix them (one pass of both is SimCLR's way).
        projections = [self.projector(self.encoder.features(view)) for view in (first, second)]
        predictions = [self.predictor(projection) for projection in projections]
        targets = [self._target(view) for view in (first, second)]
        losses = regression_losses(predictions[0], targets[1]) + regression_losses(predictions[1], targets[0])
        loss = losses.mean()
        monitors = {
            "target_cosine": 1 - loss.detach() / 4,
            "projection_std": torch.stack([_spread(projection) for projection in projections]).mean(),
        }
        return StepOutput({"regression": loss}, monitors)

    @override
    def after_step(self, progress: Progress) -> None:
        # The official code takes the momentum of the step before it counts, and the weights after it.
        done = Progress(max(progress.step - 1, 0), progress.total_steps, progress.steps_per_epoch)
        momentum = target_momentum(self.config, done)
        follow(self.target_encoder, self.encoder, momentum)
        follow(self.target_projector, self.projector, momentum)

    @classmethod
    @override
    def curves(cls, settings: Settings, progress: Progress) -> dict[str, float]:
        momentum = target_momentum(cast("BYOLSettings", settings), progress)
        return {"momentum": momentum, "momentum_half_life": half_life(momentum, progress.total_steps)}

    @override
    def param_groups(self) -> list[ParamGroup]:
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        first, second = views["views"].unbind(dim=1)
        return {"View 1": first, "View 2": second}
