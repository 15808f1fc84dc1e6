"""Stage `tune@ARCH`: search the hyperparameters of one architecture."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline import backend, params, paths
from pipeline.batches import SplitFolder
from pipeline.conditions import PLAIN, Conditions
from pipeline.files import sha256, write_json
from pipeline.guard import run_stage
from pipeline.params import Tune
from pipeline.search import context, loop, oracles, placement, stopping, tables
from pipeline.search.board import Board
from pipeline.search.ledger import Ledger, report_once
from pipeline.search.records import Record, TrialSpec
from pipeline.search.runner import Runner
from pipeline.search.space import search_space
from pipeline.search.workers import Setting
from pipeline.terminal import progress, say


def main() -> None:
    """Search one architecture; write its trial table and its best models."""
    settings = params.load()
    tune = settings.tune
    architecture = sys.argv[1]
    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    memory = placement.memory()
    backend.start(tune.threads)
    conditions = settings.train.conditions(backend.precision(settings.train.precision))
    fixed = tune.fixed.get(architecture, {})
    space = search_space(architecture, train.shape, len(train.classes), fixed)

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

    with Runner(placement.place(setting), setting, ledger, name, tune.in_flight) as runner:
        search = loop.search(
            oracles.make(tune, space),
            _specifier(architecture, tune, conditions),
            runner.submit,
            tune.in_flight,
        )
        records = _watch(search, architecture, tune.trials, runner)

    tables.write_trials(records, paths.TRIALS / f"{architecture}.csv")
    found = tables.candidates(records, len(validation))
    code = sha256(paths.ARCHITECTURES / f"{architecture}.py")
    outcome = tables.outcome(found, records, code) | {"precision": conditions.precision}
    write_json(paths.TUNE / f"{architecture}.json", outcome)
    say(
        f"{architecture}: best is trial {outcome['best']['trial']} with validation accuracy "
        f"{outcome['val_accuracy']:.4f} ± {outcome['standard_error']:.4f} (standard error)"
    )


def _specifier(architecture: str, tune: Tune, conditions: Conditions = PLAIN) -> loop.Specify:
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


def _watch(
    search: Iterable[Record], architecture: str, trials: int, runner: Runner
) -> list[Record]:
    """Run the search behind a progress bar; write each trial down for TensorBoard."""
    records: list[Record] = []
    board = Board(paths.TENSORBOARD / architecture)
    with progress("trials") as bar:
        task = bar.add_task(f"tune {architecture}", total=trials, note="")
        for record in search:
            records.append(record)
            board.add(record)
            bar.update(task, advance=1, note=_note(records, runner.running))
        bar.update(task, total=len(records))
    return records


def _note(records: list[Record], running: int) -> str:
    scores = [r.result.val_accuracy for r in records if r.result.status == "completed"]
    counts = {
        "running": running,
        "reused": sum(record.finished.reused for record in records),
        "stopped": sum(record.result.status == "stopped" for record in records),
        "failed": sum(record.result.status == "failed" for record in records),
    }
    best = (
        f"best validation accuracy {max(filter(None, scores)):.4f}" if any(scores) else "none yet"
    )
    return ", ".join([best, *(f"{count} {name}" for name, count in counts.items() if count)])


if __name__ == "__main__":
    run_stage(main)
