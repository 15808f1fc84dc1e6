"""Whether the committed results belong to the committed code, data and parameters.

DVC's own answer, `dvc repro --dry --allow-missing`, needs DVC installed. This one needs only git:
it compares the digests in dvc.lock with the files beside it.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from pipeline.report.results import Results


def stale(results: Results) -> list[str]:
    """Name everything that changed after the stage that used or wrote it, one line each."""
    if not results.lock:
        return ["there is no dvc.lock: run `dvc repro` and commit what it writes"]
    expected = dict(_stages(results))
    lines = []
    for name, declared in expected.items():
        entry = results.lock.get(name)
        if entry is None:
            lines.append(f"{name}: it never ran")
            continue
        lines += [f"{name}: {change}" for change in _changes(results, entry, declared)]
    return lines


def _changes(results: Results, entry: dict[str, Any], declared: set[str]) -> Iterator[str]:
    """Compare one stage's lock entry with its declaration, the files and the parameters."""
    recorded = {dep["path"]: dep for dep in entry.get("deps", [])}
    for path in sorted(declared - recorded.keys()):
        yield f"{path} is a dependency now"
    for path in sorted(recorded.keys() - declared):
        yield f"{path} is no dependency any more"
    produced = {
        out["path"]: out["md5"] for stage in results.lock.values() for out in stage.get("outs", [])
    }
    for path, dep in recorded.items():
        now = _digest(results, path) or produced.get(path)
        if path.startswith("data/") and path not in produced:
            continue  # pictures of one's own: git alone cannot say what they are
        if now is None:
            yield f"{path} is missing"
        elif now != dep["md5"]:
            yield f"{path} changed"
    for out in entry.get("outs", []):
        now = _digest(results, out["path"])
        if now and now != out["md5"]:
            yield f"{out['path']} is not what the stage wrote"
        elif not now and out["path"].startswith("results/"):
            yield f"{out['path']} is not committed"
    for key, value in entry.get("params", {}).get("params.yaml", {}).items():
        if _lookup(results.params, key) != value:
            yield f"{key} in params.yaml changed"


def _digest(results: Results, path: str) -> str | None:
    """Give the MD5 that DVC would record for a file or folder; None if git does not have it."""
    files = results.snapshot.files
    if path in files:
        return hashlib.md5(files[path]).hexdigest()
    inside = sorted(name for name in files if name.startswith(f"{path}/"))
    if not inside:
        return None
    entries = [
        {"md5": hashlib.md5(files[name]).hexdigest(), "relpath": name.removeprefix(f"{path}/")}
        for name in inside
    ]
    listing = json.dumps(entries, sort_keys=True).encode()
    return f"{hashlib.md5(listing).hexdigest()}.dir"


def _stages(results: Results) -> Iterator[tuple[str, set[str]]]:
    """Name the stages that dvc.yaml makes of its entries, each with its dependencies."""
    for name, stage in results.yaml("dvc.yaml").get("stages", {}).items():
        matrix = stage.get("matrix")
        if not matrix:
            yield name, {_fill(path, results.params) for path in stage.get("deps", [])}
            continue
        ((key, values),) = matrix.items()
        if isinstance(values, str):
            values = _lookup(results.params, values.removeprefix("${").removesuffix("}")) or []
        for value in values:
            context = {**results.params, "item": {key: value}}
            yield f"{name}@{value}", {_fill(path, context) for path in stage.get("deps", [])}


def _fill(text: str, context: dict[str, Any]) -> str:
    """Replace ${...} as DVC does."""
    return re.sub(r"\$\{([\w.]+)\}", lambda match: str(_lookup(context, match[1])), text)


def _lookup(content: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content
