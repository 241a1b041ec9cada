"""A codebook of patches by k-means: fast, without training, the same every time."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.nn.patch_pixels import normalised_patches
from engine.nn.patch_targets import CodeTarget, Views, code_perplexity, place_patches

FINEST = 8  # px, side of a patch as the codebook sees it: a stride-8 tokenizer's cell, as in CAE
COMPONENTS = 64  # ours: of the patch's principal components; the finer ones are noise
WHITENING_EPS = (
    0.1  # Coates, Lee, Ng 2011, "An Analysis of Single-Layer Networks", for patches of unit spread
)
PATCHES_PER_CODE = 64  # ours: to fit on
SEEDS_PER_CODE = 16  # patches to choose the first centroids from, ours
TINY = 1e-12  # where all points are the same, any may be chosen
BATCH = 4096  # patches of a k-means step, ours
PASSES = 20  # ours: over the patches
CHUNK = 16_384  # patches compared with all codes at once


class PatchCodebook(CodeTarget):
    """Nearest centroid of a patch, after its mean and contrast are removed and its components whitened.

    Without the first step the codes would be brightnesses. The centroids come from mini-batch k-means (Sculley 2010,
    "Web-scale k-means clustering"); codes that nobody uses start again at a random patch. Larger patches are averaged
    down to about 8 px first.

    Args:
        codes: K.
        patch_size: P.
        channels: C.
    """

    def __init__(self, codes: int, patch_size: int, channels: int) -> None:
        super().__init__(codes)
        self.patch_size = patch_size
        self.shrink = patch_size // FINEST if patch_size % FINEST == 0 else 1
        self.side = patch_size // self.shrink
        length = self.side**2 * channels
        components = min(COMPONENTS, length)
        self.mean: Tensor
        self.whitening: Tensor
        self.centroids: Tensor
        self.patches: Tensor
        self.register_buffer("mean", torch.zeros(length))
        self.register_buffer("whitening", torch.zeros(length, components))
        self.register_buffer("centroids", torch.zeros(codes, components))
        self.register_buffer(
            "patches", torch.zeros(codes, length)
        )  # mean normalised patch of a code, to draw

    @property
    def note(self) -> str:
        """What the decoder predicts."""
        used = f", {float(self.perplexity):.0f} of them in use by perplexity" if self.is_fitted else ""
        return (
            f"The decoder predicts codes of a k-means codebook of patches ({self.outputs:,} codes{used}), "
            "not the DALL-E codes of the paper."
        )

    @torch.no_grad()
    def fit(self, batches: Iterator[Views]) -> None:
        """Find the whitening and the centroids; the draws come from torch's generator."""
        wanted, pool, count = PATCHES_PER_CODE * self.outputs, [], 0
        while count < wanted:
            pool.append(self._seen(next(batches)["image"]).flatten(0, 1))  # (B * N, L)
            count += len(pool[-1])
        patches = torch.cat(pool)[torch.randperm(count)[:wanted].to(pool[0].device)]
        self._fit_whitening(patches)
        points = (patches - self.mean) @ self.whitening
        self.centroids.copy_(mini_batch_kmeans(points, self.outputs))
        codes = nearest(points, self.centroids)
        sums = torch.zeros_like(self.patches).index_add_(0, codes, patches)
        self.patches.copy_(sums / torch.bincount(codes, minlength=self.outputs).clamp(min=1).unsqueeze(1))
        self.perplexity.copy_(code_perplexity(codes, self.outputs))
        self.fitted.fill_(1)

    def _fit_whitening(self, patches: Tensor) -> None:
        self.mean.copy_(patches.mean(dim=0))
        covariance = torch.cov(patches.T.cpu().double())
        values, vectors = torch.linalg.eigh(covariance.reshape(len(self.mean), -1))  # rising
        kept = self.whitening.shape[1]
        scale = (values[-kept:].clamp(min=0) + WHITENING_EPS).rsqrt()
        self.whitening.copy_((vectors[:, -kept:] * scale).float())

    def _seen(self, images: Tensor) -> Tensor:
        """Normalised patches (B, N, L) as the codebook sees them."""
        small = F.avg_pool2d(images.float(), self.shrink) if self.shrink > 1 else images
        return normalised_patches(small, self.side)

    def codes(self, views: Views) -> Tensor:
        """Number of the nearest centroid (B, N); see ``CodeTarget``."""
        points = (self._seen(views["image"]) - self.mean) @ self.whitening
        return nearest(points.flatten(0, 1), self.centroids).reshape(points.shape[:2])

    def draw(self, prediction: Tensor, views: Views, masked: Tensor) -> Tensor:
        """The mean patch of each predicted code, with the true mean and contrast; see ``PatchTarget``."""
        patches = self.patches[prediction.argmax(dim=-1)]  # (B, M, L)
        side, factor = self.side, self.shrink
        cells = (
            patches.unflatten(2, (side, side, -1)).repeat_interleave(factor, 2).repeat_interleave(factor, 3)
        )
        return place_patches(cells.flatten(2), views["image"], masked, self.patch_size)


def nearest(points: Tensor, centroids: Tensor) -> Tensor:
    """Number (M,) of the centroid (K, D) nearest to each point (M, D)."""
    halves = centroids.square().sum(dim=1) / 2
    return torch.cat([(halves - chunk @ centroids.T).argmin(dim=1) for chunk in points.split(CHUNK)])


def mini_batch_kmeans(points: Tensor, count: int) -> Tensor:
    """Centroids (K, D) of points (M, D) by mini-batch k-means; the draws come from torch's generator on the CPU."""
    centroids = far_apart(points[: SEEDS_PER_CODE * count], count)
    seen = torch.zeros(count, device=points.device)
    steps = math.ceil(len(points) / BATCH)
    for _ in range(PASSES):
        for _ in range(steps):
            batch = points[_some(len(points), BATCH).to(points.device)]
            codes = nearest(batch, centroids)
            counts = torch.bincount(codes, minlength=count).float()
            sums = torch.zeros_like(centroids).index_add_(0, codes, batch)
            seen += counts
            centroids += (sums - counts.unsqueeze(1) * centroids) / seen.clamp(min=1).unsqueeze(1)
        unused = (seen == 0).nonzero().flatten()
        centroids[unused] = points[_some(len(points), len(unused)).to(points.device)]
    return centroids


def far_apart(points: Tensor, count: int) -> Tensor:
    """Some of the points (M, D) to start from, likelier the farther from those before (k-means++, 2007)."""
    chosen = [points[int(torch.randint(len(points), ()))]]
    distances = torch.full((len(points),), math.inf, device=points.device)
    for _ in range(count - 1):
        distances = torch.minimum(distances, (points - chosen[-1]).square().sum(dim=1))
        chosen.append(points[int(torch.multinomial(distances.cpu() + TINY, 1))])
    return torch.stack(chosen)


def _some(total: int, count: int) -> Tensor:
    """Numbers of ``count`` things out of ``total``, each at most once where there are enough."""
    return torch.randperm(total)[:count] if count <= total else torch.randint(total, (count,))
