"""Stage `tune@ARCH`: search the hyperparameters of one architecture."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.base import paths
from pipeline.base.files import sha256, write_json
from pipeline.config.params import Params
from pipeline.running import imports
from pipeline.running.terminal import progress, say
from pipeline.search import placement
from pipeline.search.records import Record

if TYPE_CHECKING:
    from pipeline.search.runner import Runner


def main(settings: Params, architecture: str) -> None:
    """Search one architecture; write its trial table and its best models."""
    tune = settings.tune
    placement.prepare(tune.in_flight)
    # Here, because the worker processes should import TensorFlow while this one does.
    with imports.slim(bayesian=tune.algorithm == "bayesian"):
        from pipeline.search import loop, oracles, session, tables
        from pipeline.search.space import search_space
        from pipeline.training import backend
        from pipeline.training.batches import SplitFolder

    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    backend.start(tune.threads)
    conditions = backend.resolved(settings.fit)
    # Those of the other architectures too: a mistake should not show after hours of this search.
    spaces = {
        name: search_space(name, train.shape, len(train.classes), tune.fixed.get(name, {}))
        for name in {architecture, *tune.fixed}
    }

    with session.open_runner(architecture, tune, train, validation) as runner:
        specify = session.specifier(architecture, tune, conditions)
        oracle = oracles.make(tune, spaces[architecture])
        search = loop.search(oracle, specify, runner.submit, tune.in_flight, runner.drop)
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


def _watch(
    search: Iterable[Record], architecture: str, trials: int, runner: "Runner"
) -> list[Record]:
    """Run the search behind a progress bar; write each trial down for TensorBoard."""
    from pipeline.search.board import Board

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
