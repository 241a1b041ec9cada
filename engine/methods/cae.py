"""CAE: predict the representations of hidden patches from the visible ones, and from those what was hidden.

Chen et al., "Context Autoencoder for Self-Supervised Representation Learning", https://arxiv.org/abs/2202.03026.
Written from the paper and checked against numbers of the official implementation. Shapes: B pictures, N patches,
K visible, M hidden, D width, P patch side, C channels.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from engine.data.block_mask import BlockShape
from engine.data.masked_view import MaskedView
from engine.errors import SettingsError
from engine.method import Method, Preset, Reconstruction, Sourced, StepOutput, ViewMaker, Views, ViewSpec
from engine.nn.dalle_encoder import STRIDE, DalleTarget
from engine.nn.encoder import Encoder
from engine.nn.initial import xavier_init
from engine.nn.latent_spread import latent_spread
from engine.nn.masking import paint_hidden, unpatchify
from engine.nn.normalise import Normalise
from engine.nn.patch_codebook import PatchCodebook
from engine.nn.patch_targets import PatchTarget, PixelTarget, chosen
from engine.nn.positions import check_position_width, sincos_2d
from engine.nn.query_decoder import QueryDecoder
from engine.nn.regressor import LatentRegressor
from engine.nn.tokenizer import TokenizerTarget
from engine.nn.transformer_shape import TransformerShape
from engine.optim import ParamGroup, split_decay
from engine.rules import BatchWithin, EpochsForSteps, PatchForRows, ShareOfEpochs, ShareOfPatches
from engine.schedules import Progress
from engine.settings import Settings, setting

TOKEN_STD = 0.02  # official file models/modeling_cae.py; cut off at one standard deviation
NOTE = "Hidden patches only are predicted; the decoder sees no visible one. {target}"


class CAESettings(Settings):
    """Settings of CAE; defaults are the official recipe's but for the target, which needs no file."""

    target: Literal["pixels", "kmeans", "tokenizer", "dalle"] = setting(
        "pixels",
        "Predict",
        essential=True,
        source="ours: the paper's DALL-E codes need a file; MAE, table 1d: normalised pixels are no worse",
        help="Pixels of each patch; codes of a k-means codebook of patches; codes of a tokenizer trained first on the "
        "same pictures; or DALL-E's codes from a file. Results are comparable only for the same choice.",
    )
    dalle_file: str = setting(
        "",
        "DALL-E encoder",
        source="ours: the file is not ours to give",
        help="Path of encoder.pkl or of its weights; used when DALL-E's codes are predicted. No code in it is run.",
    )
    codes: int = setting(
        512,
        "Codes",
        low=2,
        high=65_536,
        source="ours: small data leaves most of the paper's 8,192 unused",
        help="Of the k-means codebook or the tokenizer; DALL-E has 8,192.",
    )
    tokenizer_width: int = setting(
        64, "Tokenizer width", low=8, high=1024, unit="channels", source="ours: official customized one 256"
    )
    tokenizer_steps: int = setting(
        2000,
        "Tokenizer training",
        low=1,
        high=10_000_000,
        unit="batches",
        source="ours: minutes on two cores",
    )
    mask_ratio: float = setting(
        0.5,
        "Mask ratio",
        low=0.0,
        high=0.99,
        unit="of patches",
        essential=True,
        source="official scripts, --num_mask_patches 98 of 196",
        help="Share of patches hidden from the encoder.",
    )
    mask: Literal["blocks", "scattered"] = setting(
        "blocks",
        "Mask",
        source="official scripts, --mask_generator block",
        help="Whole blocks are harder to guess.",
    )
    smallest_block: int = setting(
        16,
        "Smallest block",
        low=1,
        high=4096,
        unit="patches",
        source="official file run_pretraining.py, --min_mask_patches_per_block",
        help="Of 196 patches; take fewer on a smaller grid.",
    )
    align_weight: float = setting(
        2.0,
        "Alignment weight",
        low=0.0,
        high=1000,
        source="paper, sec. 3.2; --dual_loss_weight 2",
        help="Of the distance between predicted and true latents. Beside pixels it weighs about five times as much as "
        "beside codes.",
    )
    regressor_depth: int = setting(
        4, "Regressor depth", low=1, high=48, unit="blocks", source="official scripts, --regressor_depth"
    )
    decoder_depth: int = setting(
        4, "Decoder depth", low=1, high=48, unit="blocks", source="official scripts, --decoder_depth"
    )
    decoder_width: int = setting(
        0,
        "Regressor and decoder width",
        low=0,
        high=4096,
        source="official CAE-B: the encoder's",
        help="0 is the encoder's width; another one puts a projection between.",
    )
    decoder_heads: int = setting(
        0,
        "Regressor and decoder heads",
        low=0,
        high=64,
        source="official CAE-B: 12, as the encoder's",
        help="0 is as many as the encoder has.",
    )
    layer_scale: float = setting(
        0.1,
        "Layer scale of regressor and decoder",
        low=0.0,
        high=1.0,
        source="official code: 0.1 whatever the command line says",
    )
    drop_path: float = setting(
        0.1, "Drop path", low=0.0, high=0.9, unit="probability", source="official scripts, --drop_path 0.1"
    )
    crop_low: float = setting(
        0.08,
        "Smallest crop",
        low=0.01,
        high=1.0,
        unit="of the area",
        source="official file run_pretraining.py, --crop_min_size 0.08",
    )
    flip: float = setting(
        0.5, "Mirror", low=0.0, high=1.0, unit="probability", source="official file furnace/datasets.py"
    )


def num_masked(num_patches: int, mask_ratio: float) -> int:
    """M = int(N * ratio), as the official scattered masks count."""
    return int(num_patches * mask_ratio)


def tokenizer_stride(settings: CAESettings, patch_size: int) -> int:
    """Pixels of a code's side; 0 where no tokenizer looks. Ours follows small patches, so that nothing is enlarged."""
    if settings.target == "dalle":
        return STRIDE
    if settings.target != "tokenizer":
        return 0
    return min(patch_size, STRIDE) if patch_size in (1, 2, 4) else STRIDE


def hidden_of(views: Views) -> Tensor:
    """(B, N), 1 where a patch is hidden."""
    kept, masked = views["kept"], views["masked"]
    hidden = torch.zeros(len(masked), kept.shape[1] + masked.shape[1], device=masked.device)
    return hidden.scatter_(1, masked, 1.0)


SCRIPT = "official script cae_base_800e.sh"
SMALL_CROP = Sourced(0.2, "MAE, official file main_pretrain.py: small pictures lose less")
LEAST_LR = Sourced(1e-5, "official scripts, --min_lr")
OFFICIAL_TRAINING = {
    "encoder.layer_scale": Sourced(0.1, "official scripts, --layer_scale_init_value"),
    "training.warmup_form": Sourced("through_peak", "official file furnace/utils.py, cosine_scheduler"),
    "training.weight_decay": Sourced(0.05, "official scripts, --weight_decay"),
    "training.beta2": Sourced(0.999, "official code: AdamW's own, whatever the help says"),
    "training.clip_norm": Sourced(3.0, "official scripts, --clip_grad"),
}
PRESETS = {
    "paper": Preset(
        "Paper",
        "The official CAE-B at 224 px, 2,048 pictures a step, 800 epochs (its short recipe: 300, warm-up 10). It "
        "predicts codes of a tokenizer trained on your pictures; give DALL-E's encoder for the paper's own.",
        {
            **OFFICIAL_TRAINING,
            "encoder.name": Sourced("vit_base", f"{SCRIPT}, --model cae_base_patch16_224"),
            "encoder.image_size": Sourced(224, "official file run_pretraining.py, --input_size"),
            "encoder.patch_size": Sourced(PatchForRows(14), f"{SCRIPT}, --model cae_base_patch16_224"),
            "training.epochs": Sourced(800, f"{SCRIPT}, --epochs"),
            "training.batch_size": Sourced(64, f"{SCRIPT}, --batch_size"),
            "training.accumulation": Sourced(
                32, f"{SCRIPT}: 2,048 a step; one device adds up as many batches"
            ),
            "training.lr_scaling": Sourced("none", "official code does not scale"),
            "training.base_lr": Sourced(1.5e-3, f"{SCRIPT}, --lr, for 2,048 pictures a step"),
            "training.min_lr": LEAST_LR,
            "training.warmup_epochs": Sourced(20, f"{SCRIPT}, --warmup_epochs"),
            "settings.target": Sourced(
                "tokenizer",
                "official --discrete_vae_type customized; its default dall-e needs a file",
                paper="dalle",
            ),
            "settings.smallest_block": Sourced(ShareOfPatches(16 / 196), "official run_pretraining.py"),
            "settings.codes": Sourced(8192, "paper, sec. 4: DALL-E's"),
            "settings.tokenizer_width": Sourced(256, "official customized tokenizer"),
            "settings.tokenizer_steps": Sourced(
                100_000, "ours: half of an epoch on ImageNet at 64 a batch, five times"
            ),
        },
    ),
    "desktop": Preset(
        "Desktop",
        "ViT-Ti at 96 px on thousands of pictures: an evening on two cores, minutes on a GPU.",
        {
            **OFFICIAL_TRAINING,
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
                7.5e-4,
                "ours: the official 1.5e-3 per 2,048 is 1.9e-4 per 256; a small encoder bears four times that",
            ),
            "training.warmup_epochs": Sourced(
                ShareOfEpochs(0.05, 40), "official 1600-epoch script: a fortieth; ours: a twentieth"
            ),
            "settings.smallest_block": Sourced(ShareOfPatches(1 / 9), "ours: 16 of 144; official 16 of 196"),
            "settings.regressor_depth": Sourced(2, "ours: half of the paper's, for a thinner encoder"),
            "settings.decoder_depth": Sourced(2, "ours: half of the paper's, for a thinner encoder"),
            "settings.align_weight": Sourced(1.0, "ours: half, because pixels' loss is smaller than codes'"),
            "settings.crop_low": SMALL_CROP,
        },
    ),
    "quick": Preset(
        "Quick",
        "A very small encoder for a few minutes on any computer: to see the whole way, not to get good features.",
        {
            **OFFICIAL_TRAINING,
            "encoder.name": Sourced("vit_nano", "ours: a step takes milliseconds"),
            "encoder.image_size": Sourced(32, "ours: small pictures, many steps"),
            "encoder.patch_size": Sourced(PatchForRows(4), "ours: 16 patches, a quarter of the work of 64"),
            "training.epochs": Sourced(20, "ours: a few minutes"),
            "training.batch_size": Sourced(64, "ours: many steps on little data"),
            "training.base_lr": Sourced(
                6e-3, "ours: 32 times the official rate per picture; a small network and a short run bear it"
            ),
            "training.warmup_epochs": Sourced(1, "ours: a twentieth of the run"),
            "training.knn_every_epochs": Sourced(2, "ours: ten points on the curve"),
            "settings.regressor_depth": Sourced(2, "ours: half of the encoder's depth"),
            "settings.decoder_depth": Sourced(1, "ours: a quarter of the encoder's depth"),
            "settings.align_weight": Sourced(1.0, "ours: half, because pixels' loss is smaller than codes'"),
            "settings.smallest_block": Sourced(ShareOfPatches(1 / 8), "ours: 2 of 16; official 16 of 196"),
            "settings.drop_path": Sourced(0.0, "ours: four blocks and a short run need no such noise"),
            "settings.crop_low": SMALL_CROP,
        },
    ),
}


class CAE(Method):
    """The encoder sees visible patches; a regressor predicts the hidden ones' latents, a decoder what they show."""

    name = "cae"
    title = "CAE"
    paper = "https://arxiv.org/abs/2202.03026"
    use_when = "You want features of parts that a small probe can read; needs no pairs, and small batches do."
    needs_tokens = True
    deviations = (
        "Keys of the attention have a bias, as in timm; the softmax cancels it. The official layers have none.",
        "Where codes of a tokenizer are the target, it is trained just before the first step, on the run's own "
        "pictures.",
    )
    judged_by_neighbours = False  # the paper judges by fine-tuning and attentive probing (sec. 4)
    Config = CAESettings
    presets = PRESETS

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        super().__init__(settings, encoder)
        config, vit = self.config, self.vit
        width = config.decoder_width or vit.width
        heads = config.decoder_heads or int(vit.vit.blocks[0].attn.num_heads)
        _check_heads(width, heads)
        encoder.set_drop_path(config.drop_path)
        # No loss reaches the class token's output; the paper fine-tunes the mean of the patches (sec. 4).
        encoder.pooling = "mean"
        self.project = (
            nn.Identity()
            if width == vit.width
            else nn.Sequential(nn.Linear(vit.width, width), nn.LayerNorm(width, eps=1e-6))
        )
        self.positions: Tensor
        table = sincos_2d(width, *vit.grid, class_token=False, first="row")
        self.register_buffer("positions", table.unsqueeze(0))  # (1, N, width)
        self.target = self._make_target()
        shape = TransformerShape(width, heads, vit.mlp_ratio, config.layer_scale, config.drop_path)
        self.regressor = LatentRegressor(shape, config.regressor_depth)
        self.decoder = QueryDecoder(shape, config.decoder_depth, self.target.outputs)
        self._start_weights()

    @property
    def config(self) -> CAESettings:
        """The settings by their own type."""
        return cast("CAESettings", self.settings)

    def _make_target(self) -> PatchTarget:
        config, vit = self.config, self.vit
        if config.target == "pixels":
            return PixelTarget(vit.patch_size, vit.channels)
        if config.target == "kmeans":
            return PatchCodebook(config.codes, vit.patch_size, vit.channels)
        normalise = type(self).normalise(vit.channels)
        if config.target == "dalle":
            return DalleTarget(config.dalle_file, normalise)
        stride = tokenizer_stride(config, vit.patch_size)
        return TokenizerTarget(
            config.codes, config.tokenizer_width, stride, config.tokenizer_steps, normalise
        )

    def _start_weights(self) -> None:
        """Linear layers Xavier, patch embedding and tokens normal: what the official code's overrides leave."""
        for part in (self.encoder, self.project, self.regressor, self.decoder):
            part.apply(xavier_init)
        network = self.vit.vit
        projection = cast("nn.Conv2d", network.patch_embed.proj)
        for tensor in (projection.weight, network.cls_token, self.regressor.mask_token):
            nn.init.trunc_normal_(tensor, std=TOKEN_STD, a=-TOKEN_STD, b=TOKEN_STD)
        if projection.bias is not None:
            nn.init.zeros_(projection.bias)
        table = sincos_2d(self.encoder.width, *self.vit.grid, class_token=True, first="row")
        network.pos_embed.data.copy_(table)
        network.pos_embed.requires_grad = False

    @classmethod
    @override
    def check(cls, settings: Settings, spec: ViewSpec) -> None:
        config = cast("CAESettings", settings)
        hidden = num_masked(spec.num_patches, config.mask_ratio)
        if not 0 < hidden < spec.num_patches:
            raise SettingsError(
                f"A mask ratio of {config.mask_ratio:g} hides {hidden} of {spec.num_patches} patches.",
                "Choose one that hides some and leaves some.",
                field="settings.mask_ratio",
            )
        check_position_width(spec.width, "encoder.name")
        check_position_width(config.decoder_width, "settings.decoder_width")
        _check_heads(config.decoder_width or spec.width, config.decoder_heads or spec.heads)
        if config.target == "dalle" and not config.dalle_file:
            raise SettingsError(
                "DALL-E's codes need its encoder, which is not part of this program.",
                "Give its file, or predict pixels or codes of a tokenizer trained on your pictures.",
                field="settings.dalle_file",
            )

        if config.target != "pixels" and spec.processes > 1:
            raise SettingsError(
                "Codes are made ready before the first step, which one process does alone.",
                "Train with one process, or predict pixels.",
                field="training.processes",
            )

    @classmethod
    @override
    def views(cls, settings: Settings, spec: ViewSpec) -> ViewMaker:
        config = cast("CAESettings", settings)
        rows = spec.image_size // spec.patch_size
        return MaskedView(
            spec.image_size,
            rows,
            num_masked(spec.num_patches, config.mask_ratio),
            BlockShape(config.smallest_block) if config.mask == "blocks" else None,
            scale=(config.crop_low, 1.0),
            flip=config.flip,
            tokenizer_size=rows * tokenizer_stride(config, spec.patch_size),
        )

    @override
    def set_normalise(self, normalise: Normalise) -> None:
        self.target.set_normalise(normalise)

    @property
    @override
    def needs_fitting(self) -> bool:
        return not self.target.is_fitted

    @override
    def before_training(self, batches: Iterator[Views]) -> None:
        self.target.fit(batches)

    @property
    @override
    def notes(self) -> Sequence[str]:
        return (self.target.note,)

    def latents(self, images: Tensor, kept: Tensor, masked: Tensor) -> tuple[Tensor, Tensor]:
        """Latents of the hidden patches, as predicted and as they are.

        The true ones come from the same encoder in the same mode, which sees the class token and the hidden patches
        only, and no gradient flows into them. They come second: autocast keeps the casts of weights, and those made
        without gradient would serve the other pass as well.

        Args:
            images: (B, C, H, W), normalised.
            kept: (B, K) indices of the visible patches.
            masked: (B, M) indices of the hidden ones.

        Returns:
            Two tensors (B, M, width).
        """
        table = self.positions.expand(len(images), -1, -1)
        visible = self.project(self.vit.tokens(images, kept)[:, 1:])
        predicted = self.regressor(visible, chosen(table, masked), chosen(table, kept))
        with torch.no_grad():
            true = self.project(self.vit.tokens(images, masked)[:, 1:])
        return predicted, true

    def decode(self, predicted: Tensor, masked: Tensor) -> Tensor:
        """What the hidden patches show (B, M, outputs), from predicted latents (B, M, width)."""
        prediction: Tensor = self.decoder(
            predicted, chosen(self.positions.expand(len(masked), -1, -1), masked)
        )
        return prediction

    @override
    def forward(self, views: Views, progress: Progress) -> StepOutput:
        predicted, true = self.latents(views["image"], views["kept"], views["masked"])
        losses, monitors = self.target.score(self.decode(predicted, views["masked"]), views, views["masked"])
        predicted, true = predicted.float(), true.float()
        alignment = F.mse_loss(predicted, true)
        with torch.no_grad():
            monitors["latent_cosine"] = F.cosine_similarity(predicted, true, dim=-1).mean()
        monitors["latent_std"] = latent_spread(true, views["masked"], self.vit.num_patches)
        return StepOutput(
            {"prediction": losses.mean(), "alignment": self.config.align_weight * alignment}, monitors
        )

    @override
    def param_groups(self) -> list[ParamGroup]:
        # The official skip list is the encoder's own and not reached: class and mask token decay.
        return split_decay(self.named_parameters())

    @classmethod
    @override
    def preview(cls, settings: Settings, spec: ViewSpec, views: Views) -> dict[str, Tensor]:
        hidden = hidden_of(views)
        return {"View": views["image"], "Masked": paint_hidden(views["image"], hidden, spec.patch_size)}

    @override
    @torch.no_grad()
    def reconstruct(self, views: Views, settings: Settings) -> Reconstruction | None:
        images, masked, side = views["image"], views["masked"], self.vit.patch_size
        stride = tokenizer_stride(self.config, side)
        if stride:  # the picture shown is not the crop that the view was made of
            size = (self.vit.grid[0] * stride, self.vit.grid[1] * stride)
            small = F.interpolate(images, size=size, mode="bicubic", antialias=True)
            views = {**views, "tokenizer_image": small}
        predicted, _ = self.latents(images, views["kept"], masked)
        prediction = self.decode(predicted, masked)
        drawn = self.target.draw(prediction, views, masked)
        if drawn is None:
            return None
        losses, _ = self.target.score(prediction, views, masked)
        hidden = hidden_of(views)
        places = hidden.unsqueeze(-1).expand(-1, -1, side**2 * self.vit.channels)
        shown = unpatchify(places, side, *self.vit.grid).bool()
        pictures = {
            "original": images,
            "masked": paint_hidden(images, hidden, side),
            "predicted": torch.where(shown, drawn, torch.zeros_like(drawn)),
            "pasted": torch.where(shown, drawn, images),
        }
        return Reconstruction(pictures, losses.mean(dim=1), NOTE.format(target=self.target.note))


def _check_heads(width: int, heads: int) -> None:
    if width % heads:
        raise SettingsError(
            f"{heads} heads do not divide a regressor and decoder width of {width}.",
            "Choose a width that is a multiple of the heads.",
            field="settings.decoder_width",
        )
