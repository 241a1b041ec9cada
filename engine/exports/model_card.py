"""A model card: what an exported encoder is, what it was trained on and how well it does, in Markdown."""

from collections.abc import Mapping
from typing import Any

from engine.evaluation_view import READINGS
from engine.exports.disclosed import name_of_place
from engine.exports.markdown import code, plain, table
from engine.exports.snippets import PICTURE, reading, using
from engine.exports.subject import TOLERANCE, Subject
from engine.exports.timm_architecture import other_stride

NAME = "README.md"
TITLES = {
    "timm": "timm",
    "state-dict": "torch, names as in timm",
    "onnx": "ONNX",
    "torch-export": "torch.export",
}
OTHER_STEM = (
    "`load_encoder.py` gives timm's network the first layer for small pictures, which `timm.create_model` alone does "
    "not know."
)
SAME_VIEW = (
    "For pictures of 8 bits, timm's own transform, made of `config.json`, is the same view: "
    "`timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))`."
)
RESIZING = (
    "The run's own scores and embeddings were made with torch's resizing, which is Pillow's within a few of 255 "
    "levels: features of the same picture differ by less than 1 %."
)


def model_card(subject: Subject, differences: Mapping[str, float]) -> str:
    """The text of the card.

    Args:
        subject: What was exported.
        differences: Format -> relative difference that was measured.
    """
    origin = dict(subject.disclosed_facts.get("origin") or {})
    encoder = subject.recipe.encoder
    sizes = f"pictures of {encoder.image_size} px"
    if subject.family == "vit":
        sizes += f" in patches of {encoder.patch_size} px"
    checked = [f"{name}: {difference:.1e}" for name, difference in differences.items()]
    parts = [
        _front(origin),
        f"# {plain(subject.title)}",
        f"Gives {subject.encoder.width} features of {sizes}: {READINGS[subject.view.reading]}. Made by SSL Studio.",
        "## Use",
        *_use(subject, differences),
        "## Licence",
        _licence(origin),
        "## Training",
        table(_training(subject)),
        "## Scores",
        _scores(subject),
        "## Settings",
        table(_settings(subject)),
        "## Check",
        f"Every file was loaded again and compared with the run's own features (relative difference, at most "
        f"{TOLERANCE:g} is accepted): {', '.join(checked)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _use(subject: Subject, formats: Mapping[str, float]) -> list[str]:
    """How pictures become features: words and code that runs in the folder, beside a picture file."""
    parts = [subject.view.words, f"In this folder, for `{PICTURE}`:", code(reading(subject))]
    for name in formats:
        parts += [f"{TITLES[name]}:", code(using(name, subject))]
        if name == "timm":
            parts.append(OTHER_STEM if other_stride(subject) else SAME_VIEW)
    return [*parts, RESIZING]


def _front(origin: Mapping[str, Any]) -> str:
    """The head that model hubs read."""
    licence = str(origin.get("licence", "other")).lower()
    known = licence if licence in ("apache-2.0", "cc-by-nc-4.0") else "other"
    return f"---\nlicense: {known}\ntags:\n- image-feature-extraction\n- self-supervised-learning\n---"


def _licence(origin: Mapping[str, Any]) -> str:
    """Whose terms the weights stand under, those of weights that training began with included."""
    if not origin.get("licence"):
        return "Trained from chance: yours, as far as the pictures allow it."
    flag = "**Commercial use is not granted.** " if origin.get("restricted") else ""
    source, licence, note = (
        plain(origin.get(key, usual))
        for key, usual in (("file", "weights from elsewhere"), ("licence", ""), ("licence_note", ""))
    )
    return f"{flag}Started from {source}, licence {licence}. {note}".strip()


def _training(subject: Subject) -> dict[str, Any]:
    run, data = (dict(subject.disclosed_facts.get(part) or {}) for part in ("run", "data"))
    return {
        "method": subject.recipe.method,
        "preset": subject.recipe.preset,
        "pictures": data.pop("name", "") or name_of_place(subject.recipe.data.location),
        **data,
        "fingerprint of the pictures": run.get("data fingerprint") or "unknown",
        "steps": run.get("step", 0),
        "pictures seen": run.get("images seen", 0),
        "seed": run.get("seed", 0),
        **{f"version of {name}": value for name, value in dict(run.get("versions") or {}).items()},
    }


def _settings(subject: Subject) -> dict[str, Any]:
    tree, parts = subject.disclosed_recipe, ("encoder", "training", "settings")
    return {f"{part}.{name}": value for part in parts for name, value in tree[part].items()}


def _scores(subject: Subject) -> str:
    scores = dict(subject.facts.get("scores") or {})
    return table(scores) if scores else "None were measured."
