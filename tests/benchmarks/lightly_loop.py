"""A plain training loop with lightly, the library a user would pick instead; started by ``bench_learning.py``.

Runs in a Python that has lightly, torch and this tree. Encoder, batch, precision, loader processes, epochs, optimizer
and rate are those of one of our recipes; views, heads and losses are lightly's with its defaults, without blur up to
64 px as in its own CIFAR benchmark. Prints one JSON line: pictures a second and k-NN before and after, by our protocol.
"""

import argparse
import copy
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from lightly import transforms
from lightly.loss import DINOLoss, NegativeCosineSimilarity, NTXentLoss
from lightly.models import utils as lightly_utils
from lightly.models.modules import MAEDecoderTIMM, MaskedVisionTransformerTIMM, heads
from lightly.transforms.byol_transform import BYOLView1Transform, BYOLView2Transform
from lightly.utils.scheduler import cosine_schedule
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from engine.data.eval_loader import make_eval_loader
from engine.data.sources import open_pictures
from engine.data.splits import knn_split
from engine.evaluation.knn import knn_accuracy
from engine.nn.encoders import make_encoder
from engine.nn.normalise import Normalise
from engine.recipe import Recipe

SMALL = 64  # px; lightly's CIFAR benchmark switches blur off


class SimCLR(nn.Module):
    """SimCLR of lightly's examples."""

    def __init__(self, encoder: nn.Module, size: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = heads.SimCLRProjectionHead(encoder.width, encoder.width, 128)
        self.criterion = NTXentLoss(temperature=0.5)
        self.transform = transforms.SimCLRTransform(size, gaussian_blur=0.0 if size <= SMALL else 0.5)

    def loss(self, views: list[Tensor], share: float) -> Tensor:
        """Contrast of both views, each encoded alone as in the examples."""
        first, second = (self.head(self.encoder.features(view)) for view in views)
        return self.criterion(first, second)


class BYOL(nn.Module):
    """BYOL of lightly's examples."""

    def __init__(self, encoder: nn.Module, size: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = heads.BYOLProjectionHead(encoder.width, 1024, 256)
        self.predict = heads.BYOLPredictionHead(256, 1024, 256)
        self.target, self.target_head = copy.deepcopy(encoder), copy.deepcopy(self.head)
        for network in (self.target, self.target_head):
            lightly_utils.deactivate_requires_grad(network)
        self.criterion = NegativeCosineSimilarity()
        blur = {"gaussian_blur": 0.0} if size <= SMALL else {}
        self.transform = transforms.BYOLTransform(
            BYOLView1Transform(size, **blur), BYOLView2Transform(size, **blur)
        )

    def loss(self, views: list[Tensor], share: float) -> Tensor:
        """Both predictions against the other view's target."""
        momentum = cosine_schedule(int(share * 1000), 1000, 0.996, 1)
        lightly_utils.update_momentum(self.encoder, self.target, m=momentum)
        lightly_utils.update_momentum(self.head, self.target_head, m=momentum)
        guessed = [self.predict(self.head(self.encoder.features(view))) for view in views]
        with torch.no_grad():
            wanted = [self.target_head(self.target.features(view)) for view in views]
        return 0.5 * (self.criterion(guessed[0], wanted[1]) + self.criterion(guessed[1], wanted[0]))


class DINO(nn.Module):
    """DINO of lightly's examples."""

    def __init__(self, encoder: nn.Module, size: int, local: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = heads.DINOProjectionHead(encoder.width, 512, 64, 2048, freeze_last_layer=1)
        self.teacher = copy.deepcopy(encoder)
        self.teacher_head = heads.DINOProjectionHead(encoder.width, 512, 64, 2048)
        for network in (self.teacher, self.teacher_head):
            lightly_utils.deactivate_requires_grad(network)
        self.criterion = DINOLoss(output_dim=2048, warmup_teacher_temp_epochs=5)
        blur = (0.0, 0.0, 0.0) if size <= SMALL else (1.0, 0.1, 0.5)
        self.transform = transforms.DINOTransform(
            global_crop_size=size, local_crop_size=local, gaussian_blur=blur
        )
        self.epoch = 0

    def loss(self, views: list[Tensor], share: float) -> Tensor:
        """Student against teacher over all crops."""
        momentum = cosine_schedule(int(share * 1000), 1000, 0.996, 1)
        lightly_utils.update_momentum(self.encoder, self.teacher, m=momentum)
        lightly_utils.update_momentum(self.head, self.teacher_head, m=momentum)
        with torch.no_grad():
            wanted = [self.teacher_head(self.teacher.features(view)) for view in views[:2]]
        guessed = [self.head(self.encoder.features(view)) for view in views]
        return self.criterion(wanted, guessed, epoch=self.epoch)


class MAE(nn.Module):
    """MAE of lightly's examples."""

    def __init__(self, encoder: nn.Module, size: int, decoder: dict[str, int]) -> None:
        super().__init__()
        self.encoder = encoder
        encoder.pooling = "mean"  # judged as ours
        self.backbone = MaskedVisionTransformerTIMM(vit=encoder.network)
        self.length = self.backbone.sequence_length
        self.patch = encoder.patch_size
        self.decoder = MAEDecoderTIMM(
            num_patches=encoder.num_patches,
            patch_size=self.patch,
            embed_dim=encoder.width,
            decoder_embed_dim=decoder["decoder_width"],
            decoder_depth=decoder["decoder_depth"],
            decoder_num_heads=decoder["decoder_heads"],
        )
        self.criterion = nn.MSELoss()
        self.transform = transforms.MAETransform(size)

    def loss(self, views: list[Tensor], share: float) -> Tensor:
        """Pixels of the hidden patches."""
        images = views[0]
        kept, masked = lightly_utils.random_token_mask(
            size=(len(images), self.length), mask_ratio=0.75, device=images.device
        )
        embedded = self.decoder.embed(self.backbone.encode(images=images, idx_keep=kept))
        hidden = lightly_utils.repeat_token(self.decoder.mask_token, (len(images), self.length))
        hidden = lightly_utils.set_at_index(hidden, kept, embedded.type_as(hidden))
        decoded = lightly_utils.get_at_index(self.decoder.decode(hidden), masked)
        target = lightly_utils.get_at_index(lightly_utils.patchify(images, self.patch), masked - 1)
        return self.criterion(self.decoder.predict(decoded), target)


def make(recipe: Recipe) -> nn.Module:
    """Lightly's network for one of our recipes, around our encoder."""
    torch.manual_seed(recipe.training.seed)
    encoder, size = make_encoder(recipe.encoder), recipe.encoder.image_size
    if recipe.method == "simclr":
        return SimCLR(encoder, size)
    if recipe.method == "byol":
        return BYOL(encoder, size)
    if recipe.method == "dino":
        return DINO(encoder, size, int(recipe.settings["local_size"]))
    return MAE(
        encoder,
        size,
        {name: int(recipe.settings[name]) for name in ("decoder_width", "decoder_depth", "decoder_heads")},
    )


@torch.no_grad()
def score(encoder: nn.Module, recipe: Recipe) -> float:
    """k-NN top-1 by the protocol and the split of our own runs."""
    pictures = open_pictures(recipe.data.location, recipe.data.kind)
    split, normalise = knn_split(pictures, recipe.held_out, recipe.training.seed), Normalise()
    encoder.eval()
    found = []
    for indices in (split.bank, split.test):
        batches = list(make_eval_loader(pictures, indices, image_size=recipe.encoder.image_size))
        features = torch.cat([encoder.features(normalise(batch.images)) for batch in batches])
        found += [features, torch.cat([batch.labels for batch in batches])]
    encoder.train()
    return knn_accuracy(*found).top1


def train_set(recipe: Recipe, transform: Callable[..., object]) -> torch.utils.data.Dataset:
    """The pictures our run trains on, through lightly's transform."""
    pictures = open_pictures(recipe.data.location, recipe.data.kind)
    wanted = {
        str(pictures.path(int(i))) for i in knn_split(pictures, recipe.held_out, recipe.training.seed).train
    }
    return ImageFolder(Path(recipe.data.location), transform, is_valid_file=lambda path: path in wanted)


def optimizer_of(recipe: Recipe, network: nn.Module, peak: float) -> torch.optim.Optimizer:
    """The kind of optimizer of the recipe; SGD stands for LARS, which lightly leaves to the user."""
    training, weights = recipe.training, [p for p in network.parameters() if p.requires_grad]
    if training.optimizer == "adamw":
        betas = (training.beta1, training.beta2)
        return torch.optim.AdamW(weights, lr=peak, betas=betas, weight_decay=training.weight_decay)
    return torch.optim.SGD(weights, lr=peak, momentum=training.momentum, weight_decay=training.weight_decay)


def run(recipe: Recipe, peak: float, workers: int, seconds: float) -> dict[str, float]:
    """Train for the recipe's epochs, or as long as given; the clock stands while k-NN is measured."""
    network = make(recipe)
    before = score(network.encoder, recipe)
    loader = DataLoader(
        train_set(recipe, network.transform),
        batch_size=recipe.training.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    optimizer = optimizer_of(recipe, network, peak)
    total, warm = len(loader) * recipe.training.epochs, len(loader) * recipe.training.warmup_epochs
    seen, step, losses, started = 0, 0, [], time.perf_counter()
    for epoch in range(recipe.training.epochs):
        network.epoch = epoch
        for views, _ in loader:
            share = step / total
            rate = (
                step / warm
                if step < warm
                else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(total - warm, 1)))
            )
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
            loss = network.loss(views, share)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            seen, step = seen + len(views[0]), step + 1
        if time.perf_counter() - started > seconds:
            break
    spent = time.perf_counter() - started
    return {
        "images_per_second": seen / spent,
        "seconds": spent,
        "knn_before": before,
        "knn_after": score(network.encoder, recipe),
        "loss_first": float(np.mean(losses[:10])),
        "loss_last": float(np.mean(losses[-10:])),
    }


def main() -> None:
    """Read the recipe, train, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, required=True, help="JSON of one of our recipes")
    parser.add_argument("--peak", type=float, required=True, help="largest learning rate")
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=math.inf)
    arguments = parser.parse_args()
    recipe = Recipe.model_validate_json(arguments.recipe.read_text())
    print(json.dumps(run(recipe, arguments.peak, arguments.workers, arguments.seconds)))


if __name__ == "__main__":
    main()
