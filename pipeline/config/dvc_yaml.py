"""What dvc.yaml declares, its templates filled in as DVC does.

The report reads it of any revision, from git alone: nothing here needs DVC or pydantic.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def flatten(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name every value of nested mappings by its dotted key."""
    flat: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def stage_names(pipeline: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """Name the stages that dvc.yaml makes of its entries, such as tune@mlp.

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
            items = values.get(items.removeprefix("${").removesuffix("}")) or []
        yield from (f"{name}@{item}" for item in items)


def stage(pipeline: Mapping[str, Any], values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give a stage's entry in dvc.yaml, its templates filled in.

    A template that names no parameter stays as it is.
    """
    plain, _, item = name.partition("@")
    entry = pipeline["stages"][plain]
    known = {**values, **{f"item.{key}": item for key in entry.get("matrix", {})}}

    def fill(match: re.Match[str]) -> str:
        return json.dumps(str(known.get(match[1], match[0])))[1:-1]  # it stands inside a string

    return json.loads(re.sub(r"\$\{([\w.]+)\}", fill, json.dumps(entry)))


def outputs(entry: Mapping[str, Any]) -> list[str]:
    """Name the files and folders that a stage writes."""
    listed = [out for part in ("outs", "metrics", "plots") for out in entry.get(part, [])]
    return [out if isinstance(out, str) else next(iter(out)) for out in listed]
