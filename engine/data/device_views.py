"""Distort a whole batch of views on the run's device: what ``colour.distort`` does for one, in torch.

Where a GPU waits for loader processes they only cut, resize and mirror; the drawn vectors travel with the pictures
(see ``multi_crop.MultiCrop.deferred``) and the GPU does the rest. Everything is computed in fp32, per picture, without
random numbers, and agrees with the loader's result within 2 levels (a few pixels of extreme jitters differ by more).
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from engine.data.drawn import BLUR_REACH, ORDERS, Drawn
from engine.data.multi_crop import DRAWN

# ITU-R 601, as in ``colour``.
LUMA = (0.299, 0.587, 0.114)


def finish_views(views: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Complete a batch of a deferred view maker on its device.

    The trainer calls it between moving a batch and normalising it; pictures without drawn vectors pass as they are.

    Args:
        views: name -> (B, V, C, h, w) uint8 on the device, name + "/drawn" -> (B, V, len(Drawn)) in host memory.

    Returns:
        name -> distorted pictures.
    """
    finished: dict[str, Tensor] = {}
    for name, pictures in views.items():
        if name.endswith(DRAWN):
            continue
        drawn = views.get(name + DRAWN)
        if drawn is not None:
            flat = distort_batch(pictures.flatten(0, -4), drawn.flatten(0, -2))
            pictures = flat.view(pictures.shape)
        finished[name] = pictures
    return finished


@torch.no_grad()
def distort_batch(images: Tensor, drawn: Tensor) -> Tensor:
    """Distort each picture as its vector says.

    Args:
        images: (B, C, h, w) uint8.
        drawn: (B, len(Drawn)) float32 in host memory: what to do to which picture is decided there, so that a GPU
            never has to be waited for.

    Returns:
        (B, C, h, w) uint8, new memory.
    """
    there = drawn.to(images.device, non_blocking=True)
    levels = _jittered(images.float(), drawn)
    if images.shape[1] == 3:
        levels = torch.where(_column(there, Drawn.GREY) > 0, _grey(levels), levels)
    levels = _blurred(levels.round(), drawn)
    levels = levels.round_().clamp_(0, 255)
    threshold = _column(there, Drawn.THRESHOLD)
    return torch.where(levels >= threshold, 255 - levels, levels).to(torch.uint8)


def _column(drawn: Tensor, place: int) -> Tensor:
    return drawn[:, place].view(-1, 1, 1, 1)


def _grey(levels: Tensor) -> Tensor:
    weights = levels.new_tensor(LUMA).view(1, 3, 1, 1)
    return (levels * weights).sum(1, keepdim=True)


def _jittered(levels: Tensor, drawn: Tensor) -> Tensor:
    """Do the four operations in each picture's own order: in each of four rounds every picture gets its next one."""
    order = drawn[:, Drawn.ORDER].long()
    table = torch.tensor(ORDERS)
    for round_ in range(len(ORDERS[0])):
        operation = torch.where(order >= 0, table[order.clamp(min=0), round_], -1)
        for number, change in enumerate((_brightness, _contrast, _saturation, _hue)):
            chosen = (operation == number).nonzero().squeeze(1)
            if len(chosen):
                index, values = chosen.to(levels.device), drawn[chosen].to(levels.device)
                levels = levels.index_copy(0, index, change(levels[index], values).clamp(0, 255))
    return levels


def _brightness(levels: Tensor, drawn: Tensor) -> Tensor:
    value = _column(drawn, Drawn.BRIGHTNESS)
    return torch.where(_column(drawn, Drawn.FORM) == 1, levels + 255 * value, levels * value)


def _contrast(levels: Tensor, drawn: Tensor) -> Tensor:
    factor = _column(drawn, Drawn.CONTRAST)
    middle = levels.mean((2, 3), keepdim=True)
    if levels.shape[1] == 3:
        middle = torch.where(_column(drawn, Drawn.FORM) == 0, _grey(middle), middle)
    return levels * factor + (1 - factor) * middle


def _saturation(levels: Tensor, drawn: Tensor) -> Tensor:
    if levels.shape[1] != 3:
        return levels
    factor = _column(drawn, Drawn.SATURATION)
    blended = levels * factor + (1 - factor) * _grey(levels)
    # S of HSV, cut at 1: the distance to the largest channel grows until the smallest is 0.
    top, bottom = levels.amax(1, keepdim=True), levels.amin(1, keepdim=True)
    most = torch.where(top > bottom, top / (top - bottom).clamp(min=1e-6), torch.ones_like(top))
    scaled = top - torch.minimum(factor, most) * (top - levels)
    return torch.where(_column(drawn, Drawn.FORM) == 0, blended, scaled)


def _hue(levels: Tensor, drawn: Tensor) -> Tensor:
    """Turn the hue of HSV and leave S and V as they are."""
    if levels.shape[1] != 3:
        return levels
    top, bottom = levels.amax(1), levels.amin(1)
    spread = top - bottom
    red, green, blue = levels.unbind(1)
    safe = spread.clamp(min=1e-6)
    sixth = torch.where(
        top == red,
        (green - blue) / safe,
        torch.where(top == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    sixth = sixth + 6 * drawn[:, Drawn.HUE].view(-1, 1, 1)
    # Each channel is the distance of the hue from that channel's own, cut to 0..1 (Smith 1978).
    offsets = levels.new_tensor((5.0, 3.0, 1.0)).view(1, 3, 1, 1)
    place = (offsets + sixth[:, None]) % 6
    share = torch.minimum(place, 4 - place).clamp(0, 1)
    return top[:, None] - spread[:, None] * share


def _blurred(levels: Tensor, drawn: Tensor) -> Tensor:
    """Blur each picture with its own kernel; those of no blur are left out."""
    chosen = (drawn[:, Drawn.SIGMA] > 0).nonzero().squeeze(1)
    if not len(chosen):
        return levels
    kernels = _kernels(drawn[chosen]).to(levels.device)
    index, radius = chosen.to(levels.device), kernels.shape[1] // 2
    some = levels[index]
    count, channels, height, width = some.shape
    rows = kernels.repeat_interleave(channels, 0)[:, None, None]
    as_channels = some.reshape(1, count * channels, height, width)
    wide = conv2d(pad(as_channels, (radius, radius, 0, 0), mode="replicate"), rows, groups=count * channels)
    high = conv2d(
        pad(wide, (0, 0, radius, radius), mode="replicate"), rows.transpose(2, 3), groups=count * channels
    )
    return levels.index_copy(0, index, high.view_as(some))


def _kernels(drawn: Tensor) -> Tensor:
    """Gaussian weights (B, taps) over the widest reach of the batch, zero beyond each picture's own."""
    sigma, taps = drawn[:, Drawn.SIGMA], drawn[:, Drawn.TAPS]
    reach = (BLUR_REACH * sigma + 0.5).floor()
    reach = torch.where(taps > 0, torch.minimum(reach, (taps / 2).floor()), reach)
    radius = max(1, int(reach.max()))
    distance = torch.arange(-radius, radius + 1, device=drawn.device).float()
    weights = torch.exp(-0.5 * (distance / sigma[:, None]) ** 2)
    weights = weights * (distance.abs() <= reach[:, None])
    return weights / weights.sum(1, keepdim=True)
