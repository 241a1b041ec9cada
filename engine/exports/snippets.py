"""Lines of Python that use an exported encoder, for its card: they need torch, torchvision and what a format is for."""

from engine.exports.subject import Subject
from engine.exports.timm_architecture import architecture, other_stride, stem_lines
from engine.value_range import parse_value_range

PICTURE = "picture.jpg"
_READ = """import torch
from PIL import Image, ImageOps
from torchvision import transforms

view = transforms.Compose([
    transforms.Resize({resized}, transforms.InterpolationMode.BICUBIC),
    transforms.CenterCrop({size}),
    transforms.ToTensor(),
    transforms.Normalize({mean}, {std}),
])


{function}


pictures = torch.stack([read("{picture}")])"""

_FUNCTION = '''def read(file):
    """A picture as a tensor (C, H, W): turned as its EXIF says, on white where it is transparent."""
    picture = ImageOps.exif_transpose(Image.open(file))
%(deep)s    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return %(view)s(picture.convert("%(mode)s"))'''

_DEEP = """    if picture.mode[0] in "IF":  # deeper than 8 bits; of colours as deep, Pillow keeps the upper byte only
        low, high = {fractions} if picture.mode == "F" else {integers}
        shares = (torch.tensor(numpy.array(picture, "float64")).clamp(low, high) - low) / (high - low)
        picture = Image.fromarray((shares * 255).round().byte().numpy())
"""
_NOT_DEEP = """    if picture.mode[0] in "IF":
        raise ValueError(f"{file} is deeper than 8 bits: make levels of 0 to 255 of its values first")
"""


def reading(subject: Subject) -> str:
    """From files to a batch of pictures, by Pillow and torchvision."""
    view = subject.view
    code = _READ.format(
        resized=view.resized,
        size=view.size,
        mean=list(view.mean),
        std=list(view.std),
        function=read_function(subject, "view"),
        picture=PICTURE,
    )
    return f"import numpy\n{code}" if view.deep_range else code


def read_function(subject: Subject, view: str) -> str:
    """A function in Python that reads a file as the run read its pictures, and gives it to what is called ``view``."""
    mode = "L" if subject.view.channels == 1 else "RGB"
    given = parse_value_range(subject.view.deep_range) if subject.view.deep_range else None
    deep = _DEEP.format(integers=given.integers, fractions=given.fractions) if given else _NOT_DEEP
    return _FUNCTION % {"deep": deep, "view": view, "mode": mode}


def using(name: str, subject: Subject) -> str:
    """From a batch of pictures to features, by one of the formats."""
    return "\n".join(_LINES[name](subject))


def _timm(subject: Subject) -> list[str]:
    if other_stride(subject) is not None:
        # timm.create_model alone does not know the first layer.
        start = ["import runpy", "", 'model = runpy.run_path("load_encoder.py")["model"]']
    else:
        start = ["import timm", "", 'model = timm.create_model("local-dir:.", pretrained=True).eval()']
    return [*start, "with torch.no_grad():", "    features = model(pictures)"]


def _state_dict(subject: Subject) -> list[str]:
    load = 'network.load_state_dict(torch.load("encoder.pt", weights_only=True))'
    run = ["with torch.no_grad():", "    features = network.eval()(pictures)"]
    if subject.family == "simclr_resnet":
        encoder = subject.recipe.encoder
        return [
            "from engine.nn.encoders import make_encoder  # of SSL Studio: timm has no such network",
            "from engine.recipe import EncoderSettings",
            "",
            f'settings = EncoderSettings(name="{encoder.name}", stem="{encoder.stem}", image_size={subject.view.size})',
            f"network = make_encoder(settings, channels={subject.encoder.channels}).network",
            load,
            *run,
        ]
    name, arguments = architecture(subject)
    words = "".join(f",\n    {key}={value!r}" for key, value in arguments.items())
    made = f'network = timm.create_model(\n    "{name}", pretrained=False, num_classes=0{words},\n)'
    return ["import timm", "", *made.splitlines(), *stem_lines(subject, "network"), load, *run]


def _onnx(_: Subject) -> list[str]:
    return [
        "import onnxruntime",
        "",
        'session = onnxruntime.InferenceSession("encoder.onnx")',
        'features = session.run(["features"], {"pictures": pictures.numpy()})[0]',
    ]


def _torch_export(_: Subject) -> list[str]:
    return [
        'program = torch.export.load("encoder.pt2").module()',
        "with torch.no_grad():",
        "    features = program(pictures)",
    ]


_LINES = {"timm": _timm, "state-dict": _state_dict, "onnx": _onnx, "torch-export": _torch_export}
