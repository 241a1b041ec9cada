"""What can go wrong, as a tree: every error is a sentence for the person at the screen.

EngineError
|-- SettingsError      a value is outside its bounds or contradicts another
|-- DataError          a folder, list or picture cannot be used
|-- DeviceError        the computer has no such device, or the device gave up
|-- StoreError         the database cannot be opened, read or written
|   `-- StoreGoneError  its file or log is not the one that was opened
|-- CheckpointError    a file of weights is missing, foreign or damaged
`-- TrainingError      the run itself failed
    `-- NotFiniteError a loss term became NaN or infinite
"""


class EngineError(Exception):
    """An error that is told to the person in words.

    Args:
        message: What is wrong, one sentence.
        fix: What to do about it, one sentence; empty when nothing can be done.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class SettingsError(EngineError):
    """A setting is outside its bounds, unknown, or contradicts another one.

    Args:
        message: What is wrong.
        fix: What to do.
        field: Dotted name of the setting, such as ``training.batch_size``; empty when it is not one field.
    """

    def __init__(self, message: str, fix: str = "", *, field: str = "") -> None:
        super().__init__(message, fix)
        self.field = field


class DataError(EngineError):
    """A folder, list or picture cannot be used."""


class DeviceError(EngineError):
    """The computer has no such device, or the device gave up."""


class StoreError(EngineError):
    """The store cannot be opened, read or written."""


class StoreGoneError(StoreError):
    """The file or the log of an open store was deleted, replaced or cut short: what is written now would be lost."""


class CheckpointError(EngineError):
    """A file of weights is missing, foreign or damaged."""


class TrainingError(EngineError):
    """The run itself failed."""


class NotFiniteError(TrainingError):
    """A loss term became NaN or infinite.

    Args:
        term: Name of the first term that is not finite.
        step: Optimizer step at which it was seen.
    """

    def __init__(self, term: str, step: int) -> None:
        super().__init__(
            f"The loss term '{term}' became NaN or infinite at step {step}.",
            "Resume from the last good checkpoint with a lower learning rate, a longer warm-up or precision fp32.",
        )
        self.term = term
        self.step = step
