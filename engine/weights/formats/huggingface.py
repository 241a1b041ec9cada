"""Vision transformers of Hugging Face's library: ViT, DINO, DINOv2 and MAE, with queries, keys and values apart."""

from engine.weights.weight_format import Drop, Join, Rename, WeightFormat

_BEFORE = r"(?:state_dict/|model/)?(?:model\.)?"
_LAYER = r"^encoder\.layer\.(\d+)\."

HUGGINGFACE = WeightFormat(
    name="huggingface",
    title="Hugging Face transformer (ViT, DINO, DINOv2 or MAE)",
    signs=(
        r"(?:^|[./])embeddings\.patch_embeddings\.projection\.weight$",
        r"(?:^|[./])encoder\.layer\.0\.attention\.attention\.query\.weight$",
    ),
    roots=(rf"{_BEFORE}(?:vit|dino|dinov2|deit|backbone|encoder)\.", _BEFORE),
    source="transformers, models/vit, vit_mae and dinov2 (modeling_*.py and convert_*.py)",
    renames=(
        Rename(r"^embeddings\.cls_token$", "cls_token"),
        Rename(r"^embeddings\.position_embeddings$", "pos_embed"),
        Rename(r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
        Rename(r"^embeddings\.register_tokens$", "register_tokens"),
        Rename(r"^embeddings\.distillation_token$", "dist_token"),
        Rename(_LAYER + r"attention\.attention\.(query|key|value)\.", r"blocks.\1.attn.\2."),
        Rename(_LAYER + r"attention\.output\.dense\.", r"blocks.\1.attn.proj."),
        Rename(_LAYER + r"intermediate\.dense\.", r"blocks.\1.mlp.fc1."),
        Rename(_LAYER + r"output\.dense\.", r"blocks.\1.mlp.fc2."),
        Rename(_LAYER + r"layernorm_before\.", r"blocks.\1.norm1."),
        Rename(_LAYER + r"layernorm_after\.", r"blocks.\1.norm2."),
        Rename(_LAYER + r"layer_scale([12])\.lambda1$", r"blocks.\1.ls\2.gamma"),
        Rename(_LAYER, r"blocks.\1."),
        Rename(r"^layernorm\.", "norm."),
    ),
    joins=tuple(
        Join(f"attn.qkv.{part}", tuple(f"attn.{name}.{part}" for name in ("query", "key", "value")))
        for part in ("weight", "bias")
    ),
    drops=(
        Drop(r"(?:^|[./])decoder\.", "MAE's decoder"),
        Drop(r"(?:^|[./])embeddings\.mask_token$", "a token that only masked pretraining shows"),
        Drop(r"(?:^|[./])(?:cls_|distillation_)?classifier\.", "a classification head"),
        Drop(r"(?:^|[./])pooler\.", "a layer behind the class token that no head needs"),
    ),
)
