"""Lines of Python that use an exported encoder, for its card: they need torch, torchvision and what a format is for."""

from engine.exports.subject import Subject
from engine.exports.timm_architecture import architecture, other_stride, stem_lines

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


def read(file):
    picture = ImageOps.exif_transpose(Image.open(file))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return view(picture.convert("{mode}"))


pictures = torch.stack([read("{picture}")])"""


def reading(subject: Subject) -> str:
    """From files to a batch of pictures, by Pillow and torchvision."""
    view = subject.view
    return _READ.format(
        resized=view.resized,
        size=view.size,
        mean=list(view.mean),
        std=list(view.std),
        mode="L" if view.channels == 1 else "RGB",
        picture=PICTURE,
    )


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
