"""DINO: a student learns to name small crops as a slow teacher names large ones of the same picture.

Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", https://arxiv.org/abs/2104.14294. Checked
against numbers of the official implementation; the order of operations follows its main_dino.py and utils.py. Shapes:
B pictures, V crops of a picture, G = 2 global ones, K prototypes, D width.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.multi_crop import MultiCrop
from engine.data.views import View
from engine.errors import SettingsError
from engine.method import Method, Preset, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.crops import crop_features
from engine.nn.dino_head import DINOHead
from engine.nn.encoder import Encoder
from engine.nn.momentum import follow, frozen_copy
from engine.nn.self_distillation import Centre, collapse_signs, cross_entropy, teacher_targets
from engine.nn.vit import ViTEncoder
from engine.optim import ParamGroup, split_decay
from engine.rules import (
    QUICK_STEM,
    BatchWithin,
    ByPictures,
    BySize,
    CropOfImage,
    EpochsForSteps,
    PatchForRows,
    ShareOfEpochs,
)
from engine.schedules import Progress, cosine
from engine.settings import Settings, setting

OFFICIAL = "official file main_dino.py"
CLASS_TOKEN_STD = 0.02  # official file vision_transformer.py; timm starts the class token at 1e-6


def _share(default: float, title: str, flag: str, unit: str = "of the crops", help: str = "") -> Any:
    """Declare a share of the crops or of a picture's area."""
    return setting(default, title, low=0, high=1, unit=unit, source=f"{OFFICIAL}, {flag}", help=help)


AREA = "of the area"


class DINOSettings(Settings):
    """Settings of DINO; defaults are the official code's."""

    prototypes: int = setting(
        65_536,
        "Prototypes",
        low=2,
        high=1_000_000,
        essential=True,
        log=True,
        source=f"{OFFICIAL}, --out_dim",
        help="K, length of the head's output. 65,536 is for a million pictures; 1,024 to 4,096 serve thousands.",
    )
    local_crops: int = setting(
        8,
        "Local crops",
        low=0,
        high=32,
        unit="per picture",
        essential=True,
        source=f"{OFFICIAL}, --local_crops_number",
        help="Small crops that only the student sees. More learn faster by the epoch and cost more by the step.",
    )
    local_size: int = setting(
        96,
        "Local crop size",
        low=4,
        high=512,
        unit="px",
        source=f"{OFFICIAL}, DataAugmentationDINO: 96 beside 224",
        help="A multiple of the patch size, smaller than the image.",
    )
    global_low: float = _share(0.4, "Smallest global crop", "--global_crops_scale", AREA)
    global_low_alone: float = _share(
        0.14,
        "Smallest global crop without local ones",
        "help of --global_crops_scale",
        AREA,
        "Used in place of the setting above when there are no local crops.",
    )
    local_low: float = _share(0.05, "Smallest local crop", "--local_crops_scale", AREA)
    local_high: float = _share(0.4, "Largest local crop", "--local_crops_scale", AREA)
    jitter: float = _share(0.8, "Colour jitter", "DataAugmentationDINO")
    grey: float = _share(0.2, "Greyscale", "DataAugmentationDINO")
    solarize: float = _share(0.2, "Solarize", "DataAugmentationDINO", "of the second global crops")
    blur: float = setting(
        1.0,
        "Blur",
        low=0.0,
        high=1.0,
        source=f"{OFFICIAL}, DataAugmentationDINO",
        help="Factor on the official probabilities: 1 of the first global crop, 0.1 of the second, 0.5 of local ones.",
    )
    student_temperature: float = setting(
        0.1, "Student temperature", low=0.01, high=1.0, source=f"{OFFICIAL}, DINOLoss"
    )
    teacher_temperature: float = setting(
        0.04,
        "Teacher temperature",
        low=0.005,
        high=1.0,
        essential=True,
        source=f"{OFFICIAL}, --teacher_temp",
        help="Lower sharpens the targets. Above 0.07 the training is not stable (paper, table 13).",
    )
    teacher_temperature_start: float = setting(
        0.04,
        "Teacher temperature at the start",
        low=0.005,
        high=1.0,
        source=f"{OFFICIAL}, --warmup_teacher_temp",
        help="Lower it when the loss does not fall.",
    )
    teacher_temperature_epochs: int = setting(
        0,
        "Warm-up of the teacher temperature",
        low=0,
        high=100_000,
        unit="epochs",
        source=f"{OFFICIAL}, --warmup_teacher_temp_epochs",
    )
    teacher_momentum: float = setting(
        0.996,
        "Teacher momentum",
        low=0.0,
        high=1.0,
        source=f"{OFFICIAL}, --momentum_teacher",
        help="Share of the old teacher that a step keeps; rises to 1. Small batches and long runs want more: 0.9995.",
    )
    center_momentum: float = setting(
        0.9, "Centre momentum", low=0.0, high=1.0, source="paper, appendix D; official file main_dino.py"
    )
    centring: bool = setting(
        True,
        "Centring",
        source="paper, sec. 3.1",
        help="Off only to see it collapse: one prototype then wins for every picture (paper, fig. 7).",
    )
    sharpening: bool = setting(
        True,
        "Sharpening",
        source="paper, sec. 3.1",
        help="Off only to see it collapse: the teacher is then as soft as the student and calls all prototypes equal "
        "(paper, fig. 7).",
    )
    head_hidden: int = setting(2048, "Head width", low=2, high=16_384, source="paper, appendix C")
    head_bottleneck: int = setting(256, "Head bottleneck", low=2, high=4096, source="paper, appendix C")
    head_layers: int = setting(3, "Head layers", low=1, high=8, source="paper, appendix C")
    head_batch_norm: bool = setting(
        False, "Batch norm in the head", source=f"{OFFICIAL}, --use_bn_in_head; paper: without is better"
    )
    norm_last_layer: bool = setting(
        True,
        "Prototypes of unit length",
        source=f"{OFFICIAL}, --norm_last_layer",
        help="Off does better with a ViT-S but is less stable.",
    )
    freeze_last_layer: int = setting(
        1,
        "Freeze the prototypes for",
        low=0,
        high=100_000,
        unit="epochs",
        source=f"{OFFICIAL}, --freeze_last_layer",
        help="Longer when the loss does not fall.",
    )
    drop_path: float = setting(
        0.1,
        "Drop path",
        low=0.0,
        high=0.9,
        source=f"{OFFICIAL}, --drop_path_rate",
        help="Of the student's transformer; a ResNet has none.",
    )

    @property
    def global_scale(self) -> tuple[float, float]:
        """Smallest and largest share of the area of a global crop."""
        return (self.global_low if self.local_crops else self.global_low_alone, 1.0)


def _distortion(config: DINOSettings, *, blur: float, solarize: float) -> Distortion:
    """What the official DataAugmentationDINO does to a crop; the blur has as many taps as sigma needs, as Pillow's."""
    jitter = ColourJitter(config.jitter, 0.4, 0.4, 0.2, 0.1)
    return Distortion(jitter, config.grey, Blur(blur * config.blur, (0.1, 2.0)), solarize)


def teacher_temperature(settings: DINOSettings, epoch: int) -> float:
    """Temperature in a whole epoch: even steps from the start to the end that include both, then constant.

    Follows the official main_dino.py (numpy's linspace by epoch): the first epoch has exactly the start, the last one
    of the warm-up exactly the end.
    """
    if not settings.sharpening:
        return settings.student_temperature
    warmup = settings.teacher_temperature_epochs
    if epoch >= warmup:
        return settings.teacher_temperature
    start, end = settings.teacher_temperature_start, settings.teacher_temperature
    return start + (end - start) * epoch / max(warmup - 1, 1)


README = "official README"
# Prototypes by training pictures: most of 65,536 would never be nearest to any of a few thousand pictures.
PROTOTYPES = (
    (20_000, 1024),
    (50_000, 2048),
    (100_000, 4096),
    (200_000, 16_384),
    (500_000, 32_768),
    (10**9, 65_536),
)
OPTIMISER = {
    "training.base_lr": Sourced(5e-4, f"{OFFICIAL}, --lr"),
    "training.min_lr": Sourced(1e-6, f"{OFFICIAL}, --min_lr"),
    "training.warmup_epochs": Sourced(10, f"{OFFICIAL}, --warmup_epochs"),
    "training.warmup_form": Sourced("through_peak", "official file utils.py, cosine_scheduler"),
    "training.weight_decay": Sourced(0.04, f"{OFFICIAL}, --weight_decay"),
    "training.weight_decay_form": Sourced("cosine", f"{OFFICIAL}, cosine_scheduler"),
    "training.weight_decay_end": Sourced(0.4, f"{OFFICIAL}, --weight_decay_end"),
    "training.beta2": Sourced(0.999, f"{OFFICIAL}: AdamW as torch has it"),
    "training.clip_norm": Sourced(3.0, f"{OFFICIAL}, --clip_grad"),
}
PRESETS = {
    "paper": Preset(
        "Paper",
        "The official boosted recipe: ViT-S/16 at 224 px, 300 epochs. 2.6 days on 16 GPUs.",
        OPTIMISER
        | {
            "encoder.name": Sourced("vit_small", f"{README}, --arch"),
            "encoder.image_size": Sourced(224, f"{OFFICIAL}, DataAugmentationDINO"),
            "encoder.patch_size": Sourced(PatchForRows(14), f"{OFFICIAL}, --patch_size 16 at 224 px"),
            "training.epochs": Sourced(300, f"{README}, --epochs"),
            "training.batch_size": Sourced(64, f"{OFFICIAL}, --batch_size_per_gpu"),
            "training.accumulation": Sourced(16, f"{README}: 16 GPUs; one device adds up as many batches"),
            "settings.prototypes": Sourced(65_536, f"{OFFICIAL}, --out_dim"),
            "settings.local_size": Sourced(
                CropOfImage(3 / 7), f"{OFFICIAL}, DataAugmentationDINO: 96 of 224"
            ),
            "settings.teacher_temperature": Sourced(0.07, f"{README}, --teacher_temp"),
            "settings.teacher_temperature_epochs": Sourced(30, f"{README}, --warmup_teacher_temp_epochs"),
            "settings.norm_last_layer": Sourced(
                False, f"{README}, --norm_last_layer: safe with a ViT-S only"
            ),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ViT-Ti at 96 px on thousands of pictures: a night on two cores, minutes to an hour on a GPU.",
        OPTIMISER
        | {
            "encoder.name": Sourced("vit_tiny", "ours: trains on a desktop"),
            "encoder.image_size": Sourced(96, "ours: keeps detail at a ninth of the pixels of 288"),
            "encoder.patch_size": Sourced(PatchForRows(12), "ours: 144 patches, near the paper's 196"),
            "training.epochs": Sourced(
                EpochsForSteps(12_000, 20, 800),
                "ours: small data needs many passes; the README's longest run has 800",
            ),
            "training.warmup_epochs": Sourced(ShareOfEpochs(0.05, 10), f"{OFFICIAL}, --warmup_epochs: 10"),
            "training.batch_size": Sourced(
                BatchWithin(64, 1 / 8), "paper, table 9: 128 loses 2 points to 1,024; small data needs steps"
            ),
            "settings.prototypes": Sourced(
                ByPictures(PROTOTYPES, "prototypes"), "lightly-train, its method dino"
            ),
            "settings.local_crops": Sourced(
                4, "ours: half of the paper's; the first ones help most (paper, table 8)"
            ),
            "settings.local_size": Sourced(CropOfImage(3 / 7), "ours: 40 of 96 px, as the paper's 96 of 224"),
        },
    ),
    "quick": Preset(
        "Quick",
        "A small encoder for a few minutes on any computer: to see the whole way, not to get the best features.",
        OPTIMISER
        | {
            "encoder.name": Sourced(
                "resnet_nano", "ours: several times the steps of a ResNet-18 in a minute"
            ),
            "encoder.stem": Sourced(QUICK_STEM, "ours: a quarter of the work of the small stem"),
            "encoder.image_size": Sourced(32, "ours: the size of CIFAR's pictures"),
            "encoder.patch_size": Sourced(
                PatchForRows(4), "ours: 16 patches, should a transformer be chosen"
            ),
            "training.epochs": Sourced(12, "ours: a few minutes"),
            "training.batch_size": Sourced(64, "ours: many steps on little data"),
            "training.base_lr": Sourced(8e-3, "ours: a small network and a short run bear a high rate"),
            "training.warmup_epochs": Sourced(1, "ours: a twentieth of the run"),
            "training.weight_decay_form": Sourced("constant", "ours: nothing to regularise in so few steps"),
            "training.weight_decay_end": Sourced(0.0, "ours: read only where the weight decay moves"),
            "settings.blur": Sourced(
                BySize(((32, 0.0), (1024, 1.0))),
                "SimCLR, official code: none on CIFAR, whose pictures are blurred enough",
            ),
            "settings.prototypes": Sourced(512, "ours: ten pictures of CIFAR's 5,000 for each"),
            "settings.teacher_temperature": Sourced(
                0.03, "paper, table 13: from 0.02 to 0.04; lower leaves the uniform start sooner"
            ),
            "settings.teacher_temperature_start": Sourced(0.03, "ours: no warm-up in so short a run"),
            "settings.head_hidden": Sourced(512, "ours: a quarter of the paper's, for a small encoder"),
            "settings.head_batch_norm": Sourced(
                True, "ours: pictures look alike to a fresh ResNet, and targets would start near uniform"
            ),
            "settings.freeze_last_layer": Sourced(0, "ours: an epoch is much of so short a run"),
            "settings.local_crops": Sourced(2, "ours: cheap beside the global ones"),
            "settings.local_size": Sourced(CropOfImage(1 / 2), "ours: half of the picture"),
            "settings.teacher_momentum": Sourced(0.99, "ours: half of the teacher is renewed in 70 steps"),
        },
    ),
}


class DINO(Method):
    """Self-distillation without labels."""

    name = "dino"
    title = "DINO"
    paper = "https://arxiv.org/abs/2104.14294"
    use_when = (
        "You want features that separate classes without any training on top, and attention maps that find objects. "
        "Transformers learn it best; several crops of each picture make a step dear."
    )
    deviations = (
        "Where batches are added up, schedules, teacher and centre move once a step, as with one large batch; the "
        "official code adds none up.",
    )
    Config = DINOSettings
    presets = PRESETS
    clips_each_parameter = True  # official file utils.py, clip_gradients

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        config = self.config
        self.head = DINOHead(
            encoder.width,
            config.prototypes,
            hidden=config.head_hidden,
            bottleneck=config.head_bottleneck,
            layers=config.head_layers,
            batch_norm=config.head_batch_norm,
            fixed_length=config.norm_last_layer,
        )
        if isinstance(encoder, ViTEncoder):
            nn.init.trunc_normal_(encoder.vit.cls_token, std=CLASS_TOKEN_STD)
        # Copied before the student gets its drop path: the teacher has none, though it stays in training mode, where
        # its batch norms use and keep statistics of their own (official file main_dino.py).
        self.teacher_encoder, self.teacher_head = frozen_copy(encoder), frozen_copy(self.head)
        if isinstance(encoder, ViTEncoder):
            encoder.set_drop_path(config.drop_path)
        self.centre = Centre(config.prototypes, config.center_momentum if config.centring else 1.0)

    @property
    def config(self) -> DINOSettings:
        """The settings by their own type."""
        return cast("DINOSettings", self.settings)

    @classmethod
    @override
    def check(cls, settings: Settings, spec: ViewSpec) -> None:
        config = cast("DINOSettings", settings)
        if not config.local_crops:
            return
        if spec.has_patches and config.local_size % spec.patch_size:
            fitting = max(config.local_size // spec.patch_size, 1) * spec.patch_size
            raise SettingsError(
                f"A patch of {spec.patch_size} px does not divide a local crop of {config.local_size} px.",
                f"Take a multiple of the patch size, such as {fitting} px.",
                field="settings.local_size",
            )
        if config.local_size >= spec.image_size:
            raise SettingsError(
                f"A local crop of {config.local_size} px is not smaller than the image of {spec.image_size} px.",
                "Take about half of the image size.",
                field="settings.local_size",
            )
        if config.local_low >= config.local_high:
            raise SettingsError(
                f"The smallest local crop, {config.local_low:g} of the area, is not smaller than the largest.",
                "Lower the smallest or raise the largest.",
                field="settings.local_low",
            )

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config = cast("DINOSettings", settings)
        distortions = {
            "first": _distortion(config, blur=1.0, solarize=0.0),
            "second": _distortion(config, blur=0.1, solarize=config.solarize),
            "local": _distortion(config, blur=0.5, solarize=0.0),
        }
        size, scale = spec.image_size, config.global_scale
        first, second = (View(size, scale, distortion=distortions[name]) for name in ("first", "second"))
        groups: dict[str, tuple[View, ...]] = {"global": (first, second)}
        if config.local_crops:
            scale = (config.local_low, config.local_high)
            local = View(config.local_size, scale, distortion=distortions["local"])
            groups["local"] = (local,) * config.local_crops
        return MultiCrop(groups)

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        crops = [views[name] for name in ("global", "local") if name in views]
        student = self.head(crop_features(self.encoder, crops).flatten(0, 1))  # once on all crops
        with torch.no_grad():
            seen = crop_features(self.teacher_encoder, crops[:1])  # (G, B, D): the teacher sees no local crop
            logits = self.teacher_head(seen.flatten(0, 1))  # (G * B, K)
        temperature = teacher_temperature(self.config, int(progress.epoch))
        targets, log_targets = teacher_targets(logits, self.centre.center, temperature)
        if self.training:
            self.centre.see(logits)  # moves it after the step, and by the raw logits
        batch = seen.shape[1]
        loss = cross_entropy(
            student.unflatten(0, (-1, batch)),
            targets.unflatten(0, (-1, batch)),
            self.config.student_temperature,
        )
        return StepOutput({"distillation": loss}, collapse_signs(loss.detach(), targets, log_targets, seen))

    @override
    def after_step(self, progress: Progress) -> None:
        # The schedules count the step that was made, as they do when its learning rate is set.
        made = replace(progress, step=progress.step - 1)
        momentum = self.curves(self.settings, made)["teacher_momentum"]
        follow(self.teacher_encoder, self.encoder, momentum)
        follow(self.teacher_head, self.head, momentum)
        self.centre.update()

    @override
    def frozen_parameters(self, progress: Progress) -> Sequence[nn.Parameter]:
        if progress.epoch >= self.config.freeze_last_layer:
            return ()
        return list(self.head.last_layer.parameters())

    @classmethod
    @override
    def curves(cls, settings: Settings, progress: Progress) -> dict[str, float]:
        config = cast("DINOSettings", settings)
        return {
            "teacher_momentum": cosine(config.teacher_momentum, 1.0, progress.share),
            "teacher_temperature": teacher_temperature(config, int(progress.epoch)),
        }

    @property
    @override
    def evaluated_encoder(self) -> Encoder:
        return self.teacher_encoder

    @override
    def param_groups(self) -> list[ParamGroup]:
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        return {
            f"{name.capitalize()} {number + 1}": views[name][:, number]
            for name in ("global", "local")
            if name in views
            for number in range(views[name].shape[1])
        }
