"""Reading tensors from PyTorch's files of before version 1.6, without PyTorch and without trust.

Such a file is a row of pickles, and what follows them as plain bytes (`torch/serialization.py`,
`_legacy_save`): a magic number, the version of the protocol, facts about the machine, the table of
tensors, the list of storages; then for each storage its number of elements (int64) and these.

A pickle is a program. Python's own interpreter of such programs calls what they name; the one here
knows the few instructions that a table of tensors needs, calls nothing and refuses all others.
"""

import io
import math
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConvoyError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MOST_BYTES = 1 << 30
MOST_INSTRUCTIONS = 1_000_000
MOST_AXES = 8

DTYPES = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
TABLE, TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"


class WeightsError(ConvoyError):
    """A file of weights that is not what it should be."""


@dataclass(frozen=True)
class _Global:
    """The name of something in Python; the thing itself is never looked up."""

    name: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype
    size: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage; offset and strides are in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(path: Path) -> dict[str, NDArray]:
    """Read every tensor of the file, by its name: float32 or int64 arrays.

    Raises:
        WeightsError: the file is not of this format, is cut, holds anything but tensors, or is
            larger than 1 GiB.
    """
    if path.stat().st_size > MOST_BYTES:
        raise WeightsError(f"{path}: {path.stat().st_size} bytes; allowed: up to {MOST_BYTES}")
    stream = io.BytesIO(path.read_bytes())
    try:
        return _read(stream)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}. Remove the file and download it again.") from None


def _read(stream: io.BytesIO) -> dict[str, NDArray]:
    begin = [_run(stream), _run(stream)]
    machine = _run(stream)
    if begin != [MAGIC, PROTOCOL] or not isinstance(machine, dict):
        raise WeightsError("not a file of PyTorch's format of before version 1.6")
    if machine.get("little_endian") is not True:
        raise WeightsError("refused: written in big-endian order")
    table, keys = _run(stream), _run(stream)
    if not isinstance(table, dict) or not all(isinstance(t, _Tensor) for t in table.values()):
        raise WeightsError("refused: holds something other than a table of tensors")
    storages = _storages(table)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise WeightsError("refused: its list of storages is none")
    if sorted(keys) != sorted(storages):
        raise WeightsError("refused: its list of storages is not that of its tensors")
    contents = {key: _elements(stream, storages[key]) for key in keys}
    if stream.read(1):
        raise WeightsError("refused: goes on after its last storage")
    return {name: _array(tensor, contents[tensor.storage.key]) for name, tensor in table.items()}


def _storages(table: dict[str, _Tensor]) -> dict[str, _Storage]:
    storages: dict[str, _Storage] = {}
    for tensor in table.values():
        if storages.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise WeightsError("refused: two descriptions of one storage")
    return storages


def _elements(stream: io.BytesIO, storage: _Storage) -> NDArray:
    size = int.from_bytes(stream.read(8), "little")
    if size != storage.size:
        raise WeightsError(f"a storage of {size} elements where {storage.size} should be")
    # One byte more than the file has is never asked for: reading ends where the file does.
    content = stream.read(size * storage.dtype.itemsize)
    if len(content) < size * storage.dtype.itemsize:
        raise WeightsError("the file ends too early")
    return np.frombuffer(content, storage.dtype)


def _array(tensor: _Tensor, elements: NDArray) -> NDArray:
    """Copy a tensor, which need not be in C order, out of its storage."""
    size = elements.dtype.itemsize
    strides = [size * stride for stride in tensor.strides]
    view = np.ndarray(tensor.shape, elements.dtype, elements, size * tensor.offset, strides)
    return np.ascontiguousarray(view).reshape(tensor.shape)


def _run(stream: io.BytesIO) -> Any:
    """Interpret one pickle and return what it describes."""
    machine = _Machine()
    for number, (name, argument) in enumerate(_instructions(stream)):
        if name == "STOP":
            return machine.result()
        if number == MOST_INSTRUCTIONS:
            raise WeightsError(f"refused: more than {MOST_INSTRUCTIONS} instructions in a pickle")
        machine.step(name, argument)
    raise WeightsError("the file ends too early")


def _instructions(stream: io.BytesIO) -> Iterator[tuple[str, Any]]:
    try:
        for operation, argument, _ in pickletools.genops(stream):
            yield operation.name, argument
    # What genops raises where bytes are no instructions.
    except (ValueError, OverflowError) as error:
        raise WeightsError(f"not a file of PyTorch's format: {str(error)[:100]}") from None


class _Machine:
    """The state of a pickle's interpreter: a stack, the places of marks on it, and a memory."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def result(self) -> Any:
        """Return the one value that is left."""
        if len(self.stack) != 1 or self.marks:
            raise WeightsError("refused: a pickle that ends with values left over")
        return self.stack[0]

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction (`pickletools` describes each)."""
        match name:
            case "PROTO":
                pass
            case "MARK":
                self.marks.append(len(self.stack))
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                self.stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                self.stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[name])
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                self.stack.append({"DICT": dict, "LIST": list, "TUPLE": tuple}[name[6:]]())
            case "BINPUT" | "LONG_BINPUT":
                self.memory[argument] = self._last()
            case "BINGET" | "LONG_BINGET":
                if argument not in self.memory:
                    raise WeightsError("refused: a pickle that refers to nothing")
                self.stack.append(self.memory[argument])
            case "TUPLE":
                self.stack.append(tuple(self._marked()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self.stack.append(tuple(self._pop(int(name[-1]))))
            case "APPENDS":
                self._extend(self._marked())
            case "SETITEM":
                self._set(self._pop(2))
            case "SETITEMS":
                self._set(self._marked())
            case "GLOBAL":
                self.stack.append(_Global(argument))
            case "BINPERSID":
                self.stack.append(_storage(*self._pop(1)))
            case "REDUCE":
                self.stack.append(_made(*self._pop(2)))
            case "BUILD":
                # Versions of PyTorch's modules, as an attribute of the table; nothing needs them.
                self._pop(1)
            case _:
                raise WeightsError(f"refused: the instruction {name}, which no tensor needs")

    def _last(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise WeightsError("refused: a pickle that takes more values than it has")
        return self.stack[-1]

    def _pop(self, count: int) -> list[Any]:
        """Take values off the stack, down to the last mark at most."""
        values = []
        for _ in range(count):
            values.append(self._last())
            self.stack.pop()
        return values[::-1]

    def _marked(self) -> list[Any]:
        """Take all values above the last mark off the stack, and the mark."""
        if not self.marks:
            raise WeightsError("refused: a pickle that takes more values than it has")
        place = self.marks.pop()
        values = self.stack[place:]
        del self.stack[place:]
        return values

    def _extend(self, values: list[Any]) -> None:
        target = self._last()
        if not isinstance(target, list):
            raise WeightsError("refused: a pickle that appends to something other than a list")
        target.extend(values)

    def _set(self, values: list[Any]) -> None:
        target, names = self._last(), values[::2]
        if not isinstance(target, dict) or not all(isinstance(name, str) for name in names):
            raise WeightsError("refused: a table whose keys are not names")
        if len(values) % 2:
            raise WeightsError("refused: a table with a key that has no value")
        target.update(zip(names, values[1::2], strict=True))


def _storage(identity: Any) -> _Storage:
    """Read ("storage", type, key, where it was, number of elements, None)."""
    match identity:
        case ("storage", _Global(name), str(key), str(), int(size), None) if (
            name in DTYPES and 0 <= size <= MOST_BYTES
        ):
            return _Storage(key, DTYPES[name], size)
    raise WeightsError("refused: a storage other than of float32 or int64")


def _made(function: Any, arguments: Any) -> Any:
    """Return what a call would make: an empty table, or a tensor; nothing is called."""
    match function, arguments:
        case _Global(name), () if name == TABLE:
            return {}
        case _Global(name), (_Storage() as storage, int(offset), tuple(shape), tuple(strides), *_) if (
            name == TENSOR
        ):
            return _tensor(storage, offset, shape, strides)
    named = function.name if isinstance(function, _Global) else "something without a name"
    raise WeightsError(f"refused: calls {named[:100]}, which makes no tensor")


def _tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple) -> _Tensor:
    numbers = (*shape, *strides, offset)
    fine = all(type(number) is int and 0 <= number <= MOST_BYTES for number in numbers)
    if not fine or 0 in shape:
        raise WeightsError("refused: a tensor whose shape or strides are no sizes")
    if len(shape) != len(strides) or len(shape) > MOST_AXES:
        raise WeightsError(f"refused: a tensor of {len(shape)} axes with {len(strides)} strides")
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    # The second, because with strides of 0 a tensor may be larger than its storage.
    if last >= storage.size or math.prod(shape) > storage.size:
        raise WeightsError("refused: a tensor that reaches beyond its storage")
    return _Tensor(storage, offset, shape, strides)
