"""What can be known to go wrong before a run starts: settings that contradict each other, the data or the computer."""

from collections.abc import Iterator, Sequence

from engine.declared.catalogue import load_catalogue
from engine.declared.doubts import Computer, doubts
from engine.declared.problem import DatasetFacts, Problem
from engine.plan import make_plan
from engine.recipe import MOST_IMAGE_PX, MOST_PATCH_PX, Recipe
from engine.shown import shown

MOST_ROWS = 42  # of patches that a check suggests: 42 x 42 are nine times the papers' 196


def _nearest_divisor(number: int, wanted: int) -> int:
    divisors = [side for side in range(1, min(number, MOST_PATCH_PX) + 1) if number % side == 0]
    return min(divisors, key=lambda side: abs(side - wanted))


def _check_encoder(recipe: Recipe) -> Iterator[Problem]:
    catalogue = load_catalogue()
    entry, method = catalogue.encoder(recipe.encoder.name), catalogue.method(recipe.method)
    if not method.presets:
        yield Problem(
            "method",
            f"{method.title} are not trained as they are.",
            "Choose a method, and start it from them: encoder.weights = run:NUMBER.",
        )
    if method.needs_tokens and entry.family != "vit":
        yield Problem(
            "encoder.name",
            f"{method.title} hides patches, and {entry.title} has none.",
            "Choose a transformer (ViT).",
            suggestion="vit_tiny",
        )


def _check_sizes(recipe: Recipe) -> Iterator[Problem]:
    side, patch = recipe.encoder.image_size, recipe.encoder.patch_size
    if load_catalogue().encoder(recipe.encoder.name).family != "vit" or side % patch == 0:
        return
    message = f"A patch of {patch} px does not divide an image of {side} px."
    fitting = _nearest_divisor(side, patch)
    if (
        side > MOST_ROWS * fitting
    ):  # a prime number of pixels, say: its only divisor gives a row of patches a pixel
        size = min(max(round(side / patch), 1) * patch, MOST_IMAGE_PX // patch * patch)
        fix = f"Take an image of {size} px, or another multiple of {patch}."
        yield Problem("encoder.image_size", message, fix, suggestion=size)
        return
    fix = f"Take a patch of {fitting} px, or an image size that is a multiple of {patch}."
    yield Problem("encoder.patch_size", message, fix, suggestion=fitting)


def least_batch(recipe: Recipe) -> int:
    """Pictures that each training process needs at once: as the method declares, two where the encoder is a ResNet."""
    catalogue = load_catalogue()
    has_norms = catalogue.encoder(recipe.encoder.name).family != "vit"
    return max(catalogue.method(recipe.method).least_batch, 2 if has_norms else 1)


def check_least_batch(recipe: Recipe) -> Iterator[Problem]:
    """A batch too small to compare pictures, or to normalise over them, of each process that shares it."""
    processes, batch, least = recipe.training.processes, recipe.training.batch_size, least_batch(recipe)
    if batch // processes >= least or batch % processes:
        return
    shared = f", shared by {processes} processes," if processes > 1 else ""
    title = load_catalogue().method(recipe.method).title
    suggestion = least * processes
    yield Problem(
        "training.batch_size",
        f"A batch of {batch}{shared} is too small: {title} with this encoder compares or normalises pictures of one "
        f"batch, {least} at least.",
        f"Take a batch of {suggestion} or more, better of some dozens.",
        suggestion=suggestion,
    )


def _check_batch(recipe: Recipe, num_train: int) -> Iterator[Problem]:
    batch = recipe.training.batch_size
    if num_train < 2:
        pictures = "no training picture" if num_train == 0 else "one training picture"
        yield Problem(
            "data.location",
            f"There is {pictures}; learning without labels needs at least two.",
            "Choose a larger folder.",
        )
    elif batch > num_train:
        yield Problem(
            "training.batch_size",
            f"A batch of {batch} is larger than the {num_train} training pictures.",
            f"Take a batch of {num_train} or fewer.",
            suggestion=num_train,
        )


def _check_processes(recipe: Recipe, devices: Sequence[str]) -> Iterator[Problem]:
    processes, batch, wanted = recipe.training.processes, recipe.training.batch_size, recipe.training.device
    if processes == 1:
        return
    if batch % processes:
        yield Problem(
            "training.processes",
            f"{processes} training processes cannot share a batch of {batch} evenly.",
            "Take a batch that they divide.",
            suggestion=_nearest_divisor(batch, processes),
        )
    kind = (devices[0] if wanted == "auto" else wanted).partition(":")[0]
    cards = [device for device in devices if device.startswith("cuda")]
    if kind == "mps" or (kind == "cuda" and processes > len(cards)):
        has = f"{len(cards)} graphics cards" if kind == "cuda" else "one device of this kind"
        most = max((number for number in range(1, len(cards) + 1) if batch % number == 0), default=1)
        yield Problem(
            "training.processes",
            f"{processes} training processes need as many devices, and this computer has {has}.",
            f"Take {most}, or train on the CPU.",
            suggestion=most,
        )


def _check_length(recipe: Recipe, num_train: int) -> Iterator[Problem]:
    training = recipe.training
    plan = make_plan(training, num_train)
    if training.warmup_epochs >= plan.total_epochs:
        fitting = round(plan.total_epochs / 20, 2)
        yield Problem(
            "training.warmup_epochs",
            f"A warm-up of {training.warmup_epochs:g} epochs is not shorter than the run of {plan.total_epochs:.3g}.",
            f"Shorten it, for instance to {fitting:g} epochs, or train longer.",
            suggestion=fitting,
        )
    if not training.steps and plan.batches_per_epoch * training.epochs < training.accumulation:
        yield Problem(
            "training.accumulation",
            f"The run has {plan.batches_per_epoch * training.epochs} batches, fewer than one step adds up.",
            "Add up fewer batches a step or train longer.",
            suggestion=1,
        )


def _check_decay(recipe: Recipe) -> Iterator[Problem]:
    training = recipe.training
    if training.weight_decay_form == "constant" and training.weight_decay_end:
        yield Problem(
            "training.weight_decay_form",
            f"The final weight decay of {training.weight_decay_end:g} is not reached: its course is constant.",
            "Choose the cosine, or a final weight decay of 0.",
            level="warning",
            suggestion="cosine",
        )


def _check_epochs(recipe: Recipe, num_train: int) -> Iterator[Problem]:
    """A method's own phases, all counted in epochs, must fit into the run; a run cut by steps is a mere trial."""
    if recipe.training.steps:
        return
    total = make_plan(recipe.training, num_train).total_epochs
    for field in load_catalogue().method(recipe.method).fields:
        epochs = recipe.settings.get(field.name, field.default)
        if field.unit == "epochs" and epochs > total:
            yield Problem(
                field.path,
                f"'{field.title}' takes {epochs:g} epochs, and the run has only {total:.3g}.",
                f"Lower it to {int(total)} or less, or train longer.",
                suggestion=int(total),
            )


def _check_memory(recipe: Recipe, num_train: int) -> Iterator[Problem]:
    """A memory that outlasts an epoch holds pictures twice."""
    for field in load_catalogue().method(recipe.method).fields:
        kept = recipe.settings.get(field.name, field.default)
        if field.unit == "pictures" and kept > num_train:
            yield Problem(
                field.path,
                f"'{field.title}' keeps {kept:,} pictures, more than the {num_train:,} of an epoch: each meets its own "
                "older views in it.",
                f"Take {num_train // 2:,} or fewer.",
                level="warning",
                suggestion=num_train // 2,
            )


def _check_labels(recipe: Recipe, dataset: DatasetFacts) -> Iterator[Problem]:
    method = load_catalogue().method(recipe.method)
    if method.needs_labels and len(dataset.classes) < 2:
        yield Problem(
            "data.location",
            f"{method.title} learns from labels, and these pictures have none.",
            "Choose a folder with a folder per class or a list with labels, or a method that needs none.",
        )
    if recipe.training.knn_every_epochs and len(dataset.classes) < 2:
        found = "one class" if dataset.classes else "no labels"
        yield Problem(
            "training.knn_every_epochs",
            f"These pictures have {found}, so there is no k-NN accuracy.",
            "Feature spread and effective rank are watched instead.",
            level="warning",
        )


def _check_device(recipe: Recipe, devices: Sequence[str]) -> Iterator[Problem]:
    wanted = recipe.training.device
    if wanted != "auto" and not any(
        device == wanted or device.startswith(f"{wanted}:") for device in devices
    ):
        yield Problem(
            "training.device",
            f"There is no device {shown(wanted)} on this computer.",
            f"Choose auto or one of {', '.join(devices)}.",
            suggestion="auto",
        )


def check_recipe(
    recipe: Recipe,
    dataset: DatasetFacts | None,
    devices: Sequence[str],
    computer: Computer | None = None,
) -> list[Problem]:
    """Everything known to be wrong or doubtful before the run starts, worst first.

    Args:
        recipe: A recipe whose single values are valid.
        dataset: What a scan found; None when it was not scanned yet, which leaves out what depends on it.
        devices: Names of this computer's devices.
        computer: What it has; None leaves out what a run costs.
    """
    problems = [*_check_encoder(recipe), *_check_sizes(recipe), *_check_device(recipe, devices)]
    problems += [*_check_processes(recipe, devices), *_check_decay(recipe), *check_least_batch(recipe)]
    if dataset is not None:
        problems += [
            *_check_batch(recipe, dataset.num_train),
            *_check_length(recipe, dataset.num_train),
            *_check_epochs(recipe, dataset.num_train),
            *_check_memory(recipe, dataset.num_train),
            *_check_labels(recipe, dataset),
        ]
    wrong = {problem.field for problem in problems}
    problems += [problem for problem in doubts(recipe, dataset, computer) if problem.field not in wrong]
    return sorted(problems, key=lambda problem: problem.level)
