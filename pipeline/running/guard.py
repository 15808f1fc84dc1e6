"""The guard of a stage: it fails a stage under which something changed.

DVC digests code, parameters and data after a stage has run, so an edit made meanwhile would be
recorded as if it had produced the results. Each stage therefore takes a fingerprint of all that
it depends on at its start and at its end, and fails if they differ.
"""

from pathlib import Path
from typing import Any

from pipeline.base import code_digest, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import files_of, read_json, read_yaml, remedy, sha256
from pipeline.config import dvc_yaml, params


class ChangedError(ConvoyError):
    """Something that a stage depends on changed while the stage ran."""


class Guard:
    """A watch over what a stage depends on, from the making of this object to `check`.

    Args:
        stage: The stage's name in dvc.yaml, such as tune@mlp.

    Raises:
        ChangedError: its code is not the code that stage `code` has written down.
    """

    def __init__(self, stage: str):
        self.stage = stage
        _check_entry(stage)
        self.before = fingerprint(stage)

    def check(self) -> None:
        """Compare with the beginning.

        Raises:
            ChangedError: code, parameters or data changed; the message names them.
        """
        if changed := code_digest.differing(self.before, fingerprint(self.stage)):
            raise ChangedError(
                f"{self.stage}: changed while the stage ran: {', '.join(changed)}.\n"
                "Its results belong to neither version and are not recorded. Run again with "
                "`dvc repro`; finished trials of the search are kept."
            )


def fingerprint(stage: str) -> dict[str, Any]:
    """Describe all that a stage depends on: digests of code and data, parameter values."""
    definition, values = described(stage)
    found: dict[str, Any] = {"dvc.yaml": repr(definition)}
    for entry in definition.get("deps", []):
        for file in files_of(Path(entry)):
            found[str(file)] = sha256(file)
    for source, prefix in dvc_yaml.parameters(definition):
        known = values if source == dvc_yaml.PARAMS else _chosen(Path(source))
        for key, value in known.items():
            if not prefix or f"{key}.".startswith(f"{prefix}."):
                found[f"{source}: {key}"] = value
    if _entry_of(stage).exists():
        found |= code_digest.entry(code_digest.read(), _plain(stage))
    return found


def _chosen(file: Path) -> dict[str, Any]:
    """Read the values that another stage has chosen, by their dotted keys."""
    return dvc_yaml.flatten(read_json(file, dict[str, Any])) if file.exists() else {}


def described(stage: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a stage's entry in dvc.yaml, and every parameter by its dotted key."""
    values = params.written()
    pipeline = read_yaml(paths.PIPELINE, dvc_yaml.Pipeline)
    if _plain(stage) not in pipeline.get("stages", {}):
        raise ConvoyError(f"{paths.PIPELINE}: no stage {_plain(stage)}. {remedy(paths.PIPELINE)}")
    return dvc_yaml.stage(pipeline, values, stage), values


def _check_entry(stage: str) -> None:
    """Check that stage `code` has seen the code that is about to run."""
    file = _entry_of(stage)
    if not file.exists():
        return
    recorded = read_json(file, dict[str, str])
    now = code_digest.entry(code_digest.loaded(), _plain(stage))
    if edited := code_digest.differing(recorded, now):
        raise ChangedError(
            f"{stage}: edited since stage `code` ran: {', '.join(edited)}. Run `dvc repro` again."
        )


def _entry_of(stage: str) -> Path:
    return paths.code(_plain(stage))


def _plain(stage: str) -> str:
    return stage.partition("@")[0]
