"""The stages of dvc.yaml, with templates filled in as by DVC, and its digest of a folder.

The report reads dvc.yaml of any revision from git alone, so this module needs no DVC.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len, Predicate
from typing_extensions import TypedDict  # pydantic cannot use that of Python 3.11

from pipeline.base.files import digest, files_of

PARAMS = "params.yaml"
# Characters of a value that a template takes; many templates with a longer one would fill the
# memory.
LONGEST = 10_000
Name = Annotated[str, Predicate(lambda name: "@" not in name)]


class Stage(TypedDict, total=False):
    """A stage of dvc.yaml, as far as it is read."""

    cmd: str
    matrix: Annotated[dict[str, str | list[str]], Len(1, 1)]
    params: list[str | dict[str, list[str] | None]]
    deps: list[str]
    outs: list[str | Annotated[dict[str, Any], Len(1, 1)]]
    metrics: list[str | Annotated[dict[str, Any], Len(1, 1)]]
    plots: list[str | Annotated[dict[str, Any], Len(1, 1)]]


class Pipeline(TypedDict, total=False):
    """dvc.yaml, as far as it is read."""

    stages: dict[Name, Stage]


def flatten(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return all values of nested mappings by their dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def lookup(content: Any, key: str) -> Any:
    """Return what stands under a dotted key, a value or a section; None if there is nothing."""
    for part in key.split("."):
        content = content.get(part) if isinstance(content, Mapping) else None
    return content


def stage_names(pipeline: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the stages in dvc.yaml, with one for each matrix item, such as tune@mlp.

    Args:
        pipeline: The content of dvc.yaml.
        values: Every parameter by its dotted key.
    """
    for name, entry in pipeline.get("stages", {}).items():
        if "matrix" not in entry:
            yield name
            continue
        ((_, items),) = entry["matrix"].items()
        if isinstance(items, str):
            found = values.get(items.removeprefix("${").removesuffix("}"))
            items = found if isinstance(found, list) else []
        yield from (f"{name}@{item}" for item in items)


def stage(pipeline: Mapping[str, Any], values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a stage's entry in dvc.yaml with its templates filled in.

    A template without a known parameter stays as it is, and one whose value is very long.
    """
    plain, _, item = name.partition("@")
    entry = pipeline["stages"][plain]
    known = {**values, **{f"item.{key}": item for key in entry.get("matrix", {})}}

    def fill(match: re.Match[str]) -> str:
        text = str(known.get(match[1], match[0]))
        if len(text) > LONGEST:
            text = match[0]
        return json.dumps(text)[1:-1]  # it stands inside a string

    return json.loads(re.sub(r"\$\{([\w.]+)\}", fill, json.dumps(entry, default=str)))


def outputs(entry: Mapping[str, Any]) -> list[str]:
    """Return the files and folders that a stage writes."""
    listed = [out for part in ("outs", "metrics", "plots") for out in entry.get(part, [])]
    return [out if isinstance(out, str) else next(iter(out)) for out in listed]


def parameters(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a stage lists under `params`: a file and a key, which is empty for all of it."""
    for listed in entry.get("params", []):
        if isinstance(listed, str):
            yield PARAMS, listed
            continue
        for file, keys in listed.items():
            yield from ((file, key) for key in keys or [""])


def md5_of(folder: Path) -> str:
    """Return the MD5 by which DVC knows a folder, from the files that are in it now."""
    files = files_of(folder)
    return folder_md5({f.relative_to(folder).as_posix(): digest(f, "md5") for f in files})


def folder_md5(digests: Mapping[str, str]) -> str:
    """Return the MD5 by which DVC knows a folder.

    Args:
        digests: MD5 of each file, by its path inside the folder.
    """
    entries = [{"md5": digests[path], "relpath": path} for path in sorted(digests)]
    return f"{hashlib.md5(json.dumps(entries, sort_keys=True).encode()).hexdigest()}.dir"
