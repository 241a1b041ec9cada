"""SimCLR v2: find the other view of a picture among the views of all pictures of the batch.

Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", https://arxiv.org/abs/2002.05709
(v1), and "Big Self-Supervised Models are Strong Semi-Supervised Learners", https://arxiv.org/abs/2006.10029 (v2).
Written from the papers and checked against numbers of the official implementation; the order of operations follows its
files tf2/{data_util,model,objective,lars_optimizer}.py. Shapes: B pictures, D width, C channels, K entries of a memory.
"""

from typing import Literal, cast

import torch
from torch import Tensor
from typing_extensions import override

from engine.data.distortion import Blur, ColourJitter, Distortion
from engine.data.multi_crop import MultiCrop
from engine.data.views import View
from engine.distributed import gather_rows, rank
from engine.errors import SettingsError
from engine.method import Method, Preset, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.contrast import Contrast, Others, nt_xent, unit_length
from engine.nn.encoder import Encoder
from engine.nn.memory import RowMemory
from engine.nn.momentum import follow, frozen_copy
from engine.nn.normalise import UNIT_MEAN, UNIT_STD
from engine.nn.projector import Projector
from engine.optim import ParamGroup, split_decay
from engine.rules import QUICK_STEM, BatchWithin, EpochsForSteps, PatchForRows, ShareOfEpochs
from engine.schedules import Progress
from engine.settings import Settings, setting

DATA_FILE, RUN_FILE = "official file tf2/data_util.py", "official file tf2/run.py"
V2 = "v2 paper, sec. 3.1"
ADVICE = "the authors' advice for small batches (their issue 166)"
SHARPEST_SMALL_PICTURES = 32  # px; official CIFAR-10 recipe (README): use_blur False


class SimCLRSettings(Settings):
    """Settings of SimCLR; defaults are the official recipe's."""

    temperature: float = setting(
        0.1,
        "Temperature",
        above=0.0,
        high=10.0,
        essential=True,
        source=f"{V2}; {RUN_FILE}, --temperature",
        help="Low values look at the hardest negatives only. 0.1 for large batches; 0.2 to 0.5 for small ones.",
    )
    projection_layers: int = setting(
        3,
        "Projector layers",
        low=1,
        high=8,
        unit="layers",
        source=f"{V2}; {RUN_FILE}, --num_proj_layers",
        help="Fine-tuning can start behind the first one. The first SimCLR had 2.",
    )
    projection_width: int = setting(
        128,
        "Projection width",
        low=2,
        high=65_536,
        unit="channels",
        source=f"{RUN_FILE}, --proj_out_dim",
    )
    loss_scale: Literal["official", "usual"] = setting(
        "official",
        "Scale of the loss",
        source="official file tf2/objective.py",
        help="Official: the sum of both directions. Usual: the mean over all views, half of that, as in the paper and "
        "in most ports. LARS and AdamW hardly notice, SGD does.",
    )
    crop_low: float = setting(
        0.08,
        "Smallest crop",
        low=0.01,
        high=1.0,
        unit="of the area",
        source=f"{DATA_FILE}, area_range (0.08, 1)",
        help="Raise it to 0.2 for short runs on small pictures.",
    )
    flip: float = setting(
        0.5, "Mirror", low=0.0, high=1.0, unit="probability", source=f"{DATA_FILE}, random_flip_left_right"
    )
    colour_strength: float = setting(
        1.0,
        "Colour strength",
        low=0.0,
        high=1.25,
        essential=True,
        source=f"{RUN_FILE}, --color_jitter_strength (0.5 in the CIFAR-10 recipe)",
        help="0 leaves the colours alone, for pictures whose class is in the colour.",
    )
    jitter: float = setting(
        0.8,
        "Colour jitter",
        low=0.0,
        high=1.0,
        unit="probability",
        source=f"{DATA_FILE}, random_color_jitter",
    )
    grey: float = setting(
        0.2, "Greyscale", low=0.0, high=1.0, unit="probability", source=f"{DATA_FILE}, random_color_jitter"
    )
    blur: Literal["auto", "on", "off"] = setting(
        "auto",
        "Blur",
        source=f"{RUN_FILE}, --use_blur; off in the CIFAR-10 recipe",
        help="Auto: half of the views, none up to 32 px.",
    )
    memory_size: int = setting(
        0,
        "Memory of negatives",
        low=0,
        high=1_048_576,
        unit="pictures",
        source="official checkpoints: none; 65,536 in the v2 paper's best runs",
        help="Projections of past batches by a slow copy of the network are further negatives: for small batches. "
        "Costs a second forward pass of one view.",
    )
    memory_momentum: float = setting(
        0.999,
        "Momentum of the memory's network",
        low=0.0,
        high=1.0,
        source="v2 paper, sec. 3.1: decay 0.999",
    )
    hardness: float = setting(
        0.0,
        "Weight of hard negatives",
        low=0.0,
        high=10.0,
        source="official code: all alike; beta of Robinson et al. 2021 is 0.5 to 2",
        help="Above 0, negatives that look like the anchor count more. Helps where classes are many and alike.",
    )


def _distortion(config: SimCLRSettings, size: int) -> Distortion:
    """Jitter, greyscale and blur of both views alike.

    The official code draws one blur width for the whole batch; here, as in the v1 paper's appendix A, each view has
    its own.
    """
    strength = config.colour_strength
    jitter = ColourJitter(
        config.jitter, 0.8 * strength, 0.8 * strength, 0.8 * strength, 0.2 * strength, form="simclr"
    )
    is_blurred = config.blur == "on" or (config.blur == "auto" and size > SHARPEST_SMALL_PICTURES)
    blur = Blur(0.5, (0.1, 2.0), kernel=size // 10 | 1) if is_blurred else None  # data_util.py: 0.5, 0.1 to 2
    return Distortion(jitter if strength else None, config.grey, blur)


PRESETS = {
    "paper": Preset(
        "Paper",
        "The v2 paper's recipe: ResNet-50 at 224 px, 4,096 pictures a step, 800 epochs. Days on a machine with many "
        "GPUs; batches that are added up do not replace large ones, for each brings its own negatives only.",
        {
            "encoder.name": Sourced("resnet50", "v2 paper, table 1: ResNet-50, width 1x"),
            "encoder.image_size": Sourced(224, f"{RUN_FILE}, --image_size"),
            "encoder.patch_size": Sourced(PatchForRows(14), "ours: for a transformer in its place"),
            "training.epochs": Sourced(800, V2),
            "training.batch_size": Sourced(4096, V2),
            "training.optimizer": Sourced("lars", V2),
            "training.momentum": Sourced(0.9, f"{RUN_FILE}, --momentum"),
            "training.lr_in_momentum": Sourced(True, "official file tf2/lars_optimizer.py, classic_momentum"),
            "training.base_lr": Sourced(0.1, f"{V2}: 0.1 x root of the batch size"),
            "training.lr_scaling": Sourced("sqrt", V2),
            "training.warmup_epochs": Sourced(40, f"{V2}: the first 5 % of the epochs"),
            "training.warmup_form": Sourced("whole_steps", "official file tf2/model.py"),
            "training.weight_decay": Sourced(1e-4, V2),
            "settings.temperature": Sourced(0.1, V2),
            "settings.projection_layers": Sourced(3, V2),
            "settings.colour_strength": Sourced(1.0, f"{RUN_FILE}, --color_jitter_strength"),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ResNet-18 at 96 px on thousands of pictures: an hour on a GPU, a night on a few cores.",
        {
            "encoder.name": Sourced("resnet18", "ours: trains on a desktop"),
            "encoder.image_size": Sourced(96, "ours: keeps detail at a fifth of the pixels of 224"),
            "encoder.patch_size": Sourced(PatchForRows(12), "ours: for a transformer in its place"),
            "training.epochs": Sourced(
                EpochsForSteps(6_000, 20, 800), "ours: small data needs many passes; the paper sees 800"
            ),
            "training.batch_size": Sourced(
                BatchWithin(256, 1 / 8), "v1 paper, fig. 9: 256 does where the run is long"
            ),
            "training.optimizer": Sourced("lars", V2),
            "training.lr_in_momentum": Sourced(True, "official file tf2/lars_optimizer.py, classic_momentum"),
            "training.base_lr": Sourced(0.075, f"{ADVICE}; v1 paper, table B.1: better for small batches"),
            "training.lr_scaling": Sourced("sqrt", ADVICE),
            "training.warmup_epochs": Sourced(ShareOfEpochs(0.05, 40), f"{V2}: the first 5 % of the epochs"),
            "training.warmup_form": Sourced("whole_steps", "official file tf2/model.py"),
            "training.weight_decay": Sourced(1e-4, V2),
            "settings.temperature": Sourced(0.2, ADVICE),
        },
    ),
    "quick": Preset(
        "Quick",
        "A small network that learns within minutes on any computer: to see the whole way, not to get the best "
        "features.",
        {
            "encoder.name": Sourced(
                "resnet_nano", "ours: a tenth of ResNet-18's work, so that a few minutes are many passes"
            ),
            "encoder.stem": Sourced(QUICK_STEM, "ours: a quarter of the small stem's work"),
            "encoder.image_size": Sourced(32, "ours: the size of CIFAR; larger pictures are made small"),
            "encoder.patch_size": Sourced(PatchForRows(4), "ours: for a transformer in its place"),
            "training.epochs": Sourced(
                16, "ours: some 4 minutes for 5,000 pictures on two cores without bf16"
            ),
            "training.batch_size": Sourced(128, "ours: many steps on little data"),
            "training.optimizer": Sourced("adamw", "ours: needs no trust ratio's long warm-up"),
            "training.base_lr": Sourced(
                8e-3,
                "ours: 4e-3 after scaling; after 8 epochs k-NN on CIFAR-10 was 38 % with it, 37 % with half",
            ),
            "training.warmup_epochs": Sourced(1, "ours: the v2 paper's 5 % would be half an epoch"),
            "training.weight_decay": Sourced(1e-4, V2),
            "training.knn_every_epochs": Sourced(1, "ours: a point after every pass"),
            "settings.temperature": Sourced(0.2, ADVICE),
            "settings.projection_layers": Sourced(2, ADVICE),
            "settings.colour_strength": Sourced(0.5, "official CIFAR-10 recipe (README)"),
            "settings.crop_low": Sourced(0.2, "ours: 8 % of 32 px is a smear; short runs need easier pairs"),
        },
    ),
}


class SimCLR(Method):
    """Two views of a picture attract each other, all other views push them away."""

    name = "simclr"
    title = "SimCLR v2"
    paper = "https://arxiv.org/abs/2006.10029"
    use_when = "You have a ResNet, batches of some hundred pictures and few labels to fine-tune with later."
    mean, std = UNIT_MEAN, UNIT_STD  # official file tf2/data_util.py: pictures stay in 0..1
    Config = SimCLRSettings
    presets = PRESETS
    least_batch = 2
    deviations = (
        "The strength of the blur is drawn for each picture; the official code draws one for the whole batch of a view "
        "(data_util.py, batch_random_blur).",
        "An epoch is a whole number of batches here; the official code counts steps over all pictures (model.py, "
        "get_train_steps), so its runs and warm-ups are some steps longer.",
        "timm's ResNets pad both sides of a picture; the official ones pad as TensorFlow does. Encoders named "
        "simclr_resnet... pad like the official ones.",
        "No online classifier is trained beside; k-NN judges the features instead.",
    )

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        config = self.config
        self.projector = Projector(encoder.width, config.projection_width, config.projection_layers)
        if config.memory_size:
            self.memory = RowMemory(config.memory_size, config.projection_width)
            self.slow_encoder, self.slow_projector = frozen_copy(encoder), frozen_copy(self.projector)

    @property
    def config(self) -> SimCLRSettings:
        """The settings by their own type."""
        return cast("SimCLRSettings", self.settings)

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config = cast("SimCLRSettings", settings)
        distortion = _distortion(config, spec.image_size)
        view = View(spec.image_size, (config.crop_low, 1.0), flip=config.flip, distortion=distortion)
        return MultiCrop({"views": (view, view)})

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        # One pass for both views, all first ones and then all second ones: statistics of a batch norm over one view
        # alone would tell the network which view it sees.
        images = views["views"].transpose(0, 1).flatten(0, 1)  # (B, 2, C, H, W) to (2B, C, H, W)
        projections = self.projector(self.encoder.features(images))
        contrast = self._contrast(unit_length(projections))
        if self.config.memory_size:
            self._remember(views["views"][:, 0])
        loss = contrast.loss if self.config.loss_scale == "official" else 0.5 * contrast.loss
        monitors = {
            "contrastive_accuracy": contrast.accuracy,
            "contrastive_entropy": contrast.entropy,
            "hard_negatives": contrast.hardest,
        }
        return StepOutput({"contrastive": loss}, monitors)

    def _contrast(self, rows: Tensor) -> Contrast:
        """Compare (2B, D) with the rows of all processes and the memory; their gradient goes back to them all."""
        config = self.config
        first, second = rows.chunk(2)
        others = Others(gather_rows(first), gather_rows(second), rank() * len(first))
        if len(others.first) < 2:
            raise SettingsError(
                "A batch of one picture has nothing to tell it from.",
                "Take batches of two pictures or more, better of some hundred.",
                field="training.batch_size",
            )
        if config.memory_size:
            # A copy: what was compared must stay as it was until the gradient has been taken.
            others = others._replace(memory=self.memory.rows.clone(), is_filled=self.memory.is_filled)
        return nt_xent(first, second, temperature=config.temperature, others=others, hardness=config.hardness)

    @torch.no_grad()
    def _remember(self, images: Tensor) -> None:
        """Let the slow network's rows of one view (B, C, H, W) be negatives of the batches to come.

        After the loss, so that nothing is its own negative. The paper says no more than that a moving average's output
        is buffered; one view, as in MoCo, costs half as much as two.
        """
        projections = self.slow_projector(self.slow_encoder.features(images))
        self.memory.write(gather_rows(unit_length(projections)))

    @override
    def after_step(self, progress: Progress) -> None:
        if self.config.memory_size:
            follow(self.slow_encoder, self.encoder, self.config.memory_momentum)
            follow(self.slow_projector, self.projector, self.config.memory_momentum)

    @override
    def param_groups(self) -> list[ParamGroup]:
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        first, second = views["views"].unbind(1)
        return {"First view": first, "Second view": second}
