"""Values that follow the size of the image: patches, crops, blocks of a mask, and what small pictures cannot bear."""

import math
from dataclasses import dataclass

from engine.rules.rule import IMAGE_SIZE, PATCH_SIZE, Rows, Rule, Scaled, Situation, in_words, row_for

MOST_PATCH_PX = 16  # the papers' patch at 224 px; a larger one would throw away what a larger image brings
LEAST_CROP_PX = 4
MOST_TIMES_THE_ROWS = 3  # up to 512 px in patches of 16; nine times the patches, so many times the work


@dataclass(frozen=True)
class PatchForRows(Rule):
    """A patch that divides the image into about so many rows.

    Args:
        rows: Rows of patches wanted; the preset's own, so that its own image size gets its own patch.
    """

    kind = "patch_for_rows"
    needs = (IMAGE_SIZE,)
    rows: int

    def resolve(self, situation: Situation) -> Scaled:
        """The divisor of the image size, at most 16 px, that comes nearest; the larger one of two as near.

        Where none comes near, as for a prime number, the patch that would is taken all the same: the check of the
        recipe says which sizes fit.
        """
        size = int(situation.number(IMAGE_SIZE))
        fitting = [side for side in range(1, min(MOST_PATCH_PX, size) + 1) if size % side == 0]
        patch = min(reversed(fitting), key=lambda side: abs(math.log(size / side / self.rows)), default=1)
        if size / patch > MOST_TIMES_THE_ROWS * self.rows:
            patch = min(max(round(size / self.rows), 1), MOST_PATCH_PX)
            return Scaled(patch, f"{size} px: no patch divides it into about {self.rows} rows")
        return Scaled(patch, f"{size} px: {size // patch} rows of patches of {patch} px")


@dataclass(frozen=True)
class CropOfImage(Rule):
    """The side of a smaller crop: a share of the image, in whole patches, smaller than the image.

    Args:
        share: Side of the crop over the side of the image.
    """

    kind = "crop_of_image"
    needs = (IMAGE_SIZE, PATCH_SIZE)
    share: float

    def resolve(self, situation: Situation) -> Scaled:
        """The nearest whole number of patches, of 4 px or more."""
        size, patch = int(situation.number(IMAGE_SIZE)), max(int(situation.number(PATCH_SIZE)), 1)
        most = max((size - 1) // patch, 1)
        least = math.ceil(LEAST_CROP_PX / patch)
        crop = max(min(round(self.share * size / patch), most), least) * patch
        return Scaled(crop, f"{size} px: {crop} px, {100 * self.share:.3g} % of it in patches of {patch} px")


@dataclass(frozen=True)
class ShareOfPatches(Rule):
    """A number of patches that is a share of all.

    Args:
        share: Of the patches of an image, 0..1.
    """

    kind = "share_of_patches"
    needs = (IMAGE_SIZE, PATCH_SIZE)
    share: float

    def resolve(self, situation: Situation) -> Scaled:
        """A whole number, one at least."""
        rows = int(situation.number(IMAGE_SIZE)) // max(int(situation.number(PATCH_SIZE)), 1)
        value = max(round(self.share * rows**2), 1)
        return Scaled(value, f"{rows**2:,} patches: {value:,}, {100 * self.share:.3g} % of them")


@dataclass(frozen=True)
class BySize(Rule):
    """A value out of a table by the size of the image.

    Args:
        rows: (most pixels, value), growing; the last value holds for all larger images.
    """

    kind = "by_size"
    needs = (IMAGE_SIZE,)
    rows: Rows

    def resolve(self, situation: Situation) -> Scaled:
        """The value of the first row that is large enough."""
        size = situation.number(IMAGE_SIZE)
        value, limit = row_for(self.rows, size)
        return Scaled(value, f"{size:g} px: {in_words(value)}, {limit} px")


# Twice the small stem's stride is a quarter of its work; on larger pictures even that is many times the large one's.
QUICK_STEM = BySize(((64, "fast"), (1024, "large")))
