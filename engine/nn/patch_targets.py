"""What a decoder is to predict of hidden patches: pixels, or codes of a codebook."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.masking import patchify, unpatchify
from engine.nn.normalise import Normalise
from engine.nn.patch_pixels import normalised_patches, patch_mean_and_spread

Views = Mapping[str, Tensor]


def chosen(patches: Tensor, indices: Tensor) -> Tensor:
    """The patches (B, N, L) at indices (B, M): (B, M, L)."""
    return patches.gather(1, indices.unsqueeze(-1).expand(-1, -1, patches.shape[-1]))


class PatchTarget(nn.Module):
    """What is to be predicted of a patch; frozen while the method trains.

    Args:
        outputs: Numbers predicted for a patch.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    @property
    def is_fitted(self) -> bool:
        """False while something must be learned from the training pictures before the first step."""
        return True

    def set_normalise(self, normalise: Normalise) -> None:
        """Learn what the views have passed; nothing for a target of normalised pictures."""

    def fit(self, batches: Iterator[Views]) -> None:
        """Learn from training views, as many batches as it takes; nothing by default.

        Args:
            batches: Without an end; every tensor is on the device, pictures normalised.
        """

    @property
    def note(self) -> str:
        """One sentence on what the decoder predicts, for the run's log: results are comparable only within it."""
        raise NotImplementedError

    def score(self, prediction: Tensor, views: Views, masked: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Compare predictions with the truth.

        Args:
            prediction: (B, M, outputs).
            views: The method's views.
            masked: (B, M) indices of the hidden patches.

        Returns:
            Losses (B, M) in fp32, and monitors.
        """
        raise NotImplementedError

    def draw(self, prediction: Tensor, views: Views, masked: Tensor) -> Tensor | None:  # noqa: ARG002 (a contract)
        """Pictures (B, C, H, W), normalised, right at least where patches are hidden; None where codes have none."""
        return None


class PixelTarget(PatchTarget):
    """Each patch's pixels relative to its own mean and spread, as in MAE (sec. 3, "Reconstruction target").

    Args:
        patch_size: P.
        channels: C.
    """

    def __init__(self, patch_size: int, channels: int) -> None:
        super().__init__(patch_size**2 * channels)
        self.patch_size = patch_size

    @property
    def note(self) -> str:
        """What the decoder predicts."""
        return "The decoder predicts normalised pixels, not the DALL-E codes of the paper."

    def score(self, prediction: Tensor, views: Views, masked: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean squared error of each hidden patch; see ``PatchTarget``."""
        truth = chosen(normalised_patches(views["image"], self.patch_size), masked)
        return (prediction.float() - truth).square().mean(dim=-1), {}

    def draw(self, prediction: Tensor, views: Views, masked: Tensor) -> Tensor:
        """The predicted patches with their true mean and contrast, in their places; see ``PatchTarget``."""
        return place_patches(prediction, views["image"], masked, self.patch_size)


def place_patches(normalised: Tensor, images: Tensor, masked: Tensor, patch_size: int) -> Tensor:
    """Pictures (B, C, H, W) with patches (B, M, P*P*C) in the places (B, M), given the true mean and contrast."""
    patches = patchify(images.float(), patch_size)
    mean, spread = patch_mean_and_spread(patches)
    drawn = normalised.float() * chosen(spread, masked) + chosen(mean, masked)
    placed = patches.scatter(1, masked.unsqueeze(-1).expand_as(drawn), drawn)
    return unpatchify(placed, patch_size, images.shape[2] // patch_size, images.shape[3] // patch_size)


class CodeTarget(PatchTarget):
    """The number of each patch in a codebook, learned with cross-entropy (CAE, paper, sec. 3.2).

    Args:
        outputs: Codes of the codebook.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__(outputs)
        self.fitted: Tensor
        self.perplexity: Tensor
        self.register_buffer("fitted", torch.tensor(0))
        self.register_buffer("perplexity", torch.tensor(0.0))

    @property
    def is_fitted(self) -> bool:
        """True once the codebook is there; a checkpoint remembers it."""
        return bool(self.fitted)

    def codes(self, views: Views) -> Tensor:
        """Codes (B, N) int64 of every patch, in row-major order."""
        raise NotImplementedError

    def score(self, prediction: Tensor, views: Views, masked: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy of each hidden patch; monitors accuracy and code usage; see ``PatchTarget``."""
        with torch.no_grad(), torch.autocast(prediction.device.type, enabled=False):
            codes = self.codes(views)
            truth = codes.gather(1, masked)
        logits = prediction.float()
        losses = F.cross_entropy(logits.transpose(1, 2), truth, reduction="none")
        return losses, {
            "token_accuracy": (logits.argmax(dim=-1) == truth).float().mean(),
            "code_perplexity": code_perplexity(codes, self.outputs),
        }


def code_perplexity(codes: Tensor, count: int) -> Tensor:
    """How many codes are in use: the exponential of the entropy of their shares; ``count`` where all are used alike."""
    shares = torch.bincount(codes.flatten(), minlength=count).float()
    shares = shares / shares.sum()
    entropy: Tensor = torch.special.entr(shares).sum()
    return entropy.exp()
