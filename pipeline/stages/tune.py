"""Stage `tune@ARCH`: search the hyperparameters of one architecture."""

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from pipeline import backend, params, paths
from pipeline.batches import SplitFolder
from pipeline.files import sha256, write_json
from pipeline.guard import run_stage
from pipeline.search import loop, oracles, tables
from pipeline.search.loop import Record
from pipeline.search.trial import TrialSpec, run_trial
from pipeline.terminal import progress, say


def main() -> None:
    """Search one architecture; write its trial table and its best models."""
    tune = params.load().tune
    architecture = sys.argv[1]
    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    backend.start(tune.threads)

    def specify(values: dict[str, Any], epochs: int | None) -> TrialSpec:
        return TrialSpec(architecture, values, epochs or tune.epochs, tune.seed)

    space = oracles.search_space(architecture, train.shape, len(train.classes))
    runner = partial(run_trial, train=train, validation=validation)
    search = loop.search(
        oracles.make(tune, space), specify, runner, loop.InProcess(), tune.in_flight
    )
    records = _watch(search, architecture, tune.trials)

    tables.write_trials(records, paths.TRIALS / f"{architecture}.csv")
    found = tables.candidates(records, len(validation))
    code = sha256(paths.ARCHITECTURES / f"{architecture}.py")
    outcome = tables.outcome(found, len(records), code)
    write_json(paths.TUNE / f"{architecture}.json", outcome)
    say(
        f"{architecture}: best is trial {outcome['best']['trial']} with validation accuracy "
        f"{outcome['val_accuracy']:.4f} ± {outcome['standard_error']:.4f} (standard error)"
    )


def _watch(search: Iterable[Record], architecture: str, trials: int) -> list[Record]:
    """Run the search behind a progress bar."""
    records: list[Record] = []
    with progress("trials") as bar:
        task = bar.add_task(f"tune {architecture}", total=trials, note="")
        for record in search:
            records.append(record)
            bar.update(task, advance=1, note=_note(records))
        bar.update(task, total=len(records))
    return records


def _note(records: list[Record]) -> str:
    scores = [r.result.val_accuracy for r in records if r.result.val_accuracy is not None]
    failed = len(records) - len(scores)
    best = f"best validation accuracy {max(scores):.4f}" if scores else "none completed yet"
    return best + (f", {failed} failed" if failed else "")


if __name__ == "__main__":
    run_stage(main)
