"""Whatever the workers do, a search proposes and records the same. Trials here are arithmetic."""

import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
from keras_tuner import HyperParameters
from support.settings import conditions as under
from support.settings import trial, tune

from pipeline.config.conditions import PLAIN
from pipeline.search.search import Search
from pipeline.store.store import Store
from pipeline.training.work import EpochRow, Outcome, Report, Result
from pipeline.workers.executor import MOST_ATTEMPTS, Executor, unheard

ALGORITHMS = ["random", "bayesian", "hyperband", "grid"]
SETUP = SimpleNamespace(seconds=None, memory=None)


class Arithmetic:
    """A pool whose trials are as good as a digest says and take a random time."""

    most = 4

    def __init__(self, concurrent=False, fail=lambda spec: False):
        self.concurrent, self.fail, self.ran, self.given = concurrent, fail, [], []

    def run(self, setup, spec, start, suspect, progress):
        self.ran.append((dict(spec.values), spec.epochs))
        self.given.append((spec.resume_from, start))
        if self.concurrent:
            time.sleep(random.random() / 100)
        if self.fail(spec):
            return Outcome(Result("failed", reason="no", cause="killed"), None, 0.0)
        digest = hashlib.sha256(f"{spec.values}{spec.epochs}".encode()).digest()
        score = digest[0] / 255
        rows = tuple(EpochRow(1.0, score, 1.0, score) for _ in range(spec.epochs))
        kept = f"checkpoint {spec.epochs}".encode() if spec.promotable else None
        return Outcome(Result("completed", score, 1.0, 10, 20, curve=rows), kept, 0.01)

    def close(self):
        pass


def space():
    hp = HyperParameters()
    hp.Choice("kernel", [3, 5], default=3)
    hp.Int("units", 1, 30, default=7)
    hp.Float("rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    return hp


def opened(folder, settings, workers, conditions=PLAIN, on_report=unheard):
    store = Store(folder / "store", print)
    executor = Executor(workers, SETUP, store, "context", on_report)
    return Search("mlp", settings, conditions, executor)


def run(folder, settings, workers):
    with opened(folder, settings, workers) as search:
        return list(search.run(space()))


def outcome(records):
    return [(r.number, r.spec, r.result) for r in records]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_several_searches_at_once_each_propose_as_alone(tmp_path, algorithm):
    searches = [tune(algorithm, seed=seed) for seed in range(4)]
    alone = [run(tmp_path / f"alone{s.seed}", s, Arithmetic()) for s in searches]
    pool = Arithmetic(concurrent=True)
    with ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda s: run(tmp_path / f"at once{s.seed}", s, pool), searches)
        assert list(map(outcome, found)) == list(map(outcome, alone))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_worker_or_several_the_same_trials(tmp_path, algorithm):
    settings = tune(algorithm)
    alone = run(tmp_path / "alone", settings, Arithmetic())
    assert len(alone) == 12
    for round_ in range(3):
        several = run(tmp_path / str(round_), settings, Arithmetic(concurrent=True))
        assert outcome(several) == outcome(alone)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_search_begun_again_runs_nothing_twice(tmp_path, algorithm):
    whole = run(tmp_path / "whole", tune(algorithm), Arithmetic())
    with opened(tmp_path, tune(algorithm), Arithmetic()) as search:
        broken = search.run(space())
        for _ in range(5):
            next(broken)
    workers = Arithmetic()
    resumed = run(tmp_path, tune(algorithm), workers)
    assert outcome(resumed) == outcome(whole)
    assert 3 <= len(workers.ran) <= 7
    assert [r.finished.reused for r in resumed[:5]] == [True] * 5


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("chance", [0.0, 0.5])
def test_deleting_the_store_or_any_part_of_it_changes_no_result(tmp_path, algorithm, chance):
    settings = tune(algorithm)  # with median stopping
    whole = run(tmp_path, settings, Arithmetic())
    drawn = random.Random(1)
    Store(tmp_path / "store", print).keep(lambda entry: drawn.random() < chance)
    assert outcome(run(tmp_path, settings, Arithmetic())) == outcome(whole)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_more_trials_later_are_only_the_new_ones(tmp_path, algorithm):
    first = run(tmp_path, tune(algorithm, trials=6), Arithmetic())
    workers = Arithmetic()
    more = run(tmp_path, tune(algorithm, trials=12), workers)
    assert outcome(more)[:6] == outcome(first)
    assert len(more) == 12
    assert len(workers.ran) == 6


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_seeds_differ_and_zero_is_one_of_them(tmp_path, algorithm):
    by_seed = [
        [r.spec.values for r in run(tmp_path / f"{n}", tune(algorithm, seed=seed), Arithmetic())]
        for n, seed in enumerate([0, 0, 1])
    ]
    assert by_seed[0] == by_seed[1]
    if algorithm != "grid":  # which has nothing to draw
        assert by_seed[0] != by_seed[2]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_first_trial_is_the_published_recipe_and_no_value_is_the_tuners(tmp_path, algorithm):
    records = run(tmp_path, tune(algorithm), Arithmetic())
    assert dict(records[0].spec.values) == {"kernel": 3, "units": 7, "rate": 1e-3}
    assert not [n for r in records for n in r.spec.values if n.startswith("tuner/")]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_failures_do_not_end_a_search(tmp_path, algorithm):
    records = run(tmp_path, tune(algorithm), Arithmetic(fail=lambda spec: True))
    assert len(records) == 12
    assert {r.result.status for r in records} == {"failed"}


def test_hyperband_continues_from_the_rung_below_and_drops_its_checkpoints(tmp_path):
    workers = Arithmetic()
    records = run(tmp_path, tune("hyperband", trials=20), workers)
    resumed = [r.spec for r in records if r.spec.resume_from]
    assert {(spec.resume_from, spec.epochs) for spec in resumed} >= {(1, 3)}
    lower = {r.spec.seed for r in records if not r.spec.resume_from}
    assert {spec.seed for spec in resumed} <= lower
    given = [(rung, start) for rung, start in workers.given if rung]
    assert given and all(start == f"checkpoint {rung}".encode() for rung, start in given)
    assert list((tmp_path / "store" / "payloads").iterdir()) == []


def test_hyperband_keeps_only_the_checkpoints_that_may_be_continued(tmp_path):
    settings, workers, kept = tune("hyperband", trials=120), Arithmetic(), []
    with opened(tmp_path, settings, workers) as search:
        for _ in search.run(space()):
            kept.append(len(list((tmp_path / "store" / "payloads").iterdir())))
    assert all(start for rung, start in workers.given if rung)
    # At most three brackets are open: the first rungs of one of each kind.
    assert max(kept) <= 9 + 3 + 5 + 4 + settings.in_flight
    assert max(kept[60:]) <= max(kept[:60])


@pytest.mark.parametrize("left", [None, b"", b"PK half of it"])
def test_without_the_checkpoint_of_the_rung_below_a_trial_starts_from_its_first_epoch(
    tmp_path, left
):
    """Another search has dropped it, or a power cut has torn it."""
    upper = trial("mlp", {"units": 7}, 3, 1, resume_from=1)
    lower, workers = replace(upper.continues(), promotable=True), Arithmetic()
    with opened(tmp_path, tune(), workers) as search:
        search.submit(lower)
        (checkpoint,) = (tmp_path / "store" / "payloads").iterdir()
        checkpoint.unlink()
        if left is not None:
            checkpoint.write_bytes(left)
        assert search.submit(upper).result().result.status == "completed"
    assert workers.given == [(0, None), (1, None)]


def test_bayesian_proposes_no_trial_twice(tmp_path):
    records = run(tmp_path, tune("bayesian", trials=14, in_flight=3), Arithmetic())
    values = [tuple(sorted(r.spec.values.items())) for r in records]
    assert len(set(values)) == len(values)


def test_trials_that_cannot_catch_up_are_given_the_median(tmp_path):
    records = run(tmp_path, tune(trials=8, in_flight=1), Arithmetic())
    bars = [r.spec.stop_below for r in records]
    assert bars[:5] == [()] * 5
    assert all(len(bar) == 9 for bar in bars[5:])
    scores = sorted(r.result.val_accuracy for r in records[:5])
    assert bars[5][:3] == (0.0, 0.0, 0.0)
    assert bars[5][3] == pytest.approx(scores[2])


def test_a_trial_that_killed_too_many_searches_is_a_failure(tmp_path):
    with opened(tmp_path, tune(trials=1), Arithmetic()) as search:
        spec = search.specify({"kernel": 3, "units": 7, "rate": 1e-3}, [])
        attempts = tmp_path / "store" / "claims" / f"{spec.key('context')}.attempts"
        attempts.write_bytes(b"." * MOST_ATTEMPTS)
        result = search.submit(spec).result().result
    assert (result.status, result.cause) == ("failed", "killed")
    assert f"{MOST_ATTEMPTS} processes died" in result.reason


@pytest.mark.parametrize(
    ("conditions", "continued"),
    [
        (under(), True),
        (under(label_smoothing=0.1, shift=1), True),
        (under(schedule="one_cycle"), False),
        (under(weight_average=0.99), False),
    ],
)
def test_a_rung_is_continued_only_where_that_gives_the_same_as_training_in_one_go(
    tmp_path, conditions, continued
):
    search = opened(tmp_path, tune("hyperband", epochs=9), Arithmetic(), conditions)
    lower = search.specify({"units": 7, "tuner/epochs": 3, "tuner/initial_epoch": 0}, [])
    higher = search.specify({"units": 7, "tuner/epochs": 9, "tuner/initial_epoch": 3}, [])
    assert lower.promotable == continued
    assert higher.resume_from == (3 if continued else 0)


def test_other_conditions_make_another_trial(tmp_path):
    keys = {
        opened(tmp_path, tune(), Arithmetic(), conditions).specify({"units": 7}, []).key("context")
        for conditions in (under(), under(flip=True), under(label_smoothing=0.1))
    }
    assert len(keys) == 3


def test_how_far_a_trial_is_is_reported(tmp_path):
    seen = []

    class Reporting(Arithmetic):
        def run(self, setup, spec, start, suspect, progress):
            for epoch in (1, 2):
                for row in (EpochRow(1.0, 0.5, 1.0, epoch / 10), None):
                    progress(Report(epoch if row else epoch + 0.5, row))
            return super().run(setup, spec, start, suspect, progress)

    def hear(flight, report):
        seen.append((flight.work, flight.epochs, flight.val_accuracy))

    with opened(tmp_path, tune(trials=1), Reporting(), on_report=hear) as search:
        (record,) = search.run(space())
    told = [(1, 0.1), (1.5, 0.1), (2, 0.2), (2.5, 0.2)]
    assert seen == [(record.spec, *each) for each in told]
