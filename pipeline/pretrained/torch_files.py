"""Reading tensors from files of PyTorch before version 1.6, without PyTorch.

Such a file begins with five pickles (`torch/serialization.py`, `_legacy_save`): a magic number, the
version of the protocol, facts about the machine, the table of tensors, the list of storages. Then
follow, for each storage, its number of elements (int64) and the elements.
"""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.pretrained.pickles import Named, Reader, WeightsError, load

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MOST_BYTES = 1 << 30
MOST_AXES = 8

DTYPES: dict[object, np.dtype] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
TABLE, TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"


@dataclass(frozen=True)
class _Storage:
    """A row of elements; `size` is their number."""

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
    """Read every tensor of a file, by its name: float32 or int64 arrays.

    Raises:
        WeightsError: the file is not of this format, is cut, holds anything but tensors, or is
            larger than 1 GiB.
    """
    if path.stat().st_size > MOST_BYTES:
        raise WeightsError(f"{path}: {path.stat().st_size} bytes; allowed: up to {MOST_BYTES}")
    try:
        return _read(io.BytesIO(path.read_bytes()))
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}. Remove the file and get it again.") from None


def _read(stream: io.BytesIO) -> dict[str, NDArray]:
    reader = Reader(_made, _storage)
    if [load(stream, reader), load(stream, reader)] != [MAGIC, PROTOCOL]:
        raise WeightsError("not a file of PyTorch's format of before version 1.6")
    machine, table, keys = (load(stream, reader) for _ in range(3))
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise WeightsError("refused: not written in little-endian order")
    if not isinstance(table, dict) or not all(isinstance(t, _Tensor) for t in table.values()):
        raise WeightsError("refused: holds something other than a table of tensors")
    storages = _storages(table)
    strings = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    if not strings or sorted(keys) != sorted(storages):
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
    content = stream.read(size * storage.dtype.itemsize)
    if len(content) < size * storage.dtype.itemsize:
        raise WeightsError("the file ends too early")
    return np.frombuffer(content, storage.dtype)


def _array(tensor: _Tensor, elements: NDArray) -> NDArray:
    """Copy a tensor, which need not be in C order, out of its storage."""
    size = elements.dtype.itemsize
    strides = [size * stride for stride in tensor.strides]
    return np.ndarray(tensor.shape, elements.dtype, elements, size * tensor.offset, strides).copy()


def _storage(identity: Any) -> _Storage:
    """Read ("storage", type, key, where it was, number of elements, None)."""
    match identity:
        case ("storage", Named(name), str(key), str(), int(size), None) if (
            name in DTYPES and 0 < size <= MOST_BYTES
        ):
            return _Storage(key, DTYPES[name], size)
    raise WeightsError("refused: a storage of something other than float32 or int64")


def _made(function: Any, arguments: Any) -> Any:
    """Return a stand-in for the result of a call: an empty table or a tensor."""
    name = function.name if isinstance(function, Named) else "something without a name"
    match arguments:
        case () if name == TABLE:
            return {}
        case (_Storage() as storage, offset, tuple(shape), tuple(strides), *_) if name == TENSOR:
            return _tensor(storage, offset, shape, strides)
    raise WeightsError(f"refused: calls {name[:100]!r}, which makes no tensor")


def _tensor(storage: _Storage, offset: Any, shape: tuple, strides: tuple) -> _Tensor:
    numbers = (*shape, *strides, offset)
    fine = all(type(number) is int and 0 <= number <= MOST_BYTES for number in numbers)
    if not fine or 0 in shape or len(shape) != len(strides) or len(shape) > MOST_AXES:
        raise WeightsError("refused: a tensor whose shape or strides are no sizes")
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    # The second, because with strides of 0 a tensor may be larger than its storage.
    if last >= storage.size or math.prod(shape) > storage.size:
        raise WeightsError("refused: a tensor that reaches beyond its storage")
    return _Tensor(storage, offset, shape, strides)
