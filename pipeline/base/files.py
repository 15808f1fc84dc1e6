"""Reading, atomic writing and hashing of small files; a reader never sees half of one."""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.base.text import visible

# What a spreadsheet takes for a formula, but for numbers; and what this mark already stands before.
COMPUTED = re.compile(r"'*(?![+-]?[0-9.])[=+@-]")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path beside `path`; move it there if the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write `content` as indented JSON.

    Raises:
        ValueError: `content` has NaN or infinity, which JSON lacks.
    """
    with replacing(path) as scratch:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        scratch.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read one JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV table with a header line.

    A text that a spreadsheet would compute, such as a class called =1+1, gets an apostrophe.
    """
    with replacing(path) as scratch, scratch.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV table as one dictionary for each row, with all values as text."""
    return parse_csv(path.read_text(encoding="utf-8"))


def parse_csv(text: str) -> list[dict[str, str]]:
    """Parse the text of a table that `write_csv` has written."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: _without_mark(value) for key, value in row.items()} for row in rows]


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = visible(value, keep="\n")
    return f"'{text}" if COMPUTED.match(text) else text


def _without_mark(value: Any) -> Any:
    """Return a cell without the apostrophe before it; a row may lack cells, or have too many."""
    marked = isinstance(value, str) and value.startswith("'") and COMPUTED.match(value[1:])
    return value[1:] if marked else value


def digest(path: Path, kind: str) -> str:
    """Return the digest of a file's bytes, in hexadecimal; `kind` is a name that hashlib knows."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return digest(path, "sha256")


def files_of(path: Path) -> list[Path]:
    """Return the files at or below a path, without Python's caches; empty if it does not exist."""
    files = path.rglob("*") if path.is_dir() else [path]
    return [file for file in files if file.is_file() and "__pycache__" not in file.parts]
