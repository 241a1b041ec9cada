"""A discrete VAE that turns a picture into a grid of codes and back, trained on the run's own pictures."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.normalise import Normalise
from engine.nn.patch_targets import CodeTarget, Views, code_perplexity
from engine.schedules import cosine

START_TEMPERATURE, END_TEMPERATURE = 1.0, 1 / 16  # DALL-E, appendix A.2
USAGE_WEIGHT = 0.01  # ours: holds the codes in use against a squared error of about as much
PEAK_LR = 1e-3  # ours: a small network
WARMUP_SHARE = 0.05  # ours
CLIP_NORM = 1.0  # ours


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and one of 1x1 beside the stream.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
        )

    def forward(self, places: Tensor) -> Tensor:
        """(B, width, h, w) to the same."""
        changed: Tensor = places + self.branch(places)
        return changed


class DiscreteVAE(nn.Module):
    """Encoder to logits over codes, a codebook, decoder back to pixels.

    Follows the shape of CAE's official "customized" tokenizer: convolutions of stride 2, two residual blocks, a 1x1
    convolution to the codes.

    Args:
        channels: C.
        codes: K.
        width: Channels inside.
        stride: Pixels of a code's side, a power of 2.
    """

    def __init__(self, channels: int, codes: int, width: int, stride: int) -> None:
        super().__init__()
        halvings = int(math.log2(stride))
        finest = width // 2 if halvings else width  # half as wide at full size, where most of the work is
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for number in range(halvings):
            down += [nn.Conv2d(width if number else channels, width, 4, 2, 1), nn.ReLU()]
            up = [nn.ConvTranspose2d(width, width if number else finest, 4, 2, 1), nn.ReLU(), *up]
        if not halvings:
            down = [nn.Conv2d(channels, width, 1), nn.ReLU()]
        self.encoder = nn.Sequential(
            *down, ResidualBlock(width), ResidualBlock(width), nn.Conv2d(width, codes, 1)
        )
        self.codebook = nn.Parameter(torch.randn(codes, width))
        self.decoder = nn.Sequential(
            ResidualBlock(width), ResidualBlock(width), *up, nn.Conv2d(finest, channels, 1)
        )

    def logits(self, pixels: Tensor) -> Tensor:
        """Logits (B, K, h, w) of pictures (B, C, h * stride, w * stride) in 0..1."""
        found: Tensor = self.encoder(pixels * 2 - 1)
        return found

    def pictures(self, weights: Tensor) -> Tensor:
        """Pictures in 0..1 from weights of the codes (B, K, h, w) that sum to 1 at every place."""
        places = torch.einsum("bkhw,kd->bdhw", weights, self.codebook)
        drawn: Tensor = self.decoder(places)
        return (drawn + 1) / 2

    def loss(self, pixels: Tensor, temperature: float) -> Tensor:
        """Squared error of the picture rebuilt from relaxed codes, plus a weight on uneven use of the codes.

        Follows DALL-E (sec. 2.1) in the Gumbel-softmax relaxation. The divergence from the uniform distribution is
        taken of the batch's mean instead of every place's (ours): a place may be sure, the codebook must be used.
        """
        logits = self.logits(pixels)
        drawn = self.pictures(F.gumbel_softmax(logits, temperature, dim=1))
        usage = logits.softmax(dim=1).mean(dim=(0, 2, 3))
        unevenness = math.log(len(usage)) - torch.special.entr(usage).sum()
        loss: Tensor = F.mse_loss(drawn, pixels) + USAGE_WEIGHT * unevenness
        return loss


class TokenizerTarget(CodeTarget):
    """Codes of a tokenizer that was trained on the same pictures and is frozen since.

    Its view is the method's crop at ``stride`` px a patch, without the network's normalisation.

    Args:
        codes: K.
        width: Channels inside.
        stride: Pixels of a code's side.
        steps: Batches to train on.
        normalise: What the views have passed.
    """

    def __init__(self, codes: int, width: int, stride: int, steps: int, normalise: Normalise) -> None:
        super().__init__(codes)
        self.network = DiscreteVAE(normalise.mean.numel(), codes, width, stride).requires_grad_(False)
        self.normalise, self.steps = normalise, steps
        self.error: Tensor
        self.register_buffer("error", torch.tensor(0.0))

    def set_normalise(self, normalise: Normalise) -> None:
        """Learn what the views have passed."""
        self.normalise = normalise

    @property
    def note(self) -> str:
        """What the decoder predicts."""
        found = ""
        if self.is_fitted:
            found = (
                f", {float(self.perplexity):.0f} of them in use by perplexity, error {float(self.error):.4f}"
            )
        return (
            f"The decoder predicts codes of a tokenizer trained on these pictures ({self.outputs:,} codes{found}), "
            "not the DALL-E codes of the paper."
        )

    def fit(self, batches: Iterator[Views]) -> None:
        """Train the tokenizer, then freeze it; the draws come from torch's generator."""
        network = self.network.requires_grad_(True).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LR, weight_decay=0.0)
        for step in range(self.steps):
            share = step / self.steps
            rise = min(1.0, (step + 1) / (WARMUP_SHARE * self.steps))
            for group in optimizer.param_groups:
                group["lr"] = cosine(PEAK_LR, 0.0, share) * rise
            loss = network.loss(
                self._pixels(next(batches)), cosine(START_TEMPERATURE, END_TEMPERATURE, share)
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
            optimizer.step()
        network.requires_grad_(False)
        for parameter in network.parameters():
            parameter.grad = None
        self._judge(next(batches))
        self.fitted.fill_(1)

    @torch.no_grad()
    def _judge(self, views: Views) -> None:
        """Write down how well the codes are used and how well they rebuild a batch."""
        pixels = self._pixels(views)
        codes = self.network.logits(pixels).argmax(dim=1)
        self.perplexity.copy_(code_perplexity(codes, self.outputs))
        self.error.copy_(F.mse_loss(self._drawn(codes), pixels))

    def _pixels(self, views: Views) -> Tensor:
        """The tokenizer's view in 0..1."""
        return self.normalise.undo(views["tokenizer_image"]).float() / 255

    def _drawn(self, codes: Tensor) -> Tensor:
        return self.network.pictures(F.one_hot(codes, self.outputs).permute(0, 3, 1, 2).float())

    def codes(self, views: Views) -> Tensor:
        """The likeliest code of every place (B, N); see ``CodeTarget``."""
        return self.network.logits(self._pixels(views)).argmax(dim=1).flatten(1)

    def draw(self, prediction: Tensor, views: Views, masked: Tensor) -> Tensor:
        """The picture decoded from predicted codes where hidden and true ones elsewhere; see ``PatchTarget``."""
        images, small = views["image"], views["tokenizer_image"]
        codes = self.codes(views).scatter(1, masked, prediction.argmax(dim=-1))
        rows = math.isqrt(codes.shape[1] * small.shape[2] // small.shape[3])
        pixels = self._drawn(codes.unflatten(1, (rows, -1))).clamp(0, 1)
        large = F.interpolate(pixels, size=images.shape[2:], mode="bicubic", antialias=True)
        return (large - self.normalise.mean) / self.normalise.std
