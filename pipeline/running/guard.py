"""No stage trusts what changed under it.

DVC digests code, parameters and data after a stage has run, so an edit made meanwhile would be
recorded as if it had produced the results. Each stage therefore fingerprints what dvc.yaml lists
for it at its start and at its end, and fails if they differ.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import files_of, sha256
from pipeline.config import dvc_yaml, params
from pipeline.running import costs, terminal


class ChangedError(ConvoyError):
    """Something that a stage depends on changed while the stage ran."""


class Guard:
    """Watches what a stage depends on, from the making of this object to `check`.

    Args:
        stage: The stage's name in dvc.yaml, such as tune@mlp.
    """

    def __init__(self, stage: str):
        self.stage = stage
        self.before = fingerprint(stage)

    def check(self) -> None:
        """Compare with the beginning.

        Raises:
            ChangedError: code, parameters or data changed; the message names them.
        """
        after = fingerprint(self.stage)
        keys = self.before | after
        changed = sorted(key for key in keys if self.before.get(key) != after.get(key))
        if changed:
            raise ChangedError(
                f"{self.stage}: changed while the stage ran: {', '.join(changed)}.\n"
                "Its results belong to neither version and are not recorded. Run again with "
                "`dvc repro`; finished trials of the search are kept."
            )


_guards: list[Guard] = []


def begin() -> None:
    """Begin to watch, where DVC runs a stage and so records its results.

    `pipeline/stages/__init__.py` calls this before a stage imports anything else, because an edit
    during the seconds that importing TensorFlow takes must count.
    """
    terminal.quiet_interrupts()
    stage = os.environ.get("DVC_STAGE")
    # A process that a stage has started imports the stage anew; that one watches for both. (It has
    # a name of its own by then, but does not know its parent yet.)
    if stage is not None and multiprocessing.current_process().name == "MainProcess":
        terminal.run(lambda: _guards.append(Guard(stage)))


def recheck() -> None:
    """Check, where DVC runs a stage, that nothing has changed since it began.

    What is kept under the digest of the code on disk must come from that code: call this between
    the digest and the first result, because the code was imported before it.

    Raises:
        ChangedError: something has.
    """
    for guard in _guards:
        guard.check()


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`; check that nothing changed under it, and note what it cost."""

    def guarded() -> None:
        if not _guards:
            main()
            return
        (guard,) = _guards
        with costs.recorded(guard.stage, dvc_yaml.outputs(_definition(guard.stage)[0])):
            main()
            recheck()

    terminal.run(guarded)


def fingerprint(stage: str) -> dict[str, Any]:
    """Describe all that dvc.yaml lists for a stage: file digests, parameter values."""
    definition, values = _definition(stage)
    found: dict[str, Any] = {"dvc.yaml": repr(definition)}
    for entry in definition["deps"]:
        for file in files_of(Path(entry)):
            found[str(file)] = sha256(file)
    for entry in definition.get("params", []):
        # `params.yaml:` with nothing after it, in stage `check`, means every key.
        prefix = "" if isinstance(entry, Mapping) else str(entry)
        for key, value in values.items():
            if not prefix or key == prefix or key.startswith(f"{prefix}."):
                found[f"{paths.PARAMS}: {key}"] = value
    return found


def _definition(stage: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a stage's entry in dvc.yaml, and every parameter by its dotted key."""
    values = dvc_yaml.flatten(params.load().model_dump())
    pipeline = YAML(typ="safe").load(paths.PIPELINE.read_text(encoding="utf-8"))
    return dvc_yaml.stage(pipeline, values, stage.rpartition(":")[2]), values
