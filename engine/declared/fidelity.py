"""What a recipe does otherwise than the paper's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.declared.catalogue import MethodEntry, load_catalogue
from engine.declared.fields import FieldEntry
from engine.declared.recipes import changes_of, make_recipe
from engine.recipe import Recipe

PAPER = "paper"
# What a paper cannot say of this computer and these pictures, and what leaves the weights as they are.
OUTSIDE = frozenset(
    {
        "training.device",
        "training.processes",  # train as one, and the official codes take one for each card
        "training.workers",
        "training.seed",
        "training.precision",
        "training.knn_every_epochs",
        "training.keep_checkpoints",
        "training.checkpoint_seconds",
    }
)
# Settings that act with some optimizers alone.
OF_OPTIMIZERS: Mapping[str, tuple[str, ...]] = {
    "training.momentum": ("sgd", "lars"),
    "training.nesterov": ("sgd", "lars"),
    "training.lr_in_momentum": ("lars",),
    "training.beta1": ("adamw",),
    "training.beta2": ("adamw",),
}
OF_PICTURES = ("data.normalise", "data.channels")  # the other facts of the pictures leave the method as it is
OF_TRANSFORMERS = ("encoder.patch_size", "encoder.layer_scale")
OF_RESNETS = ("encoder.stem",)
BATCH = ("training.batch_size", "training.accumulation")


@dataclass(frozen=True)
class Deviation:
    """One difference from the paper's recipe.

    Args:
        field: Dotted name of the setting; empty for a difference that no setting makes.
        title: Its label.
        ours: Our value in words, or the sentence that says what is different.
        paper: The paper's value in words; empty for a difference that no setting makes.
        source: Where the paper's value comes from.
        consequence: What the setting does; empty where nothing is known.
    """

    field: str
    title: str
    ours: str
    paper: str
    source: str
    consequence: str = ""

    @property
    def sentence(self) -> str:
        """The difference in one line."""
        return f"{self.title}: {self.ours}; in the paper {self.paper}" if self.paper else self.ours


def fidelity(recipe: Recipe) -> list[Deviation]:
    """Every setting that is not the paper's, then what the implementation does otherwise whatever the settings.

    Only what acts is compared: a momentum where an optimizer has one, a patch where a transformer cuts pictures. The
    pictures of a step are compared as one number, however many batches they come in.

    Args:
        recipe: A valid recipe.

    Returns:
        The differences; those of the settings are empty for a method without a recipe called "paper".
    """
    method = load_catalogue().method(recipe.method)
    always = [Deviation("", "Implementation", text, "", "official code") for text in method.deviations]
    return [*(_of_settings(recipe, method) if PAPER in method.presets else ()), *always]


def _of_settings(recipe: Recipe, method: MethodEntry) -> Iterator[Deviation]:
    reference = make_recipe(recipe.method, PAPER)
    ours = _values(recipe, method)
    theirs = {**_values(reference, method), **method.presets[PAPER].papers}
    sources = method.presets[PAPER].sources
    for field in load_catalogue().fields_for(recipe.method):
        path = field.path
        if path == BATCH[0] and _step_pictures(recipe) != _step_pictures(reference):
            added = {path: sources[BATCH[1]]} if BATCH[1] in sources else {}
            numbers = _step_pictures(recipe), _step_pictures(reference)
            yield _deviation(field, *numbers, {**sources, **added}, title="Pictures a step")
        elif field.type == "string" and path.startswith("settings."):
            continue  # a place on this computer
        elif path not in BATCH and ours[path] != theirs[path] and _acts(path, recipe, reference):
            yield _deviation(field, ours[path], theirs[path], sources)


def _values(recipe: Recipe, method: MethodEntry) -> dict[str, Any]:
    """Every setting by its dotted name, "auto" resolved where the method decides it."""
    values = dict(changes_of(recipe))
    if values["data.normalise"] == "auto":
        values["data.normalise"] = method.normalise
    return values


def _step_pictures(recipe: Recipe) -> int:
    return recipe.training.batch_size * recipe.training.accumulation


def _acts(path: str, recipe: Recipe, reference: Recipe) -> bool:
    """Whether the setting changes the weights in both recipes, so that its two values can be compared."""
    if path in OUTSIDE or (path.startswith("data.") and path not in OF_PICTURES):
        return False
    families = {_family(each) for each in (recipe, reference)}
    if path in OF_TRANSFORMERS:
        return families == {"vit"}
    if path in OF_RESNETS:
        return "vit" not in families
    optimizers = {each.training.optimizer for each in (recipe, reference)}
    return optimizers <= set(OF_OPTIMIZERS.get(path, optimizers))


def _family(recipe: Recipe) -> str:
    return load_catalogue().encoder(recipe.encoder.name).family


def _deviation(
    field: FieldEntry, ours: Any, paper: Any, sources: Mapping[str, str], title: str = ""
) -> Deviation:
    return Deviation(
        field.path,
        title or field.title,
        _words(field, ours),
        _words(field, paper),
        sources.get(field.path, field.source),
        field.help,
    )


def _words(field: FieldEntry, value: Any) -> str:
    """A value as a person writes it, with its unit."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if field.path == "encoder.name":
        return load_catalogue().encoder(value).title
    number = (
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    )
    return f"{number} {field.unit}".rstrip()
