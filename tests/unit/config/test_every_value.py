"""Every key of params.yaml with every kind of value, and every kind of file: one sentence each."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.config import params
from pipeline.config.dvc_yaml import flatten
from pipeline.config.params import ParamsError

CONTENT = YAML(typ="safe").load((Path(__file__).parents[3] / "params.yaml").read_bytes())
SECTIONS = [key for key, value in CONTENT.items() if isinstance(value, dict)] + ["fit.augment"]
KEYS = [*flatten(CONTENT), "tune.fixed", "select.confirm"]

# What is written into the file in the place of a value.
KINDS = {
    "null": "null",
    "nothing": "",
    "true": "true",
    "false": "false",
    "zero": "0",
    "one": "1",
    "one as a float": "1.0",
    "minus one": "-1",
    "a half": "0.5",
    "nan": ".nan",
    "infinity": ".inf",
    "1e400": "1.0e+400",
    "a million million": "1000000000000",
    "5,000 digits": "9" * 5000,
    "3,000 hexadecimal digits": "0x" + "f" * 3000,
    "one as a text": "'1'",
    "half as a text": "'0.5'",
    "fraction": "1/6",
    "fraction over zero": "1/0",
    "fraction of long numbers": f"{'9' * 400}/{'9' * 400}",
    "empty text": "''",
    "blank": "'  '",
    "a word": "wrod",
    "auto": "auto",
    "100 kB": "x" * 100_000,
    "100 kB of control characters": '"' + "\\e" * 50_000 + '"',
    "an escape sequence": r'"\e[31mred"',
    "another direction": r'"a\u202Eb"',
    "two lines": r'"a\n::error::b"',
    "a null character": r'"a\0b"',
    "a date": "2001-01-01",
    "no date": "2001-99-99",
    "binary": "!!binary aGVsbG8=",
    "a set": "!!set {a}",
    "no integer": "!!int x",
    "empty list": "[]",
    "list of null": "[null]",
    "list of true": "[true]",
    "list of one": "[1]",
    "list twice": "[1, 1]",
    "list of words": "[wrod]",
    "list of lists": "[[1]]",
    "list of sections": "[{a: 1}]",
    "long list": json.dumps(list(range(-5000, 0))),
    "empty section": "{}",
    "a section": "{wrod: 1}",
    "a section of null": "{mlp: null}",
    "sections": "{mlp: {a: {b: 1}}}",
    "sections of null": "{mlp: {a: null}}",
    "sections of giants": "{mlp: {a: 0x" + "f" * 3000 + "}}",
    "above the repository": "../../..",
    "the repository": ".",
    "an output": "data/split/train",
    "above outputs": "data",
    "a long path": "a/" * 1000,
}
WHOLE = {"one"}
NUMBERS = {"zero", "a half"}
FLAGS = {"true", "false"}
NULL = {"null", "nothing"}
# What each key allows of these; everything else is refused.
ALLOWED = {
    "dataset.path": {
        *("a word", "auto", "fraction", "fraction over zero", "fraction of long numbers"),
        *("one as a text", "half as a text"),
    },
    "dataset.image_size": {"auto"},
    "dataset.fit": {"auto"},
    "dataset.channels": WHOLE,
    "dataset.skip_unreadable": FLAGS,
    "split.validation_fraction": {"a half", "fraction"},
    "split.test_fraction": {"a half", "fraction"},
    "split.random_state": {*WHOLE, "zero"},
    "split.group_duplicates": FLAGS,
    "split.group_by": NULL,
    "tune.trials": WHOLE,
    "tune.epochs": WHOLE | {"auto"},
    "tune.batch_sizes": NULL | {"list of one", "auto"},
    "tune.in_flight": WHOLE,
    "tune.seed": {*WHOLE, "zero"},
    "tune.threads": WHOLE,
    "tune.median_stopping": FLAGS,
    "tune.trial_seconds": NULL | {"auto", "one", "one as a float", "a half"},
    "tune.fixed": {"empty section"},
    "select.rule": {"auto"},
    "select.most_parameters": NULL | WHOLE | {"a million million"},
    "select.most_multiply_adds": NULL | WHOLE | {"a million million"},
    "select.confirm": NULL | {"auto"},
    "select.baseline": {"auto"},
    "select.untuned": FLAGS | {"auto"},
    "fit.precision": {"auto"},
    "fit.schedule": {"auto"},
    "fit.label_smoothing": NUMBERS | {"auto"},
    "fit.weight_average": NUMBERS,
    "fit.class_weights": FLAGS,
    "fit.augment.shift": WHOLE | {"zero", "auto"},
    "fit.augment.flip": FLAGS,
    "fit.augment.rotation": NUMBERS | {"one", "one as a float", "auto"},
    "fit.augment.zoom": NUMBERS | {"auto"},
    "fit.augment.cutout": WHOLE | {"zero"},
    "train.epochs": WHOLE | {"auto"},
    "train.seeds": {"list of one"},
    "train.threads": WHOLE | {"auto"},
    "train.patience": NULL | WHOLE,
    "train.mirrored": FLAGS,
    "evaluate.metric": {"auto"},
    "evaluate.margin": {"a half", "fraction"},
    "evaluate.reference": NULL
    | {
        *("a word", "auto", "fraction", "fraction over zero", "one as a text", "half as a text"),
        *("above the repository", "the repository", "an output", "above outputs"),
    },
}
# Words of pydantic, YAML and Python that no user of params.yaml has written.
FOREIGN = ("literal[", "tuple", "dict", "instance", "pathlib", "<class", "input should", "[key]")


def text(key, value):
    """Return params.yaml with one value written in the place of another."""
    content = json.loads(json.dumps(CONTENT))
    *sections, last = key.split(".")
    section = content
    for name in sections:
        section = section[name]
    section[last] = "@HERE@"
    return json.dumps(content, indent=1).replace('"@HERE@"', value)


def error(folder, content):
    """Return the lines of the error that a file ends in; none if it is accepted."""
    path = folder / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        params.load(path, shown_as=Path("params.yaml"))
    except ParamsError as problem:
        return str(problem).split("\n")
    return []


@pytest.mark.parametrize("key", KEYS + SECTIONS)
def test_a_value_is_accepted_or_ends_in_key_value_and_what_is_allowed(tmp_path, key):
    for kind, value in KINDS.items():
        lines = error(tmp_path, text(key, value))
        if kind in ALLOWED.get(key, ()):
            assert not lines, kind
            continue
        assert lines, f"{key}: {kind} is accepted"
        for line in lines:
            assert line.startswith(f"params.yaml: {key}"), kind
            assert "allowed: " in line or ": missing; " in line or "unknown key" in line, line
            assert line.isprintable() and len(line) < 500, kind
            assert not any(word in line.lower() for word in FOREIGN), line
        if key not in SECTIONS and not value.startswith("{"):
            assert len(lines) == 1 or value.startswith("["), lines
            assert " = " in lines[0] and lines[0].index(" = ") < lines[0].index("allowed: ")


@pytest.mark.parametrize("key", [key for key in KEYS + SECTIONS if key != "select.confirm"])
def test_a_missing_or_doubled_key_is_named(tmp_path, key):
    *_, last = key.split(".")
    lines = error(tmp_path, text(key, "1").replace(f'"{last}": 1', '"wrod": 1'))
    assert any(line.startswith(f"params.yaml: {key}: missing; ") for line in lines), lines
    lines = error(tmp_path, text(key, f'1, "{last}": 2'))
    assert len(lines) == 1 and f'found duplicate key "{last}"' in lines[0] and "line " in lines[0]


FILES = {
    "empty": (b"", "expected sections"),
    "a list": (b"- a\n", "expected sections"),
    "a number": (b"0x" + b"f" * 3000, "a whole number of 3,613 digits"),
    "UTF-16": ("tune: é".encode("utf-16"), "not UTF-8: it is UTF-16"),
    "UTF-16 without a mark": ("tune: é".encode("utf-16-le"), "not"),
    "Latin-1": ("a: 1\nb: é\n".encode("latin-1"), "not UTF-8: line 2 has the byte 0xe9"),
    "deep": (b"a: " + b"[" * 2000 + b"]" * 2000, "line 1: nested deeper than 20 levels"),
    "so deep that libyaml crashes": (b"a: " + b"[" * 200_000, "nested deeper than 20 levels"),
    "large": (b"a: 1 # " + b"x" * 1_000_000, "1,000,007 bytes; allowed: at most 1,000,000"),
    "a number as a key": (b"1: 2\n", "1 at the top level: not a key, which is a text"),
    "a list as a key": (b"tune: {[a]: 2}\n", "['a'] in tune: not a key"),
    "an unhashable key": (b"{a: 1}: 2\n", "line 1: found unhashable key"),
    "a value within itself": (b"a: &a [*a]\n", "a: nested deeper than 20 levels"),
    "a billion values": (
        b"b0: &b0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"b{k}: &b{k} [{','.join([f'*b{k - 1}'] * 9)}]\n" for k in range(1, 9)).encode(),
        "more than 10,000 values",
    ),
    "an undefined alias": (b"a: *b\n", "line 1: found undefined alias"),
    "a Python object": (b"a: !!python/object/apply:os.system [x]\n", "line 1: could not determine"),
    "a tab": (b"a:\n\tb: 1\n", "line 2: found character"),
    "a control character": (b"a: \x1b[31m\n", "control characters are not allowed"),
    "two documents": (b"a: 1\n---\nb: 1\n", "line 2: but found another document"),
    "an open bracket": (b"a: [\n", "not valid YAML: line "),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_read_ends_in_one_sentence(tmp_path, kind):
    content, reason = FILES[kind]
    lines = error(tmp_path, content)
    assert len(lines) == 1 and lines[0].startswith("params.yaml: ") and reason in lines[0]
    assert lines[0].isprintable() and len(lines[0]) < 300


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_byte_order_marks_and_line_ends_change_nothing(tmp_path, mark, end):
    whole = (Path(__file__).parents[3] / "params.yaml").read_bytes()
    assert not error(tmp_path, mark + whole.replace(b"\n", end))


def test_a_folder_in_the_place_of_the_file_is_one_sentence(tmp_path):
    with pytest.raises(ParamsError, match="cannot be read: Is a directory"):
        params.load(tmp_path)
