"""One search from the parameters to its tables: what stage `tune` does once TensorFlow is there."""

from keras_tuner import HyperParameters

from pipeline.base import paths
from pipeline.base.files import sha256, write_json
from pipeline.config.params import Params, epochs_of
from pipeline.running.terminal import progress, say
from pipeline.search import tables
from pipeline.search.records import Record
from pipeline.search.search import Search
from pipeline.search.selection import write_candidates
from pipeline.search.space import search_space
from pipeline.search.tensorboard import TensorBoard
from pipeline.training import backend
from pipeline.training.batches import SplitFolder
from pipeline.workers.pool import Pool


def search(settings: Params, architecture: str, pool: Pool) -> None:
    """Search one architecture on a pool; write its trial table, its candidates and its scores."""
    epochs = epochs_of(architecture, "tune", settings.tune.epochs)
    tune = settings.tune.model_copy(update={"epochs": epochs})
    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    backend.start(tune.threads)
    conditions = backend.resolved(settings.fit)
    # Those of the other architectures too: a mistake should not show after hours of this search.
    spaces = {
        name: search_space(
            name, train.shape, len(train.classes), tune.fixed.get(name, {}), tune.batch_sizes
        )
        for name in {architecture, *tune.fixed}
    }
    with Search.open(architecture, tune, conditions, train, validation, pool) as found:
        records = _watch(found, spaces[architecture])

    tables.write_trials(records, paths.TRIALS / f"{architecture}.csv")
    code = sha256(paths.ARCHITECTURES / f"{architecture}.py")
    candidates = tables.candidates(records, len(validation), code)
    write_candidates(candidates, paths.CANDIDATES / f"{architecture}.json")
    outcome = tables.outcome(candidates, records) | {"precision": conditions.precision}
    # A list, so that no value of it is a column of `dvc exp show`.
    write_json(paths.TUNE / f"{architecture}.json", [outcome])
    say(
        f"{architecture}: best is trial {outcome['best']['trial']} with validation accuracy "
        f"{outcome['val_accuracy']:.4f} ± {outcome['standard_error']:.4f} (standard error)"
    )


def _watch(search: Search, space: HyperParameters) -> list[Record]:
    """Run the search behind a progress bar; write each trial down for TensorBoard."""
    records: list[Record] = []
    board = TensorBoard(paths.TENSORBOARD / search.architecture)
    with progress("trials") as bar:
        task = bar.add_task(f"tune {search.architecture}", total=search.tune.trials, note="")
        for record in search.run(space):
            records.append(record)
            board.add(record)
            bar.update(task, advance=1, note=_note(records, len(search.in_flight)))
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
