import os

import pytest
from support.settings import tune

from pipeline.base import paths
from pipeline.config.conditions import PLAIN
from pipeline.search import tables
from pipeline.search.search import Search
from pipeline.search.space import search_space
from pipeline.workers import local
from pipeline.workers.local import InProcess, LocalProcesses
from pipeline.workers.start import start_pool


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband", "grid"])
def test_one_two_or_four_real_workers_leave_the_same_bytes(
    splits, tmp_path, monkeypatch, algorithm
):
    train, validation = splits
    settings = tune(algorithm, trials=8, epochs=3)
    space = search_space("mlp", train.shape, len(train.classes), {})
    written = []
    for count in (1, 2, 4):
        monkeypatch.setenv("CONVOY_WORKERS", str(count))
        monkeypatch.setattr(paths, "STORE", tmp_path / f"store-{count}")
        with (
            start_pool("tune", settings.in_flight, settings.threads, 0) as pool,
            Search.open("mlp", settings, PLAIN, train, validation, pool) as search,
        ):
            records = list(search.run(space))
        assert not any(record.finished.reused for record in records)
        tables.write_trials(records, tmp_path / f"{count}.csv")
        written.append((tmp_path / f"{count}.csv").read_bytes())
    assert written[0].count(b"completed") > 1
    assert written[0] == written[1] == written[2]


@pytest.fixture
def started(monkeypatch):
    """Return the processes that are started; none is, really."""
    processes = []

    class Process:
        def __init__(self, folder, variables, forked):
            processes.append(self)

        def close(self):
            pass

    monkeypatch.setattr(local, "WorkerProcess", Process)
    monkeypatch.setenv("CONVOY_FORK", "0")
    return processes


def test_more_threads_than_cores_are_noted(started, monkeypatch, capsys):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for count, said in (
        ("1", ""),
        ("2", "note: 2 workers times tune.threads=2 is more than the 2"),
    ):
        monkeypatch.setenv("CONVOY_WORKERS", count)
        start_pool("tune", 2, 2, 0)
        assert capsys.readouterr().out[: len(said) or None] == said


def test_no_more_workers_than_trials_in_flight_and_that_is_said(started, monkeypatch, capsys):
    monkeypatch.setenv("CONVOY_WORKERS", "4")
    assert start_pool("tune", 2, 1, 0).count == 2
    assert "CONVOY_WORKERS=4, but no more than 2 trainings run at a time" in capsys.readouterr().out
    start_pool("train", 3, 1, 0)
    assert "CONVOY_WORKERS=4, but no more than 3 trainings run at a time" in capsys.readouterr().out


@pytest.mark.parametrize(("count", "kind"), [("1", InProcess), ("3", LocalProcesses)])
def test_all_worker_processes_are_started_at_once_where_there_are_any(
    started, monkeypatch, count, kind
):
    monkeypatch.delenv("CONVOY_SCHEDULER", raising=False)
    monkeypatch.setenv("CONVOY_WORKERS", count)
    pool = start_pool("tune", 4, 1, 0)
    assert isinstance(pool, kind)
    assert len(started) == (3 if kind is LocalProcesses else 0)
    if started:
        assert list(pool.running.values()) == started
