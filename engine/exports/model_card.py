"""A model card: what an exported encoder is, what it was trained on and how well it does, in Markdown."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.exports.subject import TOLERANCE, Subject
from engine.exports.timm_folder import other_stride

NAME = "README.md"
LOADING = {
    "timm": 'timm: `timm.create_model("local-dir:FOLDER", pretrained=True)`, or run `load_encoder.py`.',
    "timm with another first layer": "timm: run `load_encoder.py`; it gives timm's network the first layer for small "
    "pictures, which `timm.create_model` alone does not know.",
    "state-dict": 'torch: `network.load_state_dict(torch.load("encoder.pt", weights_only=True))`, names as in timm.',
    "onnx": 'ONNX: `onnxruntime.InferenceSession("encoder.onnx").run(["features"], {"pictures": batch})`.',
    "torch-export": 'torch.export: `torch.export.load("encoder.pt2").module()(batch)`.',
}


WHAT = {
    "cls": "the class token after the last norm",
    "mean": "the mean of the patches after the last norm",
    "places": "the mean over places of the last layer",
}


def model_card(subject: Subject, differences: Mapping[str, float]) -> str:
    """The text of the card.

    Args:
        subject: What was exported.
        differences: Format -> relative difference that was measured.
    """
    origin, recipe = dict(subject.facts.get("origin") or {}), subject.recipe
    encoder = recipe.encoder
    sizes = f"{encoder.image_size} px"
    if subject.family == "vit":
        sizes += f", patches of {encoder.patch_size} px"
    checked = [f"{name}: {difference:.1e}" for name, difference in differences.items()]
    parts = [
        _front(origin),
        f"# {subject.title}",
        f"Gives {subject.encoder.width} features a picture, {WHAT[_pooling(subject)]}; made by SSL Studio.",
        "## Use",
        _list(LOADING[_loading(name, subject)] for name in differences),
        f"Pictures: {subject.encoder.channels} channels, {sizes}, values 0..1, then minus {_numbers(subject.mean)} "
        f"and divided by {_numbers(subject.std)}.",
        "## Licence",
        _licence(origin),
        "## Training",
        _table(_training(subject)),
        "## Scores",
        _scores(subject.facts),
        "## Settings",
        _table(_settings(recipe.model_dump())),
        "## Check",
        f"Every file was loaded again and compared with the run's own features (relative difference, at most "
        f"{TOLERANCE:g} is accepted): {', '.join(checked)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _loading(name: str, subject: Subject) -> str:
    return f"{name} with another first layer" if name == "timm" and other_stride(subject) else name


def _pooling(subject: Subject) -> str:
    return subject.encoder.pooling if subject.family == "vit" else "places"


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
    source = origin.get("file", "weights from elsewhere")
    return (
        f"{flag}Started from {source}, licence {origin['licence']}. {origin.get('licence_note', '')}".strip()
    )


def _training(subject: Subject) -> dict[str, Any]:
    run, recipe = dict(subject.facts.get("run") or {}), subject.recipe
    return {
        "method": recipe.method,
        "preset": recipe.preset,
        "pictures": recipe.data.location,
        "fingerprint of the pictures": run.get("data fingerprint") or "unknown",
        "steps": run.get("step", 0),
        "pictures seen": run.get("images seen", 0),
        "seed": run.get("seed", 0),
        **{f"version of {name}": value for name, value in dict(run.get("versions") or {}).items()},
    }


def _settings(tree: Mapping[str, Any]) -> dict[str, Any]:
    parts = ("encoder", "training", "settings")
    return {f"{part}.{name}": value for part in parts for name, value in tree[part].items()}


def _scores(facts: Mapping[str, Any]) -> str:
    scores = dict(facts.get("scores") or {})
    return _table(scores) if scores else "None were measured."


def _table(values: Mapping[str, Any]) -> str:
    rows = [f"| {name} | {_cell(value)} |" for name, value in values.items()]
    return "\n".join(["| | |", "|---|---|", *rows])


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("|", "\\|").replace("\n", " ")


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _numbers(values: Iterable[float]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
