"""The run of one stage: tied to its run of DVC, guarded, its cost noted.

Stages import this file nowhere: an edit here reruns none.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

import psutil

from pipeline.base import code_digest
from pipeline.config import environment, params
from pipeline.running import ahead, costs, imports, terminal, tie
from pipeline.running.guard import Guard

# Stages that import Keras with their module; the others do it when they need it.
WITH_KERAS = ("train", "evaluate")


def main(arguments: Sequence[str], starter: psutil.Process | None) -> None:
    """Run a stage and end the process; show what is wrong as one message.

    Args:
        arguments: Name of a module in `pipeline/stages/`; then the architecture or model, for the
            stages that dvc.yaml makes a matrix of.
        starter: The run of DVC that it is to end with; None without DVC.
    """
    terminal.run(lambda: run(starter, *arguments))
    # Without taking the modules apart, which takes a second with TensorFlow: the operating system
    # does it in no time.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def dvc_name() -> str:
    """Return the name of the stage that DVC runs in this process; empty without DVC."""
    return os.environ.get("DVC_STAGE", "").rpartition(":")[2]


def run(starter: psutil.Process | None, stage: str, *item: str) -> None:
    """Run a stage.

    Raises:
        ConvoyError: something it depends on, or a variable of the environment, is not right, or
            changed while it ran.
    """
    # Before anything else is imported: an edit during the seconds that TensorFlow takes counts.
    code_digest.loaded()
    environment.check()
    settings = params.load()
    name = dvc_name()
    if starter:
        tie.end_with(starter)
        held = tie.hold_outputs(name)  # noqa: F841
    guard = Guard(name) if name else None
    later = ahead.items(name, starter) if name and starter else []
    with imports.slim() if stage in WITH_KERAS else imports.quiet():
        module = importlib.import_module(f"pipeline.stages.{stage}")
    code_digest.check_unchanged()
    with costs.recorded(name, settings, starter) if name else nullcontext():
        module.main(settings, *item, *later)
        if guard:
            guard.check()
