"""Whatever bytes a file holds, they are parsed or refused in one line."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import TypedDict

from pipeline.base.arrays import read_npy
from pipeline.base.files import FileError, read_csv, read_json
from pipeline.base.parsing import ContentError, csv_of, finite, json_of, yaml_of


class Shape(TypedDict):
    name: str
    scores: list[float]


SOUND = {"name": "mlp", "scores": [0.5, 1]}
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
)


@settings(deadline=None, derandomize=True)
@given(st.binary() | st.text().map(str.encode))
@pytest.mark.parametrize("parse", [json_of, yaml_of, csv_of])
def test_any_bytes_are_parsed_or_refused(parse, content):
    try:
        parse(content)
    except ContentError as error:
        assert "\n" not in str(error)


@settings(deadline=None, derandomize=True)
@given(plain)
def test_any_other_shape_is_refused(content):
    for text in (json.dumps(content).encode(), json.dumps({**SOUND, "scores": content}).encode()):
        try:
            found = json_of(text, Shape)
        except ContentError as error:
            assert "\n" not in str(error)
        else:
            assert all(isinstance(score, (int, float)) for score in found["scores"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid JSON"),
        (b'{"name": "mlp"}', "scores: field required"),
        (b'{"name": "mlp", "scores": [NaN]}', "NaN"),
        (b'{"name": "mlp", "scores": [1e999]}', "1e999"),
        (b'{"name": "mlp", "scores": ["0.5"]}', "scores.0: .*number, got '0.5'"),
        (b"[" * 100_000, "levels deep"),
        (b"[" * 60 + b"]" * 60, "levels deep"),
        (b"\xff", "UTF-8"),
    ],
)
def test_json_that_is_refused(tmp_path, content, said):
    file = tmp_path / "a.json"
    file.write_bytes(content)
    with pytest.raises(FileError, match=f"a.json: .*{said}.*dvc repro"):
        read_json(file, Shape)


def test_aliases_of_yaml_are_read_as_far_as_they_stand_for_little():
    bomb = "b0: &b0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"b{level}: &b{level} [{', '.join([f'*b{level - 1}'] * 9)}]\n" for level in range(1, 9)
    )
    begun = time.monotonic()
    with pytest.raises(ContentError, match="aliases stand for more than 10,000 values"):
        yaml_of(bomb.encode())
    with pytest.raises(ContentError, match="no such anchor before it"):
        yaml_of(b"a: &a [*a]")
    long = "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 1000 + "]\n"
    with pytest.raises(ContentError, match="aliases"):
        yaml_of(long.encode())
    assert time.monotonic() - begun < 5
    assert yaml_of(b"a: &a [1, 2]\nb: *a\n") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"seed\n1\n", "no column loss"),
        (b"seed,loss\n1\n", "row 1 has 1 cells, the header 2"),
        (b"seed,loss\n1,0.5\n2,nan\n", "row 2: loss = 'nan'"),
        (b"seed,loss\nx,0.5\n", "row 1: seed = 'x'"),
        (b'seed,loss\n"' + b"1" * 200_000, "CSV"),
    ],
)
def test_a_table_that_is_refused(tmp_path, content, said):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(FileError, match=f"a.csv: .*{said}"):
        read_csv(file, {"seed": int, "loss": finite})


@pytest.mark.parametrize("read", [read_json, read_csv, lambda file: read_npy(file, "u1", 1)])
def test_what_is_not_there_or_a_folder_is_named(tmp_path, read):
    for file in (tmp_path / "nothing", tmp_path):
        with pytest.raises(FileError, match=str(file)):
            read(file)
