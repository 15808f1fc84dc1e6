"""One search from the parameters to its tables: what stage `tune` does once TensorFlow is there."""

from pipeline.base import paths
from pipeline.base.files import sha256, write_json
from pipeline.config.params import Params, epochs_of
from pipeline.running.terminal import say
from pipeline.search import tables
from pipeline.search.optimism import caution, resolution
from pipeline.search.search import Search
from pipeline.search.selection import write_candidates
from pipeline.search.space import search_space
from pipeline.search.watching import Watch
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
    space, table = spaces[architecture], paths.TRIALS / f"{architecture}.csv"
    board = paths.TENSORBOARD / "search" / architecture
    records = []
    watch = Watch(architecture, tune, conditions, space, board)
    with (
        watch.view,
        Search.open(architecture, tune, conditions, train, validation, pool, watch.report) as found,
    ):
        for record in found.run(space):
            records.append(record)
            watch.record(record)
        watch.view.close()

    tables.write_trials(records, table)
    watch.shown(table)
    code = sha256(paths.ARCHITECTURES / f"{architecture}.py")
    candidates = tables.candidates(records, len(validation), code)
    write_candidates(candidates, paths.CANDIDATES / f"{architecture}.json")
    outcome = tables.outcome(candidates, records) | {"precision": conditions.precision}
    # A list, so that no value of it is a column of `dvc exp show`.
    write_json(paths.TUNE / f"{architecture}.json", [outcome])
    best, too_high = outcome["val_accuracy"], outcome["optimism"]
    score = caution(best, len(validation), len(candidates), too_high)
    say(f"{architecture}: best is trial {outcome['best']['trial']} with {score}")
    if told := resolution(candidates):
        say(told)
