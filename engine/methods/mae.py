"""MAE: rebuild the pixels of hidden patches from the visible ones.

He et al., "Masked Autoencoders Are Scalable Vision Learners", https://arxiv.org/abs/2111.06377. Written from the paper
and checked against numbers of the official implementation; the order of operations follows its files models_mae.py
and main_pretrain.py. Shapes: B pictures, N patches, K kept, D width, P patch side, C channels.
"""

from typing import cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from engine.data.noisy_view import NoisyView
from engine.data.views import RandomResizedCrop
from engine.errors import SettingsError
from engine.method import Method, Preset, Reconstruction, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.decoder import PatchDecoder
from engine.nn.encoder import Encoder
from engine.nn.initial import xavier_init, xavier_patch_projection
from engine.nn.masking import num_kept, paint_hidden, patchify, random_mask, unpatchify
from engine.nn.patch_pixels import patch_losses, patch_mean_and_spread
from engine.nn.positions import check_position_width, sincos_2d
from engine.optim import ParamGroup, split_decay
from engine.rules import BatchWithin, EpochsForSteps, PatchForRows, ShareOfEpochs
from engine.schedules import Progress
from engine.settings import Settings, setting

PLAIN_NOTE = "The decoder predicts pixels directly. Visible patches are not trained and may be noise."
NORMALISED_NOTE = (
    "Each predicted patch is given the true patch's mean and contrast back, which the network never predicts: "
    "judge the structure inside the patches, not their brightness. Visible patches are not trained and may be noise."
)


class MAESettings(Settings):
    """Settings of MAE; defaults are the official recipe's."""

    mask_ratio: float = setting(
        0.75,
        "Mask ratio",
        low=0.0,
        high=0.99,
        unit="of patches",
        essential=True,
        source="paper, fig. 5; --mask_ratio",
        help="Share of patches hidden from the encoder. Lower is easier; 0.75 was best on ImageNet.",
    )
    normalise_targets: bool = setting(
        True,
        "Normalise each patch",
        source="PRETRAIN.md, --norm_pix_loss (the code's own default is off)",
        help="Predict a patch's pixels relative to its own mean and spread. Better features, greyer pictures.",
    )
    decoder_width: int = setting(
        512,
        "Decoder width",
        low=4,
        high=4096,
        source="paper, table 1b; --decoder_embed_dim",
        help="A multiple of 4 and of the decoder's heads.",
    )
    decoder_depth: int = setting(8, "Decoder depth", low=1, high=48, unit="blocks", source="paper, table 1a")
    decoder_heads: int = setting(16, "Decoder heads", low=1, high=64, source="official file models_mae.py")
    crop_low: float = setting(
        0.2,
        "Smallest crop",
        low=0.01,
        high=1.0,
        unit="of the area",
        source="official file main_pretrain.py, scale (0.2, 1)",
    )
    flip: float = setting(
        0.5, "Mirror", low=0.0, high=1.0, unit="probability", source="official file main_pretrain.py"
    )


def masked_mean(losses: Tensor, hidden: Tensor) -> Tensor:
    """Mean of (B, N) patch losses over the hidden patches of the whole batch (MAE, sec. 3)."""
    return (losses * hidden).sum() / hidden.sum()


OFFICIAL = "PRETRAIN.md"
PRESETS = {
    "paper": Preset(
        "Paper",
        "The official recipe: ViT-L at 224 px, 4,096 pictures a step, 800 epochs. Days on a machine with many GPUs.",
        {
            "encoder.name": Sourced("vit_large", f"{OFFICIAL}, --model mae_vit_large_patch16"),
            "encoder.image_size": Sourced(224, "official file main_pretrain.py, --input_size"),
            "encoder.patch_size": Sourced(PatchForRows(14), f"{OFFICIAL}, --model mae_vit_large_patch16"),
            "training.epochs": Sourced(800, f"{OFFICIAL}, --epochs"),
            "training.batch_size": Sourced(64, f"{OFFICIAL}, --batch_size"),
            "training.accumulation": Sourced(64, f"{OFFICIAL}: 64 GPUs; one device adds up as many batches"),
            "training.base_lr": Sourced(1.5e-4, f"{OFFICIAL}, --blr"),
            "training.warmup_epochs": Sourced(40, f"{OFFICIAL}, --warmup_epochs"),
            "training.weight_decay": Sourced(0.05, f"{OFFICIAL}, --weight_decay"),
            "training.beta2": Sourced(0.95, "paper, table 8; official file main_pretrain.py"),
            "settings.mask_ratio": Sourced(0.75, f"{OFFICIAL}, --mask_ratio"),
            "settings.normalise_targets": Sourced(True, f"{OFFICIAL}, --norm_pix_loss"),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ViT-Ti at 96 px on thousands of pictures: an evening on two cores, minutes on a GPU.",
        {
            "encoder.name": Sourced("vit_tiny", "ours: trains on a desktop"),
            "encoder.image_size": Sourced(96, "ours: keeps detail at a ninth of the pixels of 288"),
            "encoder.patch_size": Sourced(PatchForRows(12), "ours: 144 patches, near the paper's 196"),
            "training.epochs": Sourced(
                EpochsForSteps(6_000, 20, 800), "ours: small data needs many passes; the paper sees 800"
            ),
            "training.batch_size": Sourced(
                BatchWithin(128, 1 / 8), "ours: enough steps an epoch on small data"
            ),
            "training.base_lr": Sourced(
                1e-3, "official code, --blr default; small encoders and short runs bear more"
            ),
            "training.warmup_epochs": Sourced(ShareOfEpochs(0.05, 40), "paper: 40 of 800 epochs"),
            "settings.decoder_width": Sourced(
                128, "ours: two thirds of the encoder's width, as 512 is of 768"
            ),
            "settings.decoder_depth": Sourced(
                4, "ours: a third of the encoder's depth; paper, table 1a: depth matters little"
            ),
            "settings.decoder_heads": Sourced(4, "ours: 32 channels a head as in the paper's decoder"),
        },
    ),
    "quick": Preset(
        "Quick",
        "A very small encoder for a few minutes on any computer: to see the whole way, not to get good features.",
        {
            "encoder.name": Sourced("vit_nano", "ours: a step takes milliseconds"),
            "encoder.image_size": Sourced(32, "ours: the size of CIFAR; larger pictures are made small"),
            "encoder.patch_size": Sourced(PatchForRows(8), "ours: 64 patches, a third of the paper's 196"),
            "training.epochs": Sourced(16, "ours: a few minutes"),
            "training.batch_size": Sourced(64, "ours: many steps on little data"),
            "training.base_lr": Sourced(4e-3, "ours: a small network and a short run bear a high rate"),
            "training.warmup_epochs": Sourced(1, "paper: a twentieth of the run, rounded up"),
            "training.knn_every_epochs": Sourced(2, "ours: eight points on the curve"),
            "settings.decoder_width": Sourced(64, "ours: two thirds of the encoder's width"),
            "settings.decoder_depth": Sourced(2, "ours: half of the encoder's depth"),
            "settings.decoder_heads": Sourced(2, "ours: 32 channels a head as in the paper's decoder"),
        },
    ),
}


class MAE(Method):
    """An encoder sees a quarter of the patches; a light decoder rebuilds the rest."""

    name = "mae"
    title = "MAE"
    paper = "https://arxiv.org/abs/2111.06377"
    use_when = "You have pictures of many parts and will fine-tune; trains fast, needs no pairs and small batches do."
    needs_tokens = True
    judged_by_neighbours = False  # the paper judges by fine-tuning; its features are not linear (sec. 4.3)
    Config = MAESettings
    presets = PRESETS

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        config = self.config
        vit = self.vit
        # Read as the paper fine-tunes it (main_finetune.py, --global_pool): no loss asks for the class token itself.
        encoder.pooling = "mean"
        self.decoder = PatchDecoder(
            encoder_width=vit.width,
            width=config.decoder_width,
            depth=config.decoder_depth,
            heads=config.decoder_heads,
            grid=vit.grid,
            patch_values=vit.patch_size**2 * vit.channels,
            mlp_ratio=vit.mlp_ratio,  # the official class uses one for both
        )
        self._start_weights()

    @property
    def config(self) -> MAESettings:
        """The settings by their own type."""
        return cast("MAESettings", self.settings)

    def _start_weights(self) -> None:
        self.apply(xavier_init)
        network = self.vit.vit
        xavier_patch_projection(cast("nn.Conv2d", network.patch_embed.proj))
        nn.init.normal_(network.cls_token, std=0.02)
        nn.init.normal_(self.decoder.mask_token, std=0.02)
        network.pos_embed.data.copy_(sincos_2d(self.encoder.width, *self.vit.grid, class_token=True))
        network.pos_embed.requires_grad = False  # fixed in pretraining, trainable when fine-tuned

    @classmethod
    @override
    def check(cls, settings: Settings, spec: ViewSpec) -> None:
        config = cast("MAESettings", settings)
        if num_kept(spec.num_patches, config.mask_ratio) == spec.num_patches:
            raise SettingsError(
                f"A mask ratio of {config.mask_ratio:g} hides none of {spec.num_patches} patches.",
                "Raise the mask ratio: the loss is taken on hidden patches only.",
                field="settings.mask_ratio",
            )
        check_position_width(spec.width, "encoder.name")
        if config.decoder_width % config.decoder_heads:
            raise SettingsError(
                f"{config.decoder_heads} decoder heads do not divide a decoder width of {config.decoder_width}.",
                "Choose a width that is a multiple of the heads.",
                field="settings.decoder_width",
            )
        check_position_width(config.decoder_width, "settings.decoder_width")

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config = cast("MAESettings", settings)
        crop = RandomResizedCrop(spec.image_size, scale=(config.crop_low, 1.0))
        return NoisyView(crop, config.flip, spec.num_patches)

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        images, mask = views["image"], random_mask(views["noise"], self.config.mask_ratio)
        prediction = self.decoder(self.vit.tokens(images, mask.kept), mask.restore)
        losses = patch_losses(
            prediction, images, self.vit.patch_size, normalise=self.config.normalise_targets
        )
        return StepOutput({"reconstruction": masked_mean(losses, mask.hidden)})

    @override
    def param_groups(self) -> list[ParamGroup]:
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        mask = random_mask(views["noise"], cast("MAESettings", settings).mask_ratio)
        return {"View": views["image"], "Masked": paint_hidden(views["image"], mask.hidden, spec.patch_size)}

    @override
    @torch.no_grad()
    def reconstruct(self, views: Views, settings: Settings) -> Reconstruction:
        images, side = views["image"], self.vit.patch_size
        mask = random_mask(views["noise"], cast("MAESettings", settings).mask_ratio)
        prediction = self.decoder(self.vit.tokens(images, mask.kept), mask.restore).float()
        losses = patch_losses(prediction, images, side, normalise=self.config.normalise_targets)
        note = PLAIN_NOTE
        if self.config.normalise_targets:
            mean, spread = patch_mean_and_spread(patchify(images, side))
            prediction = prediction * spread + mean
            note = NORMALISED_NOTE
        predicted = unpatchify(prediction, side, *self.vit.grid)
        shown = unpatchify(mask.hidden.unsqueeze(-1).expand_as(prediction), side, *self.vit.grid).bool()
        pictures = {
            "original": images,
            "masked": paint_hidden(images, mask.hidden, side),
            "predicted": predicted,
            "pasted": torch.where(shown, predicted, images),
        }
        # The visible patches are not trained, so a picture's loss counts the hidden ones; with none hidden it is 0.
        hidden = mask.hidden.sum(dim=1).clamp(min=1)
        return Reconstruction(pictures, (losses * mask.hidden).sum(dim=1) / hidden, note)
