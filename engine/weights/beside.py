"""What lies beside a file of weights and says what no tensor does: config.json of timm and of transformers."""

import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import timm
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from engine.errors import CheckpointError
from engine.nn.encoder import Encoder
from engine.nn.normalise import NORMALISATIONS
from engine.nn.vit import LAYER_NORM_EPS, ViTEncoder

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
LONGEST = 1_000_000  # bytes
MOST = 20_000  # of any number in the arguments of a network
POOLS = {"token": "cls", "avg": "mean"}
_HF_TYPES = {"vit", "vit_mae", "vit_msn", "dinov2", "dino"}
_AWAY = "Move config.json away if it belongs to another file."
# Arguments that only say how a network is built; timm has others, which read files or reach a network.
_ARGUMENTS = frozenset(
    {
        "img_size",
        "patch_size",
        "in_chans",
        "embed_dim",
        "depth",
        "num_heads",
        "mlp_ratio",
        "qkv_bias",
        "qk_norm",
    }
    | {
        "init_values",
        "class_token",
        "no_embed_class",
        "reg_tokens",
        "pre_norm",
        "final_norm",
        "fc_norm",
        "global_pool",
    }
    | {"dynamic_img_size", "dynamic_img_pad", "strict_img_size", "pos_embed", "act_layer", "drop_rate"}
    | {
        "layers",
        "channels",
        "stem_width",
        "stem_type",
        "avg_down",
        "output_stride",
        "cardinality",
        "base_width",
    }
    | {"num_classes", "drop_path_rate", "block_reduce_first", "down_kernel_size", "replace_stem_pool"}
)


@dataclass(frozen=True)
class Beside:
    """What lies beside a file; empty where nothing does.

    Args:
        architecture: timm's name of the network.
        arguments: What timm makes it with.
        pool: timm's name of the way to one vector.
        heads: Attention heads.
        normalise: What pictures are normalised with, by its name here.
        is_mae: Whether it is a masked autoencoder's.
        trouble: What cannot be built here; empty where nothing is known to be so.
    """

    architecture: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    pool: str = ""
    heads: int = 0
    normalise: str = ""
    is_mae: bool = False
    trouble: str = ""

    def verify(self, encoder: Encoder) -> None:
        """Hold the encoder that was read from the tensors to the one that the configuration names.

        Raises:
            CheckpointError: If they compute something else with the same weights.
        """
        if self.trouble:
            raise CheckpointError(f"{CONFIG} beside the file says {self.trouble}.", _AWAY)
        if self.architecture and not _is_same(self.named(encoder.channels), encoder):
            raise CheckpointError(
                f"{CONFIG} beside the file says that it is a {self.architecture}, which cannot be built here; as the "
                "encoder that its tensors fit, it would give other features.",
                f"Choose another file. {_AWAY}",
            )

    def named(self, channels: int) -> nn.Module:
        """The network that is named, without a byte of memory.

        Raises:
            CheckpointError: If timm cannot build it.
        """
        arguments = {**self.arguments, "in_chans": channels, "num_classes": 0}
        if self.pool:
            arguments.setdefault("global_pool", self.pool)
        try:
            with torch.device("meta"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of names that timm has replaced
                return cast("nn.Module", timm.create_model(self.architecture, pretrained=False, **arguments))
        except Exception as problem:  # timm raises what its layers raise
            raise CheckpointError(
                f"{CONFIG} beside the file names a {self.architecture} that timm cannot build "
                f"({type(problem).__name__}).",
                _AWAY,
            ) from problem


def read_beside(path: Path, *, is_huggingface: bool) -> Beside:
    """Read the configuration beside a file of weights, as plain values.

    Args:
        path: The file of weights.
        is_huggingface: Whether its tensors have the names of transformers.

    Raises:
        CheckpointError: If it asks for something that timm would have to fetch or run.
    """
    told = _read_json(path.parent / CONFIG)
    if is_huggingface:
        return _of_transformers(told, _read_json(path.parent / PREPROCESSOR))
    name = str(told.get("architecture", "")).partition(".")[0]
    # Only a name of timm's own list: others can name a folder or an address.
    if not re.fullmatch(r"\w{1,80}", name) or not timm.is_model(name):
        return Beside()
    arguments = told.get("model_args") or {}
    if not isinstance(arguments, dict) or not all(
        key in _ARGUMENTS and _is_plain(value) for key, value in arguments.items()
    ):
        raise CheckpointError(f"{CONFIG} beside the file builds its network in a way unknown here.", _AWAY)
    trained = told.get("pretrained_cfg")
    trained = trained if isinstance(trained, dict) else {}
    pool = told.get("global_pool", arguments.get("global_pool", ""))
    found = Beside(
        architecture=name,
        arguments={key: value for key, value in arguments.items() if key not in ("img_size", "num_classes")},
        pool=pool if isinstance(pool, str) else "",
        normalise=_normalise(trained.get("mean"), trained.get("std")),
    )
    return _with_facts_of(found, found.named(3))


def _with_facts_of(found: Beside, network: Any) -> Beside:
    """The same with what the named network says where the configuration does not."""
    pool = found.pool or getattr(network, "global_pool", "")
    heads = network.blocks[0].attn.num_heads if type(network) is VisionTransformer else 0
    return replace(found, pool=pool if isinstance(pool, str) else "", heads=heads)


def _of_transformers(told: Mapping[str, Any], views: Mapping[str, Any]) -> Beside:
    heads, eps = told.get("num_attention_heads"), told.get("layer_norm_eps", 0.0)
    kind, activation = str(told.get("model_type", "")), told.get("hidden_act", "gelu")
    trouble = ""
    if kind and kind not in _HF_TYPES:
        trouble = f"that it is of the kind '{kind[:40]}', which is not known here"
    elif activation != "gelu":
        trouble = f"that its activation is '{str(activation)[:40]}', and encoders here have GELU"
    elif not isinstance(eps, int | float) or eps > LAYER_NORM_EPS * 1.01:
        trouble = "that its norms add more to a variance than encoders here do"
    return Beside(
        heads=heads if isinstance(heads, int) and 0 < heads <= MOST else 0,
        normalise=_normalise(views.get("image_mean"), views.get("image_std")),
        is_mae=kind == "vit_mae",
        trouble=trouble,
    )


def _read_json(path: Path) -> Mapping[str, Any]:
    """A table of plain values; empty where there is none, or nothing that is one."""
    try:
        if not path.is_file() or path.stat().st_size > LONGEST:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 8 and all(_is_plain(part) and not isinstance(part, list) for part in value)
    if isinstance(value, str):
        return len(value) <= 40
    return value is None or (isinstance(value, bool | int | float) and abs(value) <= MOST)


def _normalise(mean: Any, std: Any) -> str:
    """The name of a mean and a deviation here; empty where they have none."""
    for name, values in NORMALISATIONS.items():
        if all(_is_close(told, known) for told, known in zip((mean, std), values, strict=True)):
            return name
    return ""


def _is_close(told: Any, known: Sequence[float]) -> bool:
    if not isinstance(told, list) or len(told) != len(known):
        return False
    if not all(isinstance(value, int | float) for value in told):
        return False
    return all(math.isclose(value, right, abs_tol=1e-3) for value, right in zip(told, known, strict=True))


def _is_same(theirs: nn.Module, encoder: Encoder) -> bool:
    """Whether two networks of timm do the same with the same weights, by every layer's own description."""
    ours = encoder.network
    if type(theirs) is not type(ours):
        return False
    if not isinstance(encoder, ViTEncoder):
        return _described(theirs) == _described(ours)
    same = all(_described(getattr(theirs, part)) == _described(getattr(ours, part)) for part in _VIT_PARTS)
    is_read_so = POOLS.get(str(theirs.global_pool)) == encoder.pooling
    return same and is_read_so and _facts(theirs) == _facts(ours)


_VIT_PARTS = ("patch_embed", "norm_pre", "blocks")


def _described(module: nn.Module) -> str:
    """Every layer with its sizes, strides, kinds of activation and epsilons.

    Rates of dropout are left out, and whether there are biases: those that a file lacks are zero.
    """
    text = re.sub(r"(?:Dropout|DropPath)\([^)]*\)", "Identity()", repr(module))
    return text.replace("bias=False", "bias=True")


def _facts(network: Any) -> tuple[Any, ...]:
    """What the description of a transformer leaves out."""
    last = network.norm if not isinstance(network.norm, nn.Identity) else network.fc_norm
    prefix = (network.num_prefix_tokens, getattr(network, "no_embed_class", False))
    return (*prefix, repr(last), network.blocks[0].attn.num_heads)
