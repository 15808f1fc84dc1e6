from types import SimpleNamespace

import pytest
from support.settings import tune

from pipeline.base import paths
from pipeline.config.environment import EnvironmentVariableError
from pipeline.search import loop, oracles, placement, session, tables
from pipeline.search.space import search_space
from pipeline.search.workers import Setting


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("4GB", 4 * 10**9), ("1.5 GiB", 3 * 2**29), ("512MiB", 2**29), ("", None)],
)
def test_memory_has_units(monkeypatch, text, size):
    monkeypatch.setenv("CONVOY_WORKER_MEMORY", text)
    assert placement.memory() == size


@pytest.mark.parametrize("text", ["much", "-1", "4 gigabytes", "0"])
def test_a_bad_memory_limit_is_an_error_that_says_what_is_allowed(monkeypatch, text):
    monkeypatch.setenv("CONVOY_WORKER_MEMORY", text)
    with pytest.raises(EnvironmentVariableError, match="such as 4GB"):
        placement.memory()


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
        monkeypatch.setattr(paths, "LEDGER", tmp_path / f"ledger-{count}")
        with session.open_runner("mlp", settings, train, validation) as runner:
            specify = session.specifier("mlp", settings)
            oracle = oracles.make(settings, space)
            records = list(loop.search(oracle, specify, runner.submit, settings.in_flight))
        assert not any(record.finished.reused for record in records)
        tables.write_trials(records, tmp_path / f"{count}.csv")
        written.append((tmp_path / f"{count}.csv").read_bytes())
    assert written[0].count(b"completed") > 1
    assert written[0] == written[1] == written[2]


def test_more_threads_than_cores_are_noted(splits, monkeypatch, capsys):
    monkeypatch.setattr(placement.os, "cpu_count", lambda: 2)
    setting = Setting("mlp", *splits, threads=2, software={})
    for count, said in (
        ("1", ""),
        ("2", "note: 2 workers times tune.threads=2 is more than the 2"),
    ):
        monkeypatch.setenv("CONVOY_WORKERS", count)
        placement.place(setting, 2)
        assert capsys.readouterr().out[: len(said) or None] == said


def test_no_more_workers_than_trials_in_flight_and_that_is_said(splits, monkeypatch, capsys):
    monkeypatch.setenv("CONVOY_WORKERS", "4")
    workers = placement.place(Setting("mlp", *splits, threads=1, software={}), 2)
    assert workers.count == 2
    assert "CONVOY_WORKERS=4, but tune.in_flight=2 lets no more" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variables", "count"),
    [({}, 0), ({"CONVOY_WORKERS": "3"}, 3), ({"CONVOY_WORKERS": "3", "CONVOY_SCHEDULER": "a"}, 0)],
)
def test_worker_processes_are_prepared_where_there_will_be_any(monkeypatch, variables, count):
    for name in ("CONVOY_WORKERS", "CONVOY_SCHEDULER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(placement, "WorkerProcess", lambda folder, variables: object())
    monkeypatch.setattr(placement, "_prepared", [])
    placement.prepare(4)
    assert len(placement._prepared) == count
    if count:
        prepared = placement._prepared.copy()
        assert list(placement.place(SimpleNamespace(threads=1), 4).running.values()) == prepared
        assert placement._prepared == []
