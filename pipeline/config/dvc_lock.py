"""What dvc.lock says of a stage, compared with how things are now: why DVC would run it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.config import dvc_yaml


def changes(
    stage: Mapping[str, Any],
    locked: Mapping[str, Any],
    digest: Callable[[str], str | None],
    values: Callable[[str], Mapping[str, Any]],
) -> Iterator[str]:
    """Yield what has changed since a stage ran, a sentence each.

    Outputs are not looked at.

    Args:
        stage: Its entry in dvc.yaml, templates filled in.
        locked: Its entry in dvc.lock.
        digest: Returns the MD5 of a file or folder that it depends on; None if it is missing.
        values: Returns the content of a file of parameters.
    """
    if stage.get("cmd") != locked.get("cmd"):
        yield "its command changed"
    recorded = {dep["path"]: dep["md5"] for dep in locked.get("deps", [])}
    for path in sorted(stage.get("deps", [])):  # a dropped dependency is no reason to run it
        if path not in recorded:
            yield f"{path} is a dependency now"
        elif (now := digest(path)) is None:
            yield f"{path} is missing"
        elif now != recorded[path]:
            yield f"{path} changed"
    for file, key in dvc_yaml.parameters(stage):
        content, before = values(file), locked.get("params", {}).get(file, {})
        for each in [key] if key else content:
            if each not in before:
                yield f"{each} in {file} is read now"
            elif dvc_yaml.lookup(content, each) != before[each]:
                yield f"{each} in {file} changed"
