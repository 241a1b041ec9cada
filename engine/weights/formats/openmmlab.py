"""Vision transformers of mmselfsup and mmpretrain, whose blocks are called layers."""

from engine.weights.weight_format import IMAGENET, Drop, Rename, WeightFormat

OPENMMLAB = WeightFormat(
    name="openmmlab",
    title="mmselfsup / mmpretrain transformer",
    signs=(r"^(?:state_dict/)?backbone\.layers\.0\.ln1\.weight$",),
    roots=(r"state_dict/backbone\.", r"backbone\."),
    source="open-mmlab/mmpretrain, tools/model_converters",
    renames=(
        Rename(r"^layers\.", "blocks."),
        Rename(r"^(blocks\.\d+)\.ln([12])\.", r"\1.norm\2."),
        Rename(r"^(blocks\.\d+)\.ffn\.layers\.0\.0\.", r"\1.mlp.fc1."),
        Rename(r"^(blocks\.\d+)\.ffn\.layers\.1\.", r"\1.mlp.fc2."),
        Rename(r"^patch_embed\.projection\.", "patch_embed.proj."),
        Rename(r"^ln1\.", "norm."),
    ),
    drops=(Drop(r"^(?:state_dict/)?(?:neck|head|target_generator)\.", "a head of pretraining"),),
    expects=IMAGENET,
)
