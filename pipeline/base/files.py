"""Checked reading, atomic writing and hashing of small files; a reader never sees half of one."""

import csv
import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.base import parsing
from pipeline.base.errors import ConvoyError
from pipeline.base.parsing import COMPUTED
from pipeline.base.text import visible


class FileError(ConvoyError):
    """A file that cannot be read, or is not as the pipeline writes it."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Put a path into an `OSError` of the block that has no file's name, as that of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path beside `path`; move it there if the block ends without an error.

    A device or a pipe, such as /dev/stdout, is written to itself. An `OSError` of the block that
    has no file's name gets that of `path`.

    Raises:
        IsADirectoryError: `path` is a folder.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        with writing(path):
            yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with writing(path):
            yield scratch
            scratch.replace(path)
    finally:
        with suppress(OSError):  # where it could not be written, it cannot be removed either
            scratch.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into one line with a remedy.

    Raises:
        FileError: the file is missing, cannot be opened, or its content is refused.
    """
    try:
        yield
    except PermissionError as error:
        raise FileError(
            f"{path}: {(error.strerror or str(error)).lower()}. {readable(path)}"
        ) from None
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
    except parsing.ContentError as error:
        problem = str(error)
    else:
        return
    raise FileError(f"{path}: {problem}. {remedy(path)}")


def readable(path: Path) -> str:
    """Return what to type when a file may not be read."""
    return f"Make it readable for you: `chmod u+r {path}`."


def remedy(path: Path) -> str:
    """Return what to type when a file of the pipeline is missing or damaged."""
    match path.parts[:1]:
        case ("models" | "data",):
            return "`dvc checkout` brings it back if it was there; `dvc repro` writes it anew."
        case ("results",):
            return "`dvc repro` writes it anew."
    return f"`git checkout HEAD -- {path}` brings it back if it is committed; else `dvc repro`."


def write_json(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write `content` as indented JSON.

    Raises:
        ValueError: `content` has NaN or infinity, which JSON lacks.
    """
    with replacing(path) as scratch:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        scratch.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path, shape: Any = Any) -> Any:
    """Read one JSON file.

    Args:
        path: The file.
        shape: The type that its content must have, as pydantic understands types: a dataclass,
            `list[str]`, a `TypedDict`.

    Raises:
        FileError: it is missing or cannot be read, is not JSON, or has another shape.
    """
    with reading(path):
        return parsing.json_of(path.read_bytes(), shape)


def read_yaml(path: Path, shape: Any = Any) -> Any:
    """Read one YAML file; `shape` is as for `read_json`.

    Raises:
        FileError: it is missing or cannot be read, is not YAML, or has another shape.
    """
    with reading(path):
        return parsing.yaml_of(path.read_bytes(), shape)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV table with a header line.

    A text that a spreadsheet would compute, such as a class called =1+1, gets an apostrophe.
    """
    with replacing(path) as scratch, scratch.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)


def read_csv(path: Path, columns: parsing.Columns = MappingProxyType({})) -> list[dict[str, str]]:
    """Read a CSV table as one dictionary for each row; `columns` is as for `parsing.csv_of`.

    Raises:
        FileError: it is missing or cannot be read, a row is not as long as the header, or a column
            is missing or holds something else.
    """
    with reading(path):
        return parsing.csv_of(path.read_bytes(), columns)


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = visible(value, keep="\n")
    return f"'{text}" if COMPUTED.match(text) else text


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
