"""Maps predicted latents of hidden patches to what they are to predict."""

from functools import partial

from timm.models.vision_transformer import Block
from torch import Tensor, nn

from engine.nn.transformer_shape import TransformerShape
from engine.nn.vit import LAYER_NORM_EPS


class QueryDecoder(nn.Module):
    """A transformer over hidden patches only: it never sees a visible one (CAE, paper, sec. 3.1).

    Args:
        shape: Dimensions of its blocks.
        depth: Number of blocks.
        outputs: Numbers predicted for a patch.
    """

    def __init__(self, shape: TransformerShape, depth: int, outputs: int) -> None:
        super().__init__()
        make_block = partial(
            Block,
            shape.width,
            shape.heads,
            mlp_ratio=shape.mlp_ratio,
            qkv_bias=True,
            init_values=shape.layer_scale or None,
            norm_layer=partial(nn.LayerNorm, eps=LAYER_NORM_EPS),
        )
        self.blocks = nn.Sequential(*(make_block(drop_path=rate) for rate in shape.drop_paths(depth)))
        self.norm = nn.LayerNorm(shape.width, eps=LAYER_NORM_EPS)
        self.predict = nn.Linear(shape.width, outputs)

    def forward(self, latents: Tensor, positions: Tensor) -> Tensor:
        """Predict from latents (B, M, D) and their positions (B, M, D); returns (B, M, outputs)."""
        prediction: Tensor = self.predict(self.norm(self.blocks(latents + positions)))
        return prediction
