"""The digits' one file, damaged: the reader names it."""

import gzip
import warnings
from pathlib import Path

import pytest

from pipeline.base.errors import ConvoyError
from pipeline.datasets import digits

LINE = ",".join(["3"] * 65)
DAMAGED = {
    "no file": None,
    "empty": b"",
    "not compressed": LINE.encode(),
    "cut": gzip.compress(LINE.encode() * 99)[:-9],
    "no numbers": gzip.compress(b"a,b\n"),
    "no text": gzip.compress(bytes(range(256))),
    "too dark": gzip.compress(LINE.replace("3", "17").encode()),
    "too short": gzip.compress(b"1,2,3\n"),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / digits.NAME).write_bytes(content)
    with warnings.catch_warnings(), pytest.raises(ConvoyError, match=digits.NAME):
        warnings.simplefilter("ignore")  # NumPy's, of an empty file
        digits.read(tmp_path, None)


def test_the_labels_stand_at_the_end_of_each_line(tmp_path):
    (tmp_path / digits.NAME).write_bytes(gzip.compress(f"{LINE}\n{LINE[:-1]}7\n".encode()))
    ((labels, images),) = digits.read(Path(tmp_path), None).train.chunks()
    assert labels.tolist() == [3, 7] and images.shape == (2, 28, 28, 1)
