"""The vocabulary of torch's pickles: tensors as records of where their numbers lie, made without torch."""

from collections.abc import Mapping
from typing import Any

from engine.foreign.inert_numpy import NUMPY
from engine.foreign.inert_pickle import CONTAINERS, PLAIN, Maker, UnreadablePickleError
from engine.foreign.stand_ins import Name, StandIn, StorageRecord, TensorRecord

# Classes of typed storages, by torch's names.
DTYPES: Mapping[str, str] = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "uint8",
}
ITEM_BYTES: Mapping[str, int] = {
    **dict.fromkeys(("bool", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"), 1),
    **dict.fromkeys(("float16", "bfloat16"), 2),
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
MOST_AXES = 16


def storage_record(asked: Any) -> Any:
    """What a persistent id of torch means: a storage, or in old files the class of a network.

    Raises:
        UnreadablePickleError: If torch writes no such id.
    """
    match asked:
        case ("module", Name() as network, *_):
            return network
        case ("storage", Name() as kind, (str() | int()) as key, _, int() as count, *view):
            first = 0
            if view and isinstance(view[0], tuple) and len(view[0]) == 3:
                _, first, count = view[0]
            if not isinstance(first, int) or not isinstance(count, int) or min(first, count) < 0:
                raise UnreadablePickleError("a storage has a length below zero")
            return StorageRecord(str(key), _dtype_of(kind), count, first)
        case _:
            raise UnreadablePickleError("it refers to values outside it")


def _dtype_of(kind: Name) -> str:
    if kind.name not in DTYPES:
        return f"odd {kind.name}"  # quantised storages among others; such a tensor cannot be used
    return DTYPES[kind.name]


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorRecord:
    """``torch._utils._rebuild_tensor`` and its second version."""
    return _record(storage, offset, shape, strides, "")


def _tensor_of_dtype(
    storage: Any, offset: Any, shape: Any, strides: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any
) -> TensorRecord:
    """``torch._utils._rebuild_tensor_v3``: the kind of number stands beside the storage."""
    return _record(storage, offset, shape, strides, dtype.name if isinstance(dtype, Name) else "odd")


def _record(storage: Any, offset: Any, shape: Any, strides: Any, dtype: str) -> TensorRecord:
    if not isinstance(storage, StorageRecord):
        return TensorRecord(None, odd="pickled without torch.save")
    numbers = (offset, *_sizes(shape), *_sizes(strides))
    if not all(isinstance(number, int) for number in numbers) or len(_sizes(shape)) != len(_sizes(strides)):
        raise UnreadablePickleError("a tensor has no shape")
    kind = dtype or storage.dtype
    odd = "" if kind in ITEM_BYTES else "quantised"
    return TensorRecord(storage, offset, _sizes(shape), _sizes(strides), kind, odd)


def _sizes(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list) or len(value) > MOST_AXES:
        raise UnreadablePickleError("a tensor has no shape")
    return tuple(value)


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _typed(inner: Any = None, _type: Any = None, arguments: Any = (), *_: Any) -> Any:
    """A tensor of a class of its own: the tensor."""
    maker = MAKERS.get((inner.module, inner.name)) if isinstance(inner, Name) else None
    if maker is None or not isinstance(arguments, tuple):
        return StandIn(str(inner))
    return maker(*arguments)


def _odd(what: str) -> Maker:
    return lambda *_: TensorRecord(None, odd=what)


def _size(values: Any = ()) -> tuple[Any, ...]:
    return _sizes(values)


def _device(*parts: Any) -> str:
    return ":".join(map(str, parts[:2]))


_UTILS: Mapping[str, Maker] = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor,
    "_rebuild_tensor_v3": _tensor_of_dtype,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
    "_rebuild_sparse_tensor": _odd("sparse"),
    "_rebuild_sparse_csr_tensor": _odd("sparse"),
    "_rebuild_qtensor": _odd("quantised"),
    "_rebuild_meta_tensor_no_storage": _odd("without numbers (of the meta device)"),
    "_rebuild_nested_tensor": _odd("nested"),
    "_rebuild_wrapper_subclass": _odd("wrapped"),
    "_rebuild_device_tensor_from_numpy": _odd("of another device"),
    "_rebuild_device_tensor_from_cpu_tensor": _parameter,
}


def _refuse(*_: Any) -> Any:
    raise UnreadablePickleError("a kind of number is called")


TENSORS: Mapping[tuple[str, str], Maker] = {
    **{("torch._utils", name): maker for name, maker in _UTILS.items()},
    **{("torch._tensor", name): _typed for name in ("_rebuild_from_type", "_rebuild_from_type_v2")},
    **{("torch", name): _refuse for name in (*DTYPES, *ITEM_BYTES)},
    **{("torch.storage", name): _refuse for name in ("UntypedStorage", "TypedStorage", "_TypedStorage")},
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
    ("torch.serialization", "_get_layout"): str,
}
# What a checkpoint or a set of weights is made of; everything else in a pickle is a stranger.
MAKERS: Mapping[tuple[str, str], Maker] = {**PLAIN, **CONTAINERS, **NUMPY, **TENSORS}
