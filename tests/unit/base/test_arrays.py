import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.damage import damaged

from pipeline.base.arrays import read_npy
from pipeline.base.files import FileError

SOUND = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("arrays") / "images.npy"


@settings(deadline=None, derandomize=True)
@given(data=st.data(), mapped=st.booleans())
def test_a_damaged_array_is_refused_or_has_the_same_form(file, data, mapped):
    np.save(file, SOUND)
    file.write_bytes(damaged(data.draw, "images.npy", file.read_bytes()))
    try:
        array = read_npy(file, np.uint8, 3, mapped=mapped)
    except FileError as error:
        assert str(error).startswith(f"{file}: ") and "\n" not in str(error)
    else:
        assert (array.dtype, array.ndim) == (np.uint8, 3)
        array.sum()


@pytest.mark.parametrize(
    "other",
    [SOUND.astype(float), SOUND[0], np.array([{}], object), np.array(["x"])],
    ids=["dtype", "axes", "pickled", "text"],
)
def test_another_array_is_refused(tmp_path, other):
    np.save(tmp_path / "images.npy", other, allow_pickle=True)
    with pytest.raises(FileError, match=r"images\.npy: .*`dvc repro`"):
        read_npy(tmp_path / "images.npy", np.uint8, 3)
