"""The check that the committed results belong to the committed code, data and parameters.

DVC's own check, `dvc repro --dry --allow-missing`, needs DVC, and without data and models it can
end in "No such file or directory" instead of listing the changes. This check needs only git: it
compares dvc.lock with the files beside it, and finds the changes that would make DVC run a stage.
"""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.base import code_digest, paths
from pipeline.base.code_digest import SourceError
from pipeline.config import dvc_yaml
from pipeline.report import consistency
from pipeline.report.results import Results

CODE = "code"


def stale(results: Results) -> list[str]:
    """List all changes since the stage that used or wrote the changed thing, one line each."""
    if not results.lock:
        return ["there is no dvc.lock: run `dvc repro` and commit what it writes"]
    pipeline, values = results.yaml("dvc.yaml", dvc_yaml.Pipeline), dvc_yaml.flatten(results.params)
    if not pipeline.get("stages"):
        return ["dvc.yaml has no stages, or is missing: git checkout HEAD -- dvc.yaml"]
    known = results.tracked | {
        out["path"]: out["md5"] for stage in results.lock.values() for out in stage.get("outs", [])
    }
    lines = []
    for name in dvc_yaml.stage_names(pipeline, values):
        locked = results.lock.get(name)
        if locked is None:
            lines.append(f"{name}: it never ran")
            continue
        stage = dvc_yaml.stage(pipeline, values, name)
        if name == CODE:
            # Any edit of `pipeline/` changes its dependencies; only a changed entry matters.
            lines += _code(results)
            continue
        changes = (
            *_command(stage, locked),
            *_dependencies(results, stage, locked, known),
            *_outputs(results, stage, locked),
            *_parameters(results, stage, locked),
        )
        lines += [f"{name}: {change}" for change in changes]
    return lines + consistency.contradictions(results)


def _code(results: Results) -> Iterator[str]:
    """Compare the code that stage `code` recorded with the revision's own code."""
    sources = {
        path: content
        for path, content in results.snapshot.files.items()
        if path.startswith(f"{code_digest.PACKAGE}/") and path.endswith(".py")
    }
    try:
        entries = {
            stage: code_digest.entry(sources, stage) for stage in code_digest.stages(sources)
        }
    except SourceError as error:
        yield f"{CODE}: {error}"
        return
    for stage, entry in entries.items():
        recorded = results.json(paths.code(stage).as_posix())
        for file in code_digest.differing(recorded, entry):
            yield f"{stage}: {file} changed"
    # The baseline's architecture need not be among those that are searched.
    recorded = results.json(paths.ARCHITECTURE_DIGESTS.as_posix())
    for name in code_digest.differing(recorded, code_digest.architectures(sources)):
        yield f"select: {paths.ARCHITECTURES.as_posix()}/{name}.py changed"


def _command(stage: Mapping[str, Any], locked: Mapping[str, Any]) -> Iterator[str]:
    if stage.get("cmd") != locked.get("cmd"):
        yield "its command changed"


def _dependencies(
    results: Results, stage: Mapping[str, Any], locked: Mapping[str, Any], known: Mapping[str, str]
) -> Iterator[str]:
    """Compare the dependencies of a stage; a dropped dependency is no reason to run it."""
    recorded = {dep["path"]: dep["md5"] for dep in locked.get("deps", [])}
    for path in sorted(stage.get("deps", [])):
        if path not in recorded:
            yield f"{path} is a dependency now"
            continue
        now = _digest(results, path) or known.get(posixpath.normpath(path))
        if now is None and not _own_pictures(results, path):
            yield f"{path} is missing"
        elif now not in (None, recorded[path]):
            yield f"{path} changed"


def _outputs(
    results: Results, stage: Mapping[str, Any], locked: Mapping[str, Any]
) -> Iterator[str]:
    recorded = {out["path"]: out["md5"] for out in locked.get("outs", [])}
    for path in dvc_yaml.outputs(stage):
        now = _digest(results, path)
        if path not in recorded:
            yield f"{path} is an output now"
        elif now and now != recorded[path]:
            yield f"{path} is not what the stage wrote"
        elif not now and path.startswith("results/"):
            yield f"{path} is not committed"


def _parameters(
    results: Results, stage: Mapping[str, Any], locked: Mapping[str, Any]
) -> Iterator[str]:
    for file, key in _keys(results, stage):
        recorded = locked.get("params", {}).get(file, {})
        now = results.params if file == dvc_yaml.PARAMS else results.json(file)
        if key not in recorded:
            yield f"{key} in {file} is read now"
        elif dvc_yaml.lookup(now, key) != recorded[key]:
            yield f"{key} in {file} changed"


def _keys(results: Results, stage: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files and keys of the parameters that a stage reads."""
    for file, key in dvc_yaml.parameters(stage):
        yield from [(file, key)] if key else [(file, each) for each in results.params]


def _own_pictures(results: Results, path: str) -> bool:
    """Check whether a path is the user's own folder of pictures, which is not in git."""
    own = results.params.get("dataset", {}).get("path")
    return own is not None and posixpath.normpath(path) == posixpath.normpath(str(own))


def _digest(results: Results, path: str) -> str | None:
    """Compute the MD5 that DVC would record for a file or folder; None if it is not in git."""
    files = results.snapshot.files
    if path in files:
        return hashlib.md5(files[path]).hexdigest()
    inside = sorted(name for name in files if name.startswith(f"{path}/"))
    if not inside:
        return None
    return dvc_yaml.folder_md5(
        {name.removeprefix(f"{path}/"): hashlib.md5(files[name]).hexdigest() for name in inside}
    )
