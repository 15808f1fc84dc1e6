import os
import pickle
import struct

import numpy as np
import pytest

from pipeline.pretrained import torch_files
from pipeline.pretrained.pickles import WeightsError

KERNEL = np.arange(24, dtype="<f4").reshape(2, 3, 4)


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def numbers(values):
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def tensor(key, size, shape, strides, offset=0, kind="FloatStorage"):
    """Write the instructions that describe one tensor, as PyTorch writes them."""
    storage = b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu")
    storage += b"J" + struct.pack("<i", size) + b"NtQ"
    rest = b"J" + struct.pack("<i", offset) + numbers(shape) + numbers(strides)
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest + hooks + b"tR"


def file(tensors, storages, magic=torch_files.MAGIC, machine=True):
    """Write a file of PyTorch's old format: tensors as instructions, storages as arrays."""
    table = b"\x80\x02ccollections\nOrderedDict\n)R("
    table += b"".join(text(name) + described for name, described in tensors.items()) + b"u."
    parts = [
        pickle.dumps(magic, 2),
        pickle.dumps(torch_files.PROTOCOL, 2),
        pickle.dumps({"little_endian": machine}, 2),
        table,
        pickle.dumps(list(storages), 2),
    ]
    for elements in storages.values():
        parts.append(struct.pack("<q", elements.size) + elements.tobytes())
    return b"".join(parts)


GOOD = file(
    {
        "kernel": tensor("1", 24, (2, 3, 4), (12, 4, 1)),
        "turned": tensor("1", 24, (4, 3), (1, 4), offset=12),
        "steps": tensor("2", 1, (), (), kind="LongStorage"),
    },
    {"1": KERNEL.ravel(), "2": np.array([7], "<i8")},
)


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "weights.pth"
        path.write_bytes(content)
        return torch_files.read(path)

    return read


def test_tensors_are_read_in_whatever_order_they_are_stored(read):
    tensors = read(GOOD)
    assert list(tensors) == ["kernel", "turned", "steps"]
    assert np.array_equal(tensors["kernel"], KERNEL)
    assert np.array_equal(tensors["turned"], KERNEL[1].T)
    assert tensors["turned"].flags.c_contiguous
    assert tensors["steps"] == 7
    assert tensors["steps"].dtype == np.int64


def test_a_file_that_is_cut_anywhere_or_goes_on_is_refused(read):
    for size in range(len(GOOD)):
        with pytest.raises(WeightsError):
            read(GOOD[:size])
    with pytest.raises(WeightsError, match="goes on after its last storage"):
        read(GOOD + b"x")


def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(read, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    start = len(pickle.dumps(torch_files.MAGIC, 2))
    for content in (pickle.dumps(Evil(), 2), GOOD[:start] + pickle.dumps(Evil(), 2)):
        with pytest.raises(WeightsError, match=r"refused: calls '\w+ mkdir'"):
            read(content)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (tensor("1", 24, (5, 5), (5, 1)), "reaches beyond its storage"),
        (tensor("1", 24, (2, 3, 4), (12, 4, 1), offset=1), "reaches beyond its storage"),
        (tensor("1", 24, (1000, 1000), (0, 0)), "reaches beyond its storage"),
        (tensor("1", 24, (2, -3), (3, 1)), "are no sizes"),
        (tensor("1", 24, (2, 3), (3,)), "are no sizes"),
        (tensor("1", 23, (2, 3), (3, 1)), "a storage of 24 elements where 23 should be"),
        (tensor("2", 24, (2, 3), (3, 1)), "list of storages is not that of its tensors"),
        (tensor("1", 24, (2, 3), (3, 1), kind="HalfStorage"), "other than float32 or int64"),
        (text("no tensor"), "something other than a table of tensors"),
        (b"i__main__\nEvil\n", "the instruction INST"),
        (b"\x95\x00\x00\x00\x00\x00\x00\x00\x00", "the instruction FRAME"),
    ],
)
def test_anything_but_tensors_within_their_storage_is_refused(read, described, message):
    with pytest.raises(WeightsError, match=message):
        read(file({"kernel": described}, {"1": KERNEL.ravel()}))


def test_other_formats_are_refused_with_the_name_of_the_file(read):
    with pytest.raises(WeightsError, match=r"weights\.pth: .*before version 1\.6.*get it again"):
        read(file({}, {}, magic=1))
    with pytest.raises(WeightsError, match="not written in little-endian order"):
        read(file({}, {}, machine=False))
    with pytest.raises(WeightsError, match="broken, or no pickle"):
        read(b"PK\x03\x04" + GOOD)


def test_a_broken_file_is_never_another_error_than_ours(read):
    rng = np.random.default_rng(1)
    for _ in range(3000):
        content = bytearray(GOOD)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            content[place] = rng.integers(0, 256)
        try:
            tensors = read(bytes(content))
        except WeightsError:
            continue
        assert all(isinstance(values, np.ndarray) for values in tensors.values())
