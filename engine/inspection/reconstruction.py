"""What a trained network rebuilds of a picture."""

import torch
from torch import Tensor

from engine.data.views import EvalView
from engine.errors import SettingsError
from engine.inspection.look import Array, Look, batch_of_one, to_picture
from engine.method import Method, ViewSpec
from engine.nn.normalise import Normalise
from engine.settings import Settings

TITLES = {
    "original": "Original",
    "masked": "Masked",
    "predicted": "Predicted",
    "pasted": "Predicted, visible patches pasted",
}


def reconstruct(
    method: Method, settings: Settings, spec: ViewSpec, picture: Tensor, seed: int, *, sizes: Normalise
) -> Look:
    """Mask a picture and let the network rebuild it.

    The picture is seen whole, as evaluation sees it: what is looked at must not change with a random crop.

    Args:
        method: The trained network, in evaluation mode on the CPU.
        settings: The run's settings, perhaps with another mask ratio.
        spec: Sizes of the run.
        picture: (C, H, W) uint8 of any size.
        seed: Decides the mask.
        sizes: From pictures to what the network sees and back.

    Raises:
        SettingsError: If the method rebuilds nothing, or the mask leaves nothing to see or to rebuild.
    """
    method.check(settings, spec)
    view = EvalView(spec.image_size)(picture)
    views = batch_of_one(method.views(settings, spec), picture, seed, sizes)
    views["image"] = sizes(view.unsqueeze(0))
    with torch.no_grad():
        found = method.reconstruct(views, settings)
    if found is None:
        if type(method).reconstruct is not Method.reconstruct:
            raise SettingsError(
                "What this run predicts are codes without a way back to pixels.",
                "Choose a run that predicts pixels or codes of its own.",
            )
        raise SettingsError(
            f"{method.title} does not rebuild pictures.", "Choose a run of another method, such as MAE."
        )
    arrays = {name: to_picture(images, sizes) for name, images in found.pictures.items()}
    arrays["error"] = signed_error(found.pictures["original"], found.pictures["pasted"], sizes)
    titles = {**TITLES, "error": "Error, predicted minus original"}
    return Look(arrays, titles, {"loss": float(found.loss[0]), "note": found.note})


def signed_error(original: Tensor, predicted: Tensor, sizes: Normalise) -> Array:
    """Mean difference over channels (H, W) float32, in grey levels of 0..1: above 0 where predicted too bright."""
    difference: Array = ((predicted - original) * sizes.std)[0].mean(dim=0).float().numpy()
    return difference
