"""One search from the parameters to its tables: what stage `tune` does once TensorFlow is there."""

from collections.abc import Sequence
from functools import partial

from keras_tuner import HyperParameters as Space

from pipeline.base import paths
from pipeline.base.files import sha256, write_json
from pipeline.config import automatic
from pipeline.config.params import Params, epochs_of
from pipeline.running.terminal import say
from pipeline.search import tables
from pipeline.search.optimism import caution, resolution
from pipeline.search.records import Record
from pipeline.search.search import Search
from pipeline.search.selection import write_candidates
from pipeline.search.space import search_space
from pipeline.search.watching import Watch
from pipeline.training import backend
from pipeline.training.batches import SplitFolder
from pipeline.workers import side_by_side
from pipeline.workers.pool import Pool


def search(settings: Params, architecture: str, beside: Sequence[str], pool: Pool) -> None:
    """Search one architecture on a pool; write its trial table, its candidates and its scores.

    Args:
        settings: The parameters.
        architecture: Its name.
        beside: Architectures that are searched at the same time, each as it would be alone, and
            whose trials are left in the store for their own stages.
        pool: Computes.
    """
    searches = [_opened(settings, name, pool) for name in (architecture, *beside)]
    jobs = [partial(_run, *each) for each in searches]
    records, *_ = side_by_side.run(jobs, [watch.view for _, _, watch in searches], pool)
    found, _, watch = searches[0]
    table = paths.TRIALS / f"{architecture}.csv"
    tables.write_trials(records, table)
    watch.shown(table)
    code = sha256(paths.ARCHITECTURES / f"{architecture}.py")
    images = len(SplitFolder(paths.VALIDATION))
    candidates = tables.candidates(records, images, code)
    write_candidates(candidates, paths.CANDIDATES / f"{architecture}.json")
    outcome = tables.outcome(candidates, records) | {"precision": found.conditions.precision}
    # A list, so that no value of it is a column of `dvc exp show`.
    write_json(paths.TUNE / f"{architecture}.json", [outcome])
    best, too_high = outcome["val_accuracy"], outcome["optimism"]
    score = caution(best, images, len(candidates), too_high)
    say(f"{architecture}: best is trial {outcome['best']['trial']} with {score}")
    if told := resolution(candidates):
        say(told)


def _opened(settings: Params, architecture: str, pool: Pool) -> tuple[Search, Space, Watch]:
    """Open the search of one architecture, with its space and what shows how far it is."""
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
        for name in {architecture, *(tune.fixed.keys() - automatic.BACKBONES.keys())}
    }
    space, board = spaces[architecture], paths.TENSORBOARD / "search" / architecture
    watch = Watch(architecture, tune, conditions, space, board)
    found = Search.open(architecture, tune, conditions, train, validation, pool, watch.report)
    return found, space, watch


def _run(found: Search, space: Space, watch: Watch) -> list[Record]:
    """Run a search that is open; return the records of all trials."""
    records = []
    with found:
        for record in found.run(space):
            records.append(record)
            watch.record(record)
    watch.view.close()
    return records
