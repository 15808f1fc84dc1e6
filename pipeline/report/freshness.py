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
from pipeline.config import dvc_lock, dvc_yaml
from pipeline.report import consistency
from pipeline.report.results import Results

CODE = "code"


def faults(results: Results) -> list[str]:
    """List what is stale, and where the results contradict each other, one line each."""
    return [*stale(results), *consistency.contradictions(results)]


def stale(results: Results) -> list[str]:
    """List all changes since the stage that used or wrote the changed thing, one line each."""
    if not results.lock:
        return ["there is no dvc.lock: run `dvc repro` and commit what it writes"]
    pipeline, values = results.yaml("dvc.yaml", dvc_yaml.Pipeline), dvc_yaml.flatten(results.params)
    if not pipeline.get("stages"):
        return ["dvc.yaml has no stages, or is missing: git checkout HEAD -- dvc.yaml"]
    known = _digests(results)

    def digest(path: str) -> str | None:
        return _digest(results, path) or known.get(posixpath.normpath(path))

    def content(file: str) -> Mapping[str, Any]:
        return results.params if file == dvc_yaml.PARAMS else results.json(file)

    lines = []
    for name in dvc_yaml.stage_names(pipeline, values):
        locked = results.lock.get(name)
        if locked is None:
            lines.append(f"{name}: it never ran")
            continue
        if name == CODE:
            # Any edit of `pipeline/` changes its dependencies; only a changed entry matters.
            lines += _code(results)
            continue
        stage = dvc_yaml.stage(pipeline, values, name)
        changes = dvc_lock.changes(stage, locked, digest, content)
        lines += [f"{name}: {change}" for change in (*changes, *_outputs(results, stage, locked))]
    return lines


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


def _digests(results: Results) -> dict[str, str]:
    """Return the MD5 of what is not in git itself, by path: data and models."""
    locked = results.lock.values()
    outs = {out["path"]: out["md5"] for stage in locked for out in stage.get("outs", [])}
    # The user's own pictures, of which nothing is in git, are taken to be what they were.
    own = posixpath.normpath(str(results.params.get("dataset", {}).get("path")))
    deps = [(dep["path"], dep["md5"]) for stage in locked for dep in stage.get("deps", [])]
    pictures = {normal: md5 for path, md5 in deps if (normal := posixpath.normpath(path)) == own}
    return pictures | results.tracked | outs


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
