"""A recipe: everything that decides what a run does, as one validated tree.

A run row stores a recipe as JSON, a recipe file stores the same tree as TOML, the window edits it and the
command line overrides it. It is free of torch, so the window checks it as the person types. The settings of
the method itself stay a plain table here; the method's own declaration (or its published schema) checks them.
"""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from engine.errors import SettingsError
from engine.settings import Settings, setting
from engine.value_range import parse_value_range

MOST_PATCH_PX = 64
LEAST_IMAGE_PX, MOST_IMAGE_PX = 16, 1024


class DataSettings(Settings):
    """Which pictures a run sees."""

    location: str = setting(
        "builtin:shapes",
        "Pictures",
        source="ours: a set that is always there",
        help="A folder, a CSV list, a published data set's folder, or builtin:shapes / builtin:digits.",
        essential=True,
    )
    kind: Literal[
        "auto", "class_folders", "split_folders", "flat", "list", "cifar10", "cifar100", "stl10", "builtin"
    ] = setting("auto", "Layout", source="ours: recognised from what is in the folder")
    channels: Literal[1, 3] = setting(
        3, "Colour channels", source="official code of all methods: RGB", help="1 reads pictures as grey."
    )
    normalise: Literal["auto", "imagenet", "unit", "half"] = setting(
        "auto",
        "Normalisation",
        source="ours: auto is what the method's official code does",
        help="ImageNet's mean and deviation; unit leaves 0..1 (SimCLR); half is 0.5 and 0.5 (BEiT). Weights that a run "
        "starts from expect the one that they were trained with.",
    )
    value_range: str = setting(
        "auto",
        "Value range",
        source="ours: auto is what fits the values of a sample of the set",
        help="What is black and white in pictures deeper than 8 bits: auto, 8bit, 10bit, 12bit, 14bit, 16bit, unit (0 "
        "to 1), minus-one-one, or LOW:HIGH such as 0:4095. Pictures of 8 bits have no choice.",
    )
    held_out: float = setting(
        0.2,
        "Held out for k-NN",
        low=0.05,
        high=0.5,
        unit="share",
        source="ours: used only where the data set has labels and no validation split of its own",
    )
    cache: Literal["auto", "off", "on"] = setting(
        "auto",
        "Keep decoded pictures",
        source="ours: auto where it saves a minute of decoding or more and fits half of the free memory and disk",
        help="Results do not depend on it.",
    )
    cache_gib: float = setting(
        16.0,
        "Most space for them",
        low=0.1,
        high=10_000,
        unit="GiB",
        source="ours: 25,000 pictures of 400 x 533; older caches are removed first",
    )

    @field_validator("location")
    @classmethod
    def _name_a_place(cls, location: str) -> str:
        if not location.strip():
            raise ValueError  # as a path it would mean the folder that one happens to be in
        return location

    @field_validator("value_range")
    @classmethod
    def _name_a_range(cls, value_range: str) -> str:
        try:
            parse_value_range(value_range)
        except SettingsError as problem:
            raise ValueError(problem.fix) from problem
        return value_range.strip().lower()


class EncoderSettings(Settings):
    """The network that is kept after training, and the pictures' size as it sees them."""

    name: str = setting(
        "vit_tiny", "Encoder", source="ours: trains on a desktop; ViT-B in the papers", essential=True
    )
    image_size: int = setting(
        96,
        "Image size",
        low=LEAST_IMAGE_PX,
        high=MOST_IMAGE_PX,
        unit="px",
        source="ours: desktop pictures; 224 in the papers",
        essential=True,
    )
    patch_size: int = setting(
        8,
        "Patch size",
        low=1,
        high=MOST_PATCH_PX,
        unit="px",
        source="ours: 144 patches at 96 px; 16 px at 224 in the papers",
        essential=True,
        help="Only transformers cut pictures into patches.",
    )
    stem: Literal["auto", "large", "small", "fast"] = setting(
        "auto",
        "Stem of a ResNet",
        source="SimCLR, official file tf2/model.py: the small stem up to 32 px",
        help="Large: 7x7, stride 2, and a pool. Small: 3x3, stride 1. Fast: 3x3, stride 2, a quarter of the work.",
    )
    layer_scale: float = setting(
        0.0,
        "Layer scale",
        low=0.0,
        high=1.0,
        source="ViT paper: none; CAE starts it at 0.1",
        help="Where the learned factor on each branch of a transformer starts; 0 has none.",
    )
    weights: str = setting(
        "",
        "Start from",
        source="ours: empty starts from chance",
        help="Weights to start the encoder from: run:12 for the encoder of run 12, or a file of weights.",
    )


class TrainingSettings(Settings):
    """How long, how fast and on what a run trains."""

    epochs: int = setting(
        100, "Epochs", low=1, high=100_000, unit="epochs", source="ours: a desktop evening", essential=True
    )
    steps: int = setting(
        0,
        "Stop after steps",
        low=0,
        high=100_000_000,
        unit="steps",
        source="ours: 0 means by epochs",
        help="When above 0 it replaces the number of epochs.",
    )
    batch_size: int = setting(
        256,
        "Batch size",
        low=1,
        high=65_536,
        unit="pictures",
        help="Of all training processes together.",
        source="MAE paper, table 8 scales lr per 256",
        essential=True,
    )
    accumulation: int = setting(
        1,
        "Batches per step",
        low=1,
        high=1024,
        unit="batches",
        source="official code, --accum_iter",
        help="Gradients of so many batches are added before the weights change.",
    )
    base_lr: float = setting(
        1.5e-4,
        "Base learning rate",
        above=0,
        high=100,
        log=True,
        essential=True,
        source="MAE PRETRAIN.md, --blr",
        help="Scaled by the rule of the setting 'Scale the rate': usually it is for 256 pictures a step.",
    )
    lr_scaling: Literal["linear", "sqrt", "none"] = setting(
        "linear",
        "Scale the rate",
        source="MAE, official file main_pretrain.py: linear",
        help="Linear: base x pictures a step / 256. Sqrt: base x root of the pictures a step. None: the base itself.",
    )
    min_lr: float = setting(
        0.0, "Final learning rate", low=0, high=100, log=True, source="official code, --min_lr"
    )
    warmup_epochs: float = setting(
        40,
        "Warm-up",
        low=0,
        high=100_000,
        unit="epochs",
        source="MAE PRETRAIN.md, --warmup_epochs",
        essential=True,
    )
    warmup_form: Literal["fraction", "whole_steps", "through_peak"] = setting(
        "fraction",
        "Form of the warm-up",
        source="MAE, official file util/lr_sched.py: fraction",
        help="Fraction: by fractional epochs (MAE). Whole steps: a whole number of steps (SimCLR, BYOL). Through peak: "
        "the warm-up ends on the peak, where the cosine starts again (DINO, CAE).",
    )
    weight_decay: float = setting(
        0.05, "Weight decay", low=0, high=10, log=True, source="MAE PRETRAIN.md, --weight_decay"
    )
    weight_decay_form: Literal["constant", "cosine"] = setting(
        "constant",
        "Course of the weight decay",
        source="MAE: constant; DINO: cosine",
        help="Constant: stays where it starts. Cosine: goes to the final weight decay along half a cosine.",
    )
    weight_decay_end: float = setting(
        0.0,
        "Final weight decay",
        low=0,
        high=10,
        log=True,
        source="ours: read only where the weight decay moves",
        help="Where a weight decay that moves ends.",
    )
    optimizer: Literal["adamw", "sgd", "lars"] = setting("adamw", "Optimizer", source="MAE paper, table 8")
    momentum: float = setting(
        0.9,
        "Momentum",
        low=0,
        high=0.9999,
        source="official code of SimCLR and BYOL",
        help="Of SGD and LARS.",
    )
    nesterov: bool = setting(
        False, "Nesterov", source="official code of SimCLR and BYOL: off for LARS", help="Of SGD."
    )
    lr_in_momentum: bool = setting(
        False,
        "Rate inside the momentum",
        source="BYOL, MAE and DINO: outside; SimCLR, official file lars_optimizer.py: inside",
        help="Of LARS: the two forms differ as soon as the rate changes.",
    )
    beta1: float = setting(0.9, "Adam beta 1", low=0, high=0.9999, source="MAE paper, table 8")
    beta2: float = setting(0.95, "Adam beta 2", low=0, high=0.99999, source="MAE paper, table 8")
    clip_norm: float = setting(
        0.0,
        "Clip gradients at",
        low=0,
        high=1000,
        source="MAE official code, --clip_grad None",
        help="0 never clips.",
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto",
        "Precision",
        source="ours: bf16 where the device computes in it, else fp32",
        help="bf16 is faster and as safe; fp16 needs a loss scale; fp32 is exact to resume on a CPU as the others are.",
    )
    device: str = setting("auto", "Device", source="ours: CUDA, then MPS, then CPU")
    processes: int = setting(
        1,
        "Training processes",
        low=1,
        high=64,
        unit="processes",
        source="official code: one for each graphics card",
        help="They share every batch and train as one would: a graphics card for each, or the cores of a CPU.",
    )
    workers: int = setting(
        -1,
        "Loader processes",
        low=-1,
        high=256,
        unit="processes",
        source="ours: -1 chooses by the number of cores",
        help="Results do not depend on it.",
    )
    seed: int = setting(0, "Seed", low=0, high=2**31 - 1, source="official code, --seed 0")
    knn_every_epochs: int = setting(
        5,
        "k-NN every",
        low=0,
        high=100_000,
        unit="epochs",
        source="ours: cheap enough to see a trend; 0 never",
    )
    keep_checkpoints: int = setting(
        3,
        "Newest checkpoints kept",
        low=1,
        high=1000,
        source="ours: the best one and ten spread over the run stay as well",
    )
    checkpoint_seconds: float = setting(
        120, "Checkpoint at least every", low=1, high=86_400, unit="s", source="ours: what a crash may cost"
    )

    @model_validator(mode="before")
    @classmethod
    def _move_towards_an_end(cls, values: Any) -> Any:
        """Whoever names an end alone, as recipes did before the course had a name, wants to get there."""
        if isinstance(values, dict) and values.get("weight_decay_end") and "weight_decay_form" not in values:
            return {**values, "weight_decay_form": "cosine"}
        return values


class Recipe(Settings):
    """All that decides what a run does; a run row with this and its seed can be run again.

    ``settings`` holds the method's own settings, checked by the method's declaration.
    """

    schema_version: Literal[1] = 1
    kind: Literal["pretrain", "imported"] = "pretrain"
    method: str = "mae"
    preset: str = Field("desktop", description="Name of the method's recipe this one started from.")
    data: DataSettings = DataSettings()
    encoder: EncoderSettings = EncoderSettings()
    training: TrainingSettings = TrainingSettings()
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def held_out(self) -> float:
        """Share of each class that is kept from training to judge by; none when nothing is judged."""
        return self.data.held_out if self.training.knn_every_epochs else 0.0
