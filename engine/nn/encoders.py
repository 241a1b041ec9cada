"""Every encoder by its name, and how one is built from a recipe."""

from collections.abc import Mapping

from engine.encoder_names import SimclrDimensions, read_name
from engine.errors import SettingsError
from engine.nn.encoder import Encoder, EncoderSize
from engine.nn.resnet import RESNET_SIZES, choose_stem, make_resnet
from engine.nn.simclr_resnet import SIMCLR_SIZES, make_simclr_resnet, simclr_size
from engine.nn.vit import VIT_SIZES, check_vit, make_vit, vit_size
from engine.recipe import EncoderSettings

ENCODERS: Mapping[str, EncoderSize] = {**VIT_SIZES, **RESNET_SIZES, **SIMCLR_SIZES}


def encoder_size(name: str) -> EncoderSize:
    """Dimensions of an encoder: of the list, or as its name says them.

    Raises:
        SettingsError: If there is no such encoder.
    """
    if name in ENCODERS:
        return ENCODERS[name]
    dimensions = read_name(name)
    if dimensions is None:
        known = ", ".join(ENCODERS)
        raise SettingsError(f"There is no encoder '{name}'.", f"Choose one of {known}.", field="encoder.name")
    return simclr_size(dimensions) if isinstance(dimensions, SimclrDimensions) else vit_size(dimensions)


def make_encoder(settings: EncoderSettings, *, channels: int = 3) -> Encoder:
    """Build an untrained encoder.

    Raises:
        SettingsError: If the encoder is unknown or the patch does not divide the picture.
    """
    size = encoder_size(settings.name)
    if size.family == "resnet":
        stem = choose_stem(settings.stem, settings.image_size)
        return make_resnet(settings.name, stem=stem, channels=channels)
    dimensions = read_name(settings.name)
    if isinstance(dimensions, SimclrDimensions):
        is_small = choose_stem(settings.stem, settings.image_size) == "small"
        return make_simclr_resnet(dimensions, channels=channels, small_stem=is_small)
    check_vit(settings)
    return make_vit(
        width=size.width,
        depth=size.depth,
        heads=size.heads,
        image_size=settings.image_size,
        patch_size=settings.patch_size,
        channels=channels,
        mlp_ratio=size.mlp_ratio,
        layer_scale=settings.layer_scale,
    )
