"""Stages that this run of DVC has yet to run, whose trainings keep workers busy that would idle.

DVC runs one stage at a time, and a search has `tune.in_flight` trials under way, a final training
as many as it has seeds. So the first of several searches computes the others' trials as well, and
the first of the final trainings the other's seeds. They wait in the store for their own stages. No
result depends on it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from pipeline.base import paths
from pipeline.base.files import FileError, read_json, read_yaml
from pipeline.config import dvc_lock, dvc_yaml, params
from pipeline.config.shapes import LeftOut
from pipeline.running import tie

STAGES = ("tune", "train")
FORCED = {"-f", "--force"}
QUEUED = "exec-run"  # how DVC runs an experiment in a folder of its own: its targets are elsewhere
LOCK, CACHE = Path("dvc.lock"), Path(".dvc/cache/files/md5")


def items(stage: str, starter: psutil.Process) -> list[str]:
    """Return the items of a stage's matrix that DVC will run after it; once in a run of DVC.

    Where that is not certain, they are left out.

    Args:
        stage: The stage that runs now, such as tune@mlp.
        starter: The run of DVC.
    """
    plain, _, own = stage.partition("@")
    if plain not in STAGES:
        return []
    with suppress(FileError, psutil.Error):
        words, done = starter.cmdline(), tie.file_of(starter, plain)
        left_out = read_json(paths.SETTINGS, LeftOut)["left_out"]
        if done.exists() or left_out.get(own) or QUEUED in words:
            return []
        done.touch()
        pipeline, values = read_yaml(paths.PIPELINE, dvc_yaml.Pipeline), params.written()
        if _has_target(words, pipeline):
            return []
        names = list(dvc_yaml.stage_names(pipeline, values))
        later = [n for n in names[names.index(stage) + 1 :] if n.startswith(f"{plain}@")]
        wanted = {name: item for name in later if not left_out.get(item := name.partition("@")[2])}
        locked = read_yaml(LOCK, dict[str, Any])["stages"]
        forced = not FORCED.isdisjoint(words)
        return [
            item
            for name, item in wanted.items()
            if forced or _is_stale(name, dvc_yaml.stage(pipeline, values, name), locked)
        ]
    return []


def _has_target(words: Sequence[str], pipeline: dvc_yaml.Pipeline) -> bool:
    """Return whether a command names a stage, so that not all of them run."""
    named = {word.rpartition(":")[2].partition("@")[0] for word in words}
    return not named.isdisjoint(pipeline["stages"])


def _is_stale(name: str, entry: Mapping[str, Any], locked: Mapping[str, Any]) -> bool:
    """Return whether DVC will run a stage, as far as files and dvc.lock tell.

    Args:
        name: The stage's.
        entry: What dvc.yaml says of it, templates filled in.
        locked: What dvc.lock says of all stages.
    """
    if name not in locked:
        return True
    stages, outs = locked.values(), locked[name].get("outs", [])
    known = {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", [])}
    changes = dvc_lock.changes(
        entry, locked[name], lambda path: known.get(path) or _md5(path), _values
    )
    return next(changes, None) is not None or any(map(_is_lost, outs))


def _is_lost(out: Mapping[str, Any]) -> bool:
    """Return whether an output is neither here nor in DVC's usual cache."""
    cached = CACHE / out["md5"][:2] / out["md5"][2:]
    return not Path(out["path"]).exists() and CACHE.is_dir() and not cached.exists()


def _md5(path: str) -> str | None:
    file = Path(path)
    return hashlib.md5(file.read_bytes()).hexdigest() if file.is_file() else None


def _values(file: str) -> Mapping[str, Any]:
    read = read_yaml if file == dvc_yaml.PARAMS else read_json
    return read(Path(file), dict[str, Any])
