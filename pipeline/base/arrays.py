"""Checked reading of NumPy's array files."""

import tokenize
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.base.files import reading
from pipeline.base.parsing import ContentError, shortened

# What NumPy raises for a file that is cut or has another header, which it reads as Python's text.
BROKEN = (
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,
    OverflowError,
    MemoryError,
    tokenize.TokenError,
)


def read_npy(path: Path, dtype: DTypeLike, axes: int, *, mapped: bool = False) -> NDArray:
    """Read an array.

    Args:
        path: The file.
        dtype: The type that its values must have.
        axes: The number of axes that it must have.
        mapped: Whether to map it into memory instead of reading it.

    Raises:
        FileError: it is missing, cut, or another array or file.
    """
    with reading(path):
        try:
            array: NDArray
            if mapped:
                array = np.lib.format.open_memmap(path, mode="r")
            else:
                with path.open("rb") as stream:
                    array = np.lib.format.read_array(stream, allow_pickle=False)
        except BROKEN as error:
            raise ContentError(f"no sound array file of NumPy: {shortened(error)}") from None
        if array.dtype != np.dtype(dtype) or array.ndim != axes:
            raise ContentError(
                f"{array.dtype} values along {array.ndim} axes; expected: {np.dtype(dtype)} along "
                f"{axes}"
            )
        return array
