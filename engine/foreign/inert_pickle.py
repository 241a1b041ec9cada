"""Pickles read as a list of instructions that build values: nothing is imported, nothing is called.

Python's own unpickler looks names up and calls what it finds, and a subclass of it still lets a file choose how
objects are made, how large its memo is and what is hashed. Here the instructions are split by ``pickletools`` and
carried out on plain values, names (``Name``), and stand-ins that only remember what they were given.
"""

import pickletools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from engine.foreign.stand_ins import Name, StandIn

MOST_INSTRUCTIONS = 5_000_000
LONGEST_NAME = 500
MOST_KEY_PARTS = 16
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins"}
_SCALARS = (str, int, float, bool, bytes, complex, type(None))

Maker = Callable[..., Any]


class Readable(Protocol):
    """What pickles are read from."""

    def read(self, count: int, /) -> bytes:
        """The next bytes."""

    def readline(self) -> bytes:
        """The next line."""

    def tell(self) -> int:
        """Where it stands."""


Persistent = Callable[[Any], Any]


class UnreadablePickleError(ValueError):
    """The bytes are no pickle, or one that no known program writes."""


@dataclass(frozen=True)
class Unpickled:
    """What a pickle holds.

    Args:
        content: Plain values, with ``Name`` and ``StandIn`` for everything else.
        strangers: Names outside the vocabulary it was read with, each once, in order.
    """

    content: Any
    strangers: tuple[str, ...]


class Unhashable:
    """Takes the place of a key that no table of weights has."""


def read_pickle(
    file: Readable, makers: Mapping[tuple[str, str], Maker], persistent: Persistent | None = None
) -> Unpickled:
    """Read one pickle from where a file stands.

    Args:
        file: Open for reading; left behind the pickle's last instruction.
        makers: (module, name) -> what makes a value of the arguments, a function of ours; the vocabulary.
        persistent: What makes a value of a persistent id, which torch uses for storages.

    Raises:
        UnreadablePickleError: If it is damaged, endless or of no known kind.
    """
    machine = _Machine(makers, persistent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in texts
            for count, (operation, argument, _) in enumerate(pickletools.genops(cast("Any", file))):
                if count > MOST_INSTRUCTIONS:
                    raise UnreadablePickleError("it never ends")
                machine.do(operation.name, argument)
        return Unpickled(machine.result(), tuple(machine.strangers))
    # Damaged bytes can raise nearly anything inside pickletools; no more is done with them.
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as problem:
        raise UnreadablePickleError(str(problem)) from problem


class _Machine:
    """The stack, the marks and the memo of one pickle."""

    def __init__(self, makers: Mapping[tuple[str, str], Maker], persistent: Persistent | None) -> None:
        self._makers, self._persistent = makers, persistent
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks under each mark
        self._memo: dict[int, Any] = {}
        self.strangers: dict[str, None] = {}

    def do(self, operation: str, argument: Any) -> None:
        """Carry one instruction out."""
        if operation in _CONSTANTS:
            self._stack.append(_CONSTANTS[operation]())
        elif operation in _LITERALS:
            self._stack.append(bytes(argument) if isinstance(argument, bytearray) else argument)
        elif operation not in ("PROTO", "FRAME", "STOP"):
            _STEPS[operation](self, argument)

    def result(self) -> Any:
        """What is left on the stack at the end."""
        if len(self._stack) != 1 or self._below:
            raise UnreadablePickleError("it does not end where it should")
        return self._stack[0]

    def mark(self, _: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _above_mark(self) -> list[Any]:
        parts, self._stack = self._stack, self._below.pop()
        return parts

    def pop(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._above_mark()

    def pop_mark(self, _: Any) -> None:
        self._above_mark()

    def duplicate(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def get(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def tuple_of(self, count: int) -> None:
        parts = tuple(self._stack[-count:])
        if len(parts) != count:
            raise UnreadablePickleError("a tuple lacks parts")
        self._stack[-count:] = [parts]

    def marked_tuple(self, _: Any) -> None:
        parts = tuple(self._above_mark())
        self._stack.append(parts)

    def marked_list(self, _: Any) -> None:
        parts = self._above_mark()
        self._stack.append(parts)

    def marked_dict(self, _: Any) -> None:
        parts = self._above_mark()
        table: dict[Any, Any] = {}
        _set_items(table, parts)
        self._stack.append(table)

    def marked_frozenset(self, _: Any) -> None:
        parts = self._above_mark()
        self._stack.append(frozenset(map(as_key, parts)))

    def append(self, _: Any) -> None:
        value = self._stack.pop()
        _extend(self._stack[-1], [value])

    def appends(self, _: Any) -> None:
        parts = self._above_mark()
        _extend(self._stack[-1], parts)

    def set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        _set_items(self._stack[-1], [key, value])

    def set_items(self, _: Any) -> None:
        parts = self._above_mark()
        _set_items(self._stack[-1], parts)

    def global_(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._push_name(module, name)

    def stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._push_name(module, name)

    def extension(self, number: int) -> None:
        self._push_name("copyreg", f"extension_{number}")

    def reduce(self, _: Any) -> None:
        arguments, made_by = self._stack.pop(), self._stack.pop()
        self._stack.append(self._make(made_by, arguments))

    def new_object_ex(self, _: Any) -> None:
        _, arguments, made_by = self._stack.pop(), self._stack.pop(), self._stack.pop()
        self._stack.append(self._make(made_by, arguments))

    def instance(self, argument: str) -> None:
        parts = self._above_mark()
        self.global_(argument)
        self._stack.append(self._make(self._stack.pop(), tuple(parts)))

    def object(self, _: Any) -> None:
        made_by, *parts = self._above_mark()
        self._stack.append(self._make(made_by, tuple(parts)))

    def build(self, _: Any) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, StandIn):
            target.state = state
        elif hasattr(target, "take_state"):  # a value of a maker of ours
            target.take_state(state)

    def persistent_id(self, argument: Any) -> None:
        self._push_persistent(argument)

    def stacked_persistent_id(self, _: Any) -> None:
        self._push_persistent(self._stack.pop())

    def out_of_band(self, _: Any) -> None:
        raise UnreadablePickleError("it needs buffers that are not in it")

    def _push_persistent(self, asked: Any) -> None:
        if self._persistent is None:
            raise UnreadablePickleError("it refers to values outside it")
        self._stack.append(self._persistent(asked))

    def _push_name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or len(module + name) > LONGEST_NAME:
            raise UnreadablePickleError("a name is none")
        named = Name(_PYTHON_2.get(module, module), name)
        if (named.module, named.name) not in self._makers:
            self.strangers[str(named)] = None
        self._stack.append(named)

    def _make(self, made_by: Any, arguments: Any) -> Any:
        """What a call would give: a value of a maker of ours, else a stand-in."""
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        if isinstance(made_by, Name):
            maker = self._makers.get((made_by.module, made_by.name))
            return StandIn(str(made_by), arguments) if maker is None else maker(*arguments)
        return StandIn(made_by.of if isinstance(made_by, StandIn) else "", arguments)


def as_key(value: Any) -> Any:
    """The value where hashing it is cheap, else something that only equals itself.

    Tuples in tuples can be made so that their hash takes for ever, or more stack than there is.
    """
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Name):
        return str(value)
    is_short = isinstance(value, tuple) and len(value) <= MOST_KEY_PARTS
    return value if is_short and all(isinstance(part, _SCALARS) for part in value) else Unhashable()


def _set_items(target: Any, parts: list[Any]) -> None:
    table = target.items if isinstance(target, StandIn) else target
    if not isinstance(table, dict) or len(parts) % 2:
        raise UnreadablePickleError("values are put under keys of what has none")
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        table[as_key(key)] = value


def _extend(target: Any, parts: list[Any]) -> None:
    if isinstance(target, set):
        target.update(map(as_key, parts))
        return
    elements = target.elements if isinstance(target, StandIn) else target
    if not isinstance(elements, list):
        raise UnreadablePickleError("values are appended to what is no list")
    elements.extend(parts)


def _ordered(pairs: Any = ()) -> "OrderedDict[Any, Any]":
    """``collections.OrderedDict``, empty or of pairs as Python 2 wrote it."""
    return OrderedDict((as_key(key), value) for key, value in pairs)


def _set_of(values: Any = ()) -> set[Any]:
    return set(map(as_key, values))


def _counted(values: Any = None) -> dict[Any, Any]:
    return dict(values) if isinstance(values, dict) else {}


def _bytes_of(text: Any = "", encoding: Any = "latin1") -> bytes:
    """What Python 3 writes for bytes in old pickles; other encodings could be made to do work."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnreadablePickleError("it asks for an unusual encoding")
    return text.encode("latin1")


PLAIN: Mapping[tuple[str, str], Maker] = {
    ("_codecs", "encode"): _bytes_of,
}
CONTAINERS: Mapping[tuple[str, str], Maker] = {
    ("collections", "OrderedDict"): _ordered,
    ("collections", "defaultdict"): lambda *_: {},
    ("collections", "Counter"): _counted,
    ("builtins", "set"): _set_of,
    ("builtins", "frozenset"): _set_of,
    ("builtins", "dict"): _counted,
    ("builtins", "list"): lambda *values: list(values[0]) if values and isinstance(values[0], list) else [],
    ("builtins", "bytearray"): lambda *_: b"",
    ("builtins", "complex"): lambda real=0.0, imaginary=0.0: complex(float(real), float(imaginary)),
}
_CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.duplicate,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    "MEMOIZE": _Machine.memoize,
    "TUPLE": _Machine.marked_tuple,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "LIST": _Machine.marked_list,
    "DICT": _Machine.marked_dict,
    "FROZENSET": _Machine.marked_frozenset,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "ADDITEMS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.global_,
    "STACK_GLOBAL": _Machine.stack_global,
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _Machine.extension),
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "NEWOBJ_EX": _Machine.new_object_ex,
    "INST": _Machine.instance,
    "OBJ": _Machine.object,
    "BUILD": _Machine.build,
    "PERSID": _Machine.persistent_id,
    "BINPERSID": _Machine.stacked_persistent_id,
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), _Machine.out_of_band),
}
