"""What params.yaml holds beside its last commit: `dvc exp run -S` leaves its values there."""

import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.base import paths
from pipeline.config.dvc_yaml import flatten

WAY_BACK = f"git checkout HEAD -- {paths.PARAMS}"


def differences(path: Path = paths.PARAMS) -> list[str]:
    """Return the keys whose values differ from the last commit, with both values.

    Empty where there is no commit to compare with, or one of the two cannot be read.
    """
    shown = subprocess.run(["git", "show", f"HEAD:./{path}"], capture_output=True, text=True)
    if shown.returncode:
        return []
    then, now = _read(shown.stdout), _read(path.read_text(encoding="utf-8", errors="replace"))
    keys = [key for key in {**now, **then} if now.get(key) != then.get(key)]
    return [f"{key} = {_shown(now, key)} (committed: {_shown(then, key)})" for key in keys]


def _read(text: str) -> dict[str, Any]:
    try:
        content = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    return flatten(content) if isinstance(content, dict) else {}


def _shown(values: dict[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "nothing"
