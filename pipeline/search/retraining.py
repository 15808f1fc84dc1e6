"""Retraining the leaders of the searches: trials like any other, with seeds of their own."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config.params import Params, epochs_of
from pipeline.search.confirmation import Confirmed, confirmed, leaders
from pipeline.search.records import TrialSpec
from pipeline.search.search import Search
from pipeline.search.selection import Candidate, read_candidates, within
from pipeline.training import backend
from pipeline.training.batches import SplitFolder
from pipeline.training.specification import check_code
from pipeline.training.work import Finished
from pipeline.workers.executor import OnReport
from pipeline.workers.pool import Pool


def retrain(
    settings: Params, pool: Pool, advance: Callable[[], None], on_report: OnReport
) -> list[Confirmed]:
    """Retrain the leaders among the candidates of all searches, best first.

    Args:
        settings: The parameters; `select.confirm` is set.
        pool: Where the models are trained.
        advance: Called after each retrained model, from any thread.
        on_report: Called when a model has said how far it is, from any thread.

    Raises:
        ConvoyError: an architecture was edited since its search, or every leader failed.
    """
    tune, confirm = settings.tune, settings.select.confirm
    assert confirm is not None
    backend.start(tune.threads)
    conditions = backend.resolved(settings.fit)
    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    candidates = within(read_candidates(sorted(settings.architectures)), settings.select)
    picked = leaders(candidates, confirm.top)
    for leader in picked:
        check_code(leader.architecture, leader.code_sha256, paths.CANDIDATES)
    done: dict[int, Confirmed] = {}
    for name in dict.fromkeys(leader.architecture for leader in picked):
        adapted = tune.model_copy(update={"epochs": epochs_of(name, "tune", tune.epochs)})
        with Search.open(name, adapted, conditions, train, validation, pool, on_report) as search:
            waiting: dict[int, list[Future[Finished]]] = {}
            for number, leader in enumerate(picked):
                if leader.architecture == name:
                    spec = search.specify(leader.hyperparameters, [])
                    waiting[number] = []
                    for trial in fresh(spec, confirm.seeds):
                        waiting[number].append(search.submit(trial))
                        waiting[number][-1].add_done_callback(lambda _: advance())
            for number, futures in waiting.items():
                done[number] = _sum_up(picked[number], futures, len(validation))
    results = [done[number] for number in range(len(picked))]
    if all(result.failures for result in results):
        reasons = "\n".join(f"  {r.name}: {r.failures[0]}" for r in results)
        raise ConvoyError(f"select.confirm: no leader could be retrained.\n{reasons}")
    return results


def fresh(spec: TrialSpec, count: int) -> list[TrialSpec]:
    """Return the same trial `count` times, each with a seed that neither it nor another has."""
    found = [spec]
    for step in itertools.count(1):
        if len(found) > count:
            break
        other = replace(spec, search_seed=spec.search_seed + step)
        if other.seed not in {earlier.seed for earlier in found}:
            found.append(other)
    return found[1:]


def _sum_up(
    leader: Candidate, futures: Sequence["Future[Finished]"], validation_images: int
) -> Confirmed:
    scores, failures = [], []
    for future in futures:
        result = future.result().result
        if result.val_accuracy is None or result.val_loss is None:
            failures.append(result.reason)
        else:
            scores.append((result.val_accuracy, result.val_loss))
    return confirmed(leader, scores, failures, validation_images)
