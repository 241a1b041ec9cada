"""Several views of one picture, for methods that compare views."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.views import View

# What a drawn vector is called beside the pictures it belongs to.
DRAWN = "/drawn"


@dataclass(frozen=True)
class MultiCrop:
    """A view maker: named groups of views, the views of one group all of one size.

    Args:
        groups: Name -> the views of a group, such as ``{"views": (first, second)}`` or, for DINO,
            ``{"global": (first, second), "local": (local,) * 6}``.
        is_deferred: Leave the distortions to the device, see ``deferred``.
    """

    groups: Mapping[str, tuple[View, ...]]
    is_deferred: bool = False

    def __call__(self, picture: Tensor, rng: np.random.Generator) -> dict[str, Tensor]:
        """Make the views of a picture (C, H, W) uint8.

        Returns:
            Name -> (V, C, size, size) uint8 for each group of V views. Where distortions are left to the device they
            are missing in these, and name + "/drawn" -> (V, len(Drawn)) float32 says what to do.
        """
        made: dict[str, Tensor] = {}
        for name, views in self.groups.items():
            if not self.is_deferred:
                made[name] = torch.stack([view(picture, rng) for view in views])
                continue
            pairs = [view.undistorted(picture, rng) for view in views]
            made[name] = torch.stack([pixels for pixels, _ in pairs])
            made[name + DRAWN] = torch.stack([drawn for _, drawn in pairs])
        return made

    def deferred(self) -> "MultiCrop":
        """The same views, distorted on the device: ``device_views.finish_views`` there completes each batch."""
        return MultiCrop(self.groups, is_deferred=True)
