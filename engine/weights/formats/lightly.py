"""ResNets as lightly's examples build them: a torch Sequential of the children, so layers have numbers for names."""

from engine.weights.weight_format import Drop, Rename, WeightFormat

LIGHTLY = WeightFormat(
    name="lightly",
    title="lightly example",
    signs=(r"backbone\.0\.weight$", r"backbone\.4\.0\.conv1\.weight$"),
    roots=(r"state_dict/backbone\.", r"backbone\.", r"state_dict/model\.backbone\."),
    source="lightly, examples: nn.Sequential(*list(resnet.children())[:-1])",
    renames=(
        Rename(r"^0\.", "conv1."),
        Rename(r"^1\.", "bn1."),
        Rename(r"^4\.", "layer1."),
        Rename(r"^5\.", "layer2."),
        Rename(r"^6\.", "layer3."),
        Rename(r"^7\.", "layer4."),
    ),
    drops=(
        Drop(r"^(?:state_dict/)?backbone_momentum\.", "the momentum copy of the encoder"),
        Drop(r"^(?:state_dict/)?(?:projection|prediction)_head", "a head of pretraining"),
    ),
)
