"""Whether the committed results belong to the committed code, data and parameters.

DVC's own answer, `dvc repro --dry --allow-missing`, needs DVC installed. This one needs only git:
it compares the digests in dvc.lock with the files beside it.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from pipeline import declared
from pipeline.report.results import Results


def stale(results: Results) -> list[str]:
    """Name everything that changed after the stage that used or wrote it, one line each."""
    if not results.lock:
        return ["there is no dvc.lock: run `dvc repro` and commit what it writes"]
    pipeline, values = results.yaml("dvc.yaml"), declared.flatten(results.params)
    lines = []
    for name in declared.stage_names(pipeline, values):
        entry = results.lock.get(name)
        if entry is None:
            lines.append(f"{name}: it never ran")
            continue
        deps = set(declared.stage(pipeline, values, name)["deps"])
        lines += [f"{name}: {change}" for change in _changes(results, entry, deps)]
    return lines


def _changes(results: Results, entry: dict[str, Any], deps: set[str]) -> Iterator[str]:
    """Compare one stage's lock entry with its declaration, the files and the parameters."""
    recorded = {dep["path"]: dep for dep in entry.get("deps", [])}
    for path in sorted(deps - recorded.keys()):
        yield f"{path} is a dependency now"
    for path in sorted(recorded.keys() - deps):
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


def _lookup(content: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content
