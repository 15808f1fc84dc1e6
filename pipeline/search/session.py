"""What it takes to run trials of one architecture: its ledger, its workers, its specifications."""

from collections.abc import Sequence
from typing import Any

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config.conditions import PLAIN, Conditions
from pipeline.config.params import Tune
from pipeline.running.terminal import say
from pipeline.search import context, loop, placement, stopping
from pipeline.search.ledger import Ledger, report_once
from pipeline.search.records import Record, TrialSpec
from pipeline.search.runner import Runner
from pipeline.search.workers import Setting
from pipeline.training.batches import SplitFolder


def open_runner(
    architecture: str, tune: Tune, train: SplitFolder, validation: SplitFolder
) -> Runner:
    """Open the ledger and the workers that the environment asks for, for one architecture.

    `backend.start` must have been called. Use the runner as a context manager.

    Raises:
        ConvoyError: a CONVOY_* variable is not allowed, ledger or workers cannot be used.
    """
    memory = placement.memory()
    described = context.describe(architecture, train.digest, validation.digest, tune.threads)
    name = context.digest(described)
    ledger = Ledger(paths.LEDGER, report_once(say))
    write_json(paths.LEDGER / "contexts" / f"{name}.json", described)
    setting = Setting(
        architecture,
        train,
        validation,
        tune.threads,
        context.software(architecture),
        memory,
        tune.trial_seconds,
    )
    workers = placement.place(setting, tune.in_flight)
    return Runner(workers, setting, ledger, name, tune.in_flight)


def specifier(architecture: str, tune: Tune, conditions: Conditions = PLAIN) -> loop.Specify:
    """Turn what an oracle proposes into specifications."""

    def specify(values: dict[str, Any], records: Sequence[Record]) -> TrialSpec:
        plain = {key: value for key, value in values.items() if not key.startswith("tuner/")}
        epochs = values.get("tuner/epochs", tune.epochs)
        halving = tune.algorithm == "hyperband"  # which has its own way to stop the weak
        stops = tune.median_stopping and not halving
        return TrialSpec(
            architecture,
            plain,
            epochs,
            tune.seed,
            conditions,
            stop_below=stopping.median_rule(records, epochs) if stops else (),
            resume_from=values.get("tuner/initial_epoch", 0) if conditions.continuable else 0,
            promotable=halving and conditions.continuable and epochs < tune.epochs,
        )

    return specify
