"""What params.yaml holds beside its last commit: `dvc exp run -S` leaves its values there."""

from collections.abc import Iterable
from typing import Any

from pipeline.base import git, paths
from pipeline.base.text import brief, shown, visible
from pipeline.config import yaml_text
from pipeline.config.dvc_yaml import flatten


def differences() -> list[str]:
    """Return the keys whose values differ from the last commit, with both values.

    Empty where there is no commit to compare with, or one of the two cannot be read.
    """
    now, then = _both()
    return [
        f"{brief(visible(key))} = {_value(now, key)} (committed: {_value(then, key)})"
        for key in _differing(now, then)
    ]


def ways_back(keys: Iterable[str]) -> list[str]:
    """Return a sentence with the committed values of these keys, where they are others.

    It recommends no `git checkout`, which would drop every other edit of the file.

    Args:
        keys: Dotted keys of values, of entries of lists, or of sections.

    Returns:
        One line, or none if nothing of it differs or there is nothing to compare with.
    """
    now, then = _both()
    plain = [key.partition("[")[0] for key in keys]
    found = [
        f"{brief(visible(key))}: {_value(then, key)}"
        for key in _differing(now, then)
        if any(f"{key}.".startswith(f"{k}.") or f"{k}.".startswith(f"{key}.") for k in plain)
    ]
    if not found:
        return []
    return [
        f"If `dvc exp run -S` left that in {paths.PARAMS}, write back what was committed: "
        + brief("; ".join(found), 500)
    ]


def _differing(now: dict[str, Any], then: dict[str, Any]) -> list[str]:
    missing = object()
    if not now or not then:
        return []
    return [key for key in {**now, **then} if now.get(key, missing) != then.get(key, missing)]


def _both() -> tuple[dict[str, Any], dict[str, Any]]:
    """Read every value by its dotted key, now and as committed; empty what cannot be read."""
    try:
        committed = git.run("show", f"HEAD:./{paths.PARAMS}")
    except git.GitError:  # a run does not need it
        return {}, {}
    if committed.returncode:
        return {}, {}
    return _read(paths.PARAMS.read_bytes()), _read(committed.stdout)


def _read(content: bytes) -> dict[str, Any]:
    try:
        return flatten(yaml_text.load(content))
    except yaml_text.YamlTextError:
        return {}


def _value(values: dict[str, Any], key: str) -> str:
    return shown(values[key]) if key in values else "nothing"
