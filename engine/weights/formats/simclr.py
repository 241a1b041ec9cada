"""SimCLR v2 as the torch port converts it from TensorFlow: {'resnet': ..., 'head': ...}."""

from engine.weights.weight_format import APACHE, UNIT, Drop, Rename, WeightFormat

_BLOCK = r"^net\.([1-4])\.blocks\.(\d+)"

SIMCLR = WeightFormat(
    name="simclr",
    title="SimCLR v2 (torch port)",
    signs=(r"^resnet/net\.0\.0\.weight$", r"^head/layers\."),
    roots=("resnet/",),
    source="Separius/SimCLRv2-Pytorch, convert.py; structure of google-research/simclr, tf2/resnet.py",
    renames=(
        Rename(r"^net\.0\.", "stem."),
        Rename(_BLOCK + r"\.projection\.shortcut\.(?:\d+\.)?weight$", r"layer\1.\2.downsample.conv.weight"),
        Rename(_BLOCK + r"\.projection\.bn\.0\.", r"layer\1.\2.downsample.bn."),
        Rename(_BLOCK + r"\.net\.2\.main_conv\.0\.", r"layer\1.\2.conv2.paths."),
        Rename(_BLOCK + r"\.net\.2\.main_conv\.1\.0\.", r"layer\1.\2.conv2.bn."),
        Rename(_BLOCK + r"\.net\.2\.mixing_conv\.0\.", r"layer\1.\2.conv2.squeeze."),
        Rename(_BLOCK + r"\.net\.2\.mixing_conv\.1\.0\.", r"layer\1.\2.conv2.squeeze_bn."),
        Rename(_BLOCK + r"\.net\.2\.mixing_conv\.2\.", r"layer\1.\2.conv2.choose."),
        Rename(_BLOCK + r"\.net\.0\.", r"layer\1.\2.conv1."),
        Rename(_BLOCK + r"\.net\.1\.0\.", r"layer\1.\2.bn1."),
        # With selective kernels the middle is one module and what follows it moves up by one.
        Rename(_BLOCK + r"\.net\.2\.weight$", r"layer\1.\2.conv2.weight"),
        Rename(_BLOCK + r"\.net\.3\.0\.", r"layer\1.\2.bn2."),
        Rename(_BLOCK + r"\.net\.[34]\.weight$", r"layer\1.\2.conv3.weight"),
        Rename(_BLOCK + r"\.net\.[45]\.0\.", r"layer\1.\2.bn3."),
    ),
    drops=(
        Drop(r"^head/", "the projection head of pretraining"),
        Drop(r"^resnet/fc\.", "the linear probe on ImageNet"),
    ),
    expects=UNIT,
    licence=APACHE,
    is_certain=True,
)
