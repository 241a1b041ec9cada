"""Plain state dictionaries with timm's or torchvision's names: timm, torchvision, released DINO, converted BYOL."""

from engine.weights.weight_format import WeightFormat

PLAIN = WeightFormat(
    name="plain",
    title="plain timm or torchvision weights",
    signs=(),
    roots=("", "model/", "state_dict/", "model_state_dict/", "net/"),
    source="timm and torchvision themselves; DINO's 'backbone only' files and byol-convert write the same names",
)
