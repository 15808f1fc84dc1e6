"""Parsing of JSON, YAML and CSV from bytes that may be damaged, or meant to do harm.

Whatever is wrong with the content is a `ContentError`, whose text the caller completes with the
file's name. Nesting is limited, and so is what the aliases of YAML stand for.
"""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.base.errors import ConvoyError

# Levels of nesting: far more than any of the pipeline's files has, and far below Python's limit.
DEEPEST = 40
# Values that the aliases of a YAML file may stand for; a few hundred bytes can mean billions.
MOST_REPEATED = 10_000
# Characters of a value, or of another library's words, that a message quotes.
MOST_QUOTED = 120

# The columns of a table, each with a check of its values.
Columns = Mapping[str, Callable[[str], Any]]

# What a spreadsheet takes for a formula, but for numbers; and what this mark already stands before.
COMPUTED = re.compile(r"'*(?![+-]?[0-9.])[=+@-]")


class ContentError(ConvoyError):
    """Content that cannot be parsed or has another shape; the text does not name the file."""


def json_of(content: bytes, shape: Any = Any) -> Any:
    """Parse JSON that must have some shape: a type, as pydantic understands types.

    Raises:
        ContentError: it is not JSON, holds NaN or infinity, or has another shape.
    """
    try:
        text = content.decode("utf-8")
        found = json.loads(text, parse_constant=_refused, parse_float=finite)
    except UnicodeDecodeError:
        raise ContentError("not UTF-8 text") from None
    except RecursionError:
        raise ContentError(f"nested more than {DEEPEST} levels deep") from None
    except ValueError as error:
        raise ContentError(f"not valid JSON: {shortened(error)}") from None
    _check_tree(found)
    # As JSON, because only there do a dataclass and a tuple have a form of their own.
    return found if shape is Any else checked(shape, found, text)


def yaml_of(content: bytes, shape: Any = Any) -> Any:
    """Parse YAML that must have some shape: a type, as pydantic understands types.

    Raises:
        ContentError: it is not YAML, has many aliases, is nested deeply, or has another shape.
    """
    try:
        text = content.decode("utf-8")
        _check_events(text)
        found = YAML(typ="safe").load(text)
    except UnicodeDecodeError:
        raise ContentError("not UTF-8 text") from None
    except (YAMLError, ValueError, TypeError, OverflowError) as error:
        raise ContentError(f"not valid YAML: {shortened(error)}") from None
    _check_tree(found)
    return found if shape is Any else checked(shape, found)


def csv_of(content: bytes, columns: Columns = MappingProxyType({})) -> list[dict[str, str]]:
    """Parse a CSV table into one dictionary for each row, with all values as text.

    Args:
        content: The bytes of the file.
        columns: Columns that it must have; each with a function that raises ValueError for a text
            that must not stand there, such as `int`, `finite` or `finite_or_empty`.

    Raises:
        ContentError: a row is not as long as the header, or a column is missing or holds something
            else.
    """
    try:
        header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    except UnicodeDecodeError:
        raise ContentError("not UTF-8 text") from None
    except csv.Error as error:
        raise ContentError(f"not a CSV table: {shortened(error)}") from None
    except ValueError:
        raise ContentError("empty, without a header") from None
    header = [_without_mark(name) for name in header]
    if missing := [name for name in columns if name not in header]:
        raise ContentError(f"no column {', '.join(missing)}")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ContentError(f"row {number} has {len(row)} cells, the header {len(header)}")
    table = [dict(zip(header, map(_without_mark, row), strict=True)) for row in rows]
    for name, check in columns.items():
        for number, values in enumerate(table, start=1):
            try:
                check(values[name])
            except ValueError:
                found = shortened(repr(values[name]))
                raise ContentError(f"row {number}: {name} = {found} must not stand there") from None
    return table


def _without_mark(cell: str) -> str:
    """Return a cell without the apostrophe that `write_csv` puts before a formula."""
    return cell[1:] if cell.startswith("'") and COMPUTED.match(cell[1:]) else cell


def finite(text: str) -> float:
    """Read a finite number; raise ValueError for anything else."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{shortened(text)} is not finite")
    return number


def counted(text: str) -> int:
    """Read a whole number from 1; raise ValueError for anything else."""
    number = int(text)
    if number < 1:
        raise ValueError(f"{shortened(text)} is below 1")
    return number


def finite_or_empty(text: str) -> float | None:
    """Read a finite number, or None from nothing; raise ValueError for anything else."""
    return finite(text) if text else None


def checked(shape: Any, found: Any, text: str | None = None) -> Any:
    """Check that parsed content has some shape, and return it.

    Args:
        shape: The type, as pydantic understands types.
        found: The content.
        text: The same as JSON; with it, dataclasses are built.

    Raises:
        ContentError: it has another shape.
    """
    # Imported here, because it takes a while that commands without a shape can do without.
    from pydantic import ValidationError
    from typing_extensions import is_typeddict

    adapter = _adapter(shape)
    try:
        if text is None:
            adapter.validate_python(found, strict=True)
            return found
        built = adapter.validate_json(text, strict=True)
        # A TypedDict would come back without the keys that it does not name.
        return found if is_typeddict(shape) else built
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        key = f"{shortened(where)}: " if where else ""
        got = "" if first["type"] == "missing" else f", got {_kind(first['input'])}"
        message = f"{first['msg'][0].lower()}{first['msg'][1:]}"
        raise ContentError(f"{key}{message}{got}") from None


def shortened(value: object) -> str:
    """Return a value, or an error's text, on one line and not too long."""
    text = " ".join(str(value).split())
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _check_tree(content: Any) -> None:
    level = [content]
    for _ in range(DEEPEST):
        level = [inside for value in level for inside in _inside(value)]
        if not level:
            return
    raise ContentError(f"nested more than {DEEPEST} levels deep")


def _inside(value: Any) -> Iterable[Any]:
    if not isinstance(value, dict):
        return value if isinstance(value, list) else ()
    if keys := [key for key in value if not isinstance(key, str)]:
        raise ContentError(f"the key {shortened(keys[0])} is not text")
    return value.values()


def _check_events(text: str) -> None:
    """Check a document of YAML before it is built; reading events needs no deep stack.

    Aliases are allowed as far as what they stand for, written out, is small.
    """
    open_nodes = [0]  # the size so far of every node that is not closed, the document first
    anchors: list[str | None] = []
    sizes: dict[str, int] = {}
    repeated = 0
    for event in YAML(typ="safe").parse(text):
        kind, anchor = type(event).__name__, getattr(event, "anchor", None)
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            open_nodes.append(1)
            anchors.append(anchor)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            size, name = open_nodes.pop(), anchors.pop()
            open_nodes[-1] += size
            if name:
                sizes[name] = size
        elif kind == "ScalarEvent":
            size = 1 + len(event.value) // 50
            open_nodes[-1] += size
            if anchor:
                sizes[anchor] = size
        elif kind == "AliasEvent":
            if anchor not in sizes:
                raise ContentError(f"*{shortened(anchor)}: no such anchor before it")
            repeated += sizes[anchor]
            open_nodes[-1] += sizes[anchor]
            if repeated > MOST_REPEATED:
                raise ContentError(f"its aliases stand for more than {MOST_REPEATED:,} values")
        if len(open_nodes) > DEEPEST:
            raise ContentError(f"nested more than {DEEPEST} levels deep")


@cache
def _adapter(shape: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(shape)


def _kind(value: Any) -> str:
    words = {dict: "keys with values", list: "a list", type(None): "nothing"}
    return words.get(type(value), shortened(repr(value)))
