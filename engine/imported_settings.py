"""What a run made of imported weights remembers of where they come from; free of torch."""

from engine.encoder_names import Reading
from engine.settings import Settings, setting

IMPORTED = "imported"
TITLE = "Imported weights"
ABOUT = "An encoder from elsewhere: look inside, embed, export, or start a run from it."


class ImportedSettings(Settings):
    """Where weights come from, written once when they are imported."""

    file: str = setting(
        "", "File", source="the import", help="The file as it was called when it was imported."
    )
    format: str = setting("", "Format", source="the import: told by the names of the tensors")
    sha256: str = setting("", "Fingerprint of the file", source="the import")
    licence: str = setting("unknown", "Licence", source="the import: of the format's published weights")
    is_restricted: bool = setting(
        False, "Commercial use not granted", source="the import: of the format's published weights"
    )
    pooling: Reading = setting(
        "cls",
        "Read by",
        source="the import: what the file, its tensors or its format say",
        help="cls is the class token; mean is of normed patches; normed mean is of patches, and normed then.",
    )
