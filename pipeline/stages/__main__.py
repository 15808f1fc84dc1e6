"""The stage runner: `python -m pipeline.stages STAGE [ITEM]`, as dvc.yaml calls it.

It ties the stage to its run of DVC, watches that nothing changes under it, imports its module,
calls its `main` with the parameters, and notes what the run cost. Stages import this file nowhere:
an edit here reruns none.
"""

import atexit
import importlib
import os
import sys
from contextlib import nullcontext

from pipeline.base import code_digest
from pipeline.config import environment, params
from pipeline.running import costs, imports, terminal, tie
from pipeline.running.guard import Guard

# Stages that import Keras with their module; the others do it when they need it.
WITH_KERAS = ("train", "evaluate")


def run(stage: str, *item: str) -> None:
    """Run a stage.

    Args:
        stage: Name of a module in `pipeline/stages/`.
        item: The architecture or model, for the stages that dvc.yaml makes a matrix of.

    Raises:
        ConvoyError: something it depends on, or a variable of the environment, is not right, or
            changed while it ran.
    """
    # Before anything else is imported: an edit during the seconds that TensorFlow takes counts.
    code_digest.loaded()
    environment.check()
    settings = params.load()
    name = os.environ.get("DVC_STAGE", "").rpartition(":")[2]
    if name:
        tie.end_with_dvc()
        held = tie.hold_outputs(name)  # noqa: F841
    guard = Guard(name) if name else None
    with imports.slim() if stage in WITH_KERAS else imports.quiet():
        module = importlib.import_module(f"pipeline.stages.{stage}")
    code_digest.check_unchanged()
    with costs.recorded(name) if name else nullcontext():
        module.main(settings, *item)
        if guard:
            guard.check()


def end_at_once(finished: list[str]) -> None:
    """End the process, if the stage has finished, without taking its modules apart.

    That takes a second with TensorFlow, and the operating system does it in no time.
    """
    if finished:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    stages: list[str] = []
    # Registered before all others, so that it is called after them.
    atexit.register(end_at_once, stages)
    terminal.quiet_interrupts()
    terminal.run(lambda: run(*sys.argv[1:]))
    stages.append(sys.argv[1])
