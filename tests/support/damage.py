"""Ways to damage a file, drawn at random by Hypothesis: cut, flipped, retyped."""

import copy
import csv
import io
import json

from hypothesis import strategies as st
from ruamel.yaml import YAML

VALUES = [None, True, False, 0, -1, 10**30, 1e308, 0.5, "", "x", "../../etc", "\x1b[31m", [], [[]],
          [1], ["x"], {}, {"a": 1}, {"": None}]  # fmt: skip
NOISE = [b"", b"\n", b"null", b"[]", b"{}", b"[" * 5000, b"\xff\xfe", b"NaN", b"a,b\n1"]
CELLS = ["", "nan", "inf", "-1", "1e400", "x", "0.5", '"', "\x00", "9" * 400]


def damaged(draw, path: str, content: bytes) -> bytes:
    """Return another content for a file of this name."""
    ways = [_cut, _flip, _noise]
    if path.endswith(".json"):
        ways += [_json] * 4
    elif path.endswith((".yaml", ".lock", ".dvc")):
        ways += [_yaml] * 4
    elif path.endswith(".csv"):
        ways += [_csv] * 4
    return draw(st.sampled_from(ways))(draw, content)


def _cut(draw, content):
    return content[: draw(st.integers(0, max(0, len(content) - 1)))]


def _flip(draw, content):
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        changed[draw(st.integers(0, len(changed) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)


def _noise(draw, content):
    return draw(st.sampled_from(NOISE))


def _json(draw, content):
    return json.dumps(_retyped(draw, json.loads(content))).encode()


def _yaml(draw, content):
    stream = io.BytesIO()
    YAML().dump(_retyped(draw, YAML(typ="safe").load(content)), stream)
    return stream.getvalue()


def _retyped(draw, tree):
    """Replace or remove something somewhere in a tree."""
    tree = copy.deepcopy(tree)
    holder, key, inside = None, None, tree
    while isinstance(inside, (dict, list)) and inside and draw(st.integers(0, 9)):
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        holder, key = inside, draw(st.sampled_from(keys))
        inside = holder[key]
    if holder is None:
        return draw(st.sampled_from(VALUES))
    if draw(st.integers(0, 3)):
        holder[key] = draw(st.sampled_from(VALUES))
    else:
        del holder[key]
    return tree


def _csv(draw, content):
    rows = list(csv.reader(io.StringIO(content.decode())))
    row = draw(st.sampled_from(range(len(rows))))
    way = draw(st.sampled_from(["cell", "cell", "cell", "short", "header alone", "column"]))
    if way == "header alone":
        rows = rows[:1]
    elif way == "short":
        rows[row] = rows[row][:-1]
    elif way == "column":
        column = draw(st.integers(0, len(rows[0]) - 1))
        rows = [cells[:column] + cells[column + 1 :] for cells in rows]
    else:
        rows[row][draw(st.integers(0, len(rows[row]) - 1))] = draw(st.sampled_from(CELLS))
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()
