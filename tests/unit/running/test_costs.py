"""What a run cost is written down, and no run fails for it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config import environment, params
from pipeline.running import amounts, costs
from pipeline.store.entry import Entry
from pipeline.training.work import Result


def test_a_run_is_recorded(workspace):
    with costs.recorded("select", params.load(), None):
        write_json(Path("results/select/tuned.json"), ["x" * 5 * 2**20])
    (cost,) = costs.earlier()
    assert (cost.stage, cost.dataset, cost.models) == ("select", "digits", 0)
    assert cost.disk_mib == pytest.approx(5, abs=0.01)


def trained(ended, architecture="mlp", seconds=6.0):
    """Return a line of the store for a trial."""
    result = Result("completed", 0.9, 0.1, 1, 1)
    return Entry("key", "trial", architecture, "context", result, {}, seconds, ended).encode()


def test_trainings_that_were_in_the_store_are_no_work(workspace):
    entries = paths.STORE / "entries.jsonl"
    entries.parent.mkdir(parents=True)
    entries.write_bytes(trained(1.0))
    for count in (0, 1, 2):
        with costs.recorded("tune@mlp", params.load(), None), entries.open("ab") as stream:
            stream.writelines([trained(time.time())] * count)
    assert [(cost.models, cost.passes) for cost in costs.earlier()] == [(0, 0), (1, 1), (2, 2)]


def test_a_search_costs_its_own_trials_whichever_stage_computed_them(workspace):
    entries = paths.STORE / "entries.jsonl"
    entries.parent.mkdir(parents=True)
    dvc = psutil.Process()
    with costs.recorded("tune@mlp", params.load(), dvc), entries.open("ab") as stream:
        now = time.time()
        stream.writelines([trained(now, "mlp", 5.0), trained(now, "lenet5", 10.0)])
    with costs.recorded("tune@lenet5", params.load(), dvc):
        pass
    assert [(cost.models, cost.work_seconds) for cost in costs.earlier()] == [
        (1, pytest.approx(10 / 3, abs=0.01)),
        (1, pytest.approx(20 / 3, abs=0.01)),
    ]


def test_an_architecture_is_counted_with_its_own_epochs(workspace):
    write_json(paths.SETTINGS, {"because": {}, "tune": {"epochs_of": {"pretrained": 7}}})
    settings = params.load()
    assert amounts.size_of("tune@mlp", settings, {"train": 10}) == amounts.Size(2, 20)
    assert amounts.size_of("tune@pretrained", settings, {"train": 10}) == amounts.Size(2, 140)
    # Epochs that params.yaml sets are for all.
    assert amounts.size_of("tune@pretrained", settings, {"train": 10}, ()) == amounts.Size(2, 20)


def test_images_of_another_data_set_are_not_counted(workspace):
    report = {"dataset": "mnist"} | {n: {"images": 9} for n in ("train", "validation", "test")}
    write_json(paths.DATA_REPORT, report)
    with costs.recorded("download", params.load(), None):
        pass
    assert costs.earlier()[0].images == {}
    assert amounts.images("mnist")["test"] == 9


def test_the_largest_worker_counts_as_memory(workspace, monkeypatch):
    subprocess.run([sys.executable, "-c", "b'x' * (300 * 2**20)"], check=True)
    for number in ("1", "2"):
        monkeypatch.setenv("CONVOY_WORKERS", number)
        with costs.recorded("tune@mlp", params.load(), None):
            pass
    alone, together = costs.earlier()
    assert together.peak_mib - alone.peak_mib > 300


def test_records_of_an_older_version_are_passed_over(workspace):
    with costs.recorded("select", params.load(), None):
        pass
    (line,) = paths.COSTS.read_text().splitlines()
    newer = json.loads(line) | {"unheard": 1}
    paths.COSTS.write_text(f'{{"stage": "select"}}\n{json.dumps(newer)}\n')
    assert [cost.stage for cost in costs.earlier()] == ["select"]


@pytest.mark.parametrize(
    "change",
    [{"passes": -1}, {"work_seconds": "x"}, {"images": 3}, {"models": None}, {"peak_mib": 1e400}],
)
def test_records_with_odd_values_are_passed_over(workspace, change):
    with costs.recorded("select", params.load(), None):
        pass
    paths.COSTS.write_text(json.dumps(json.loads(paths.COSTS.read_text()) | change) + "\n")
    assert costs.earlier() == []


@pytest.mark.parametrize("count", [-5, 0])
def test_counts_that_no_data_have_are_not_taken(workspace, count):
    parts = {name: {"images": count} for name in ("train", "validation", "test")}
    write_json(paths.DATA_REPORT, {"dataset": "mnist"} | parts)
    assert amounts.images("mnist") == {}


def test_a_torn_line_is_passed_over_and_the_next_run_is_recorded(workspace):
    with costs.recorded("select", params.load(), None):
        pass
    paths.COSTS.write_text(paths.COSTS.read_text() + '{"stage": "sel')
    with costs.recorded("select", params.load(), None):
        pass
    assert [cost.stage for cost in costs.earlier()] == ["select", "select"]


@pytest.mark.parametrize(
    "content",
    [b'<<<<<<< HEAD\n{"train": 1}\n=======\n', b"[]", b'{"train": 3}', b"\xff\xfe", b""],
)
def test_no_stage_fails_for_files_that_only_its_cost_is_counted_by(workspace, content):
    for file in (paths.DATA_REPORT, paths.COSTS):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with costs.recorded("split", params.load(), None):
        pass
    assert [cost.passes for cost in costs.earlier()] == [2]  # the work of data not yet known


def test_long_work_is_planned_for_the_workers_that_it_gets_unasked(workspace, monkeypatch):
    monkeypatch.delenv("CONVOY_WORKERS", raising=False)
    monkeypatch.setenv("CONVOY_FORK", "0")
    monkeypatch.setattr(environment, "WORKER_BYTES", 1)
    monkeypatch.setattr(environment, "cores", lambda: 6)
    monkeypatch.setattr(environment, "gpus", list)
    paths.TRAIN.mkdir(parents=True)
    shape = (60_000, 28, 28, 1)
    np.lib.format.open_memmap(paths.TRAIN / "images.npy", "w+", np.uint8, shape)
    settings = params.load()

    def workers(trials):
        tune = settings.tune.model_copy(update={"trials": trials, "threads": 2})
        return amounts.workers_of("tune@mlp", settings.model_copy(update={"tune": tune}))

    assert (workers(2), workers(8), amounts.workers_of("confirm", settings)) == ("1", "3", "1")
    # A worker that is forked costs nothing, so short work gets as many.
    monkeypatch.delenv("CONVOY_FORK")
    monkeypatch.setattr("sys.platform", "linux")
    assert (workers(2), workers(8), amounts.workers_of("confirm", settings)) == ("3", "3", "1")
