"""What a run cost is written down, and held against what was planned."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config import environment, params
from pipeline.running import costs


def select_once(plan):
    write_json(paths.PLAN, {"select": plan, "evaluate": {"seconds": 1, "work": 1}})
    with costs.recorded("select"):
        write_json(Path("results/select/tuned.json"), ["x" * 5 * 2**20])
    return costs.earlier()[-1]


def test_a_run_is_held_against_the_plan_only_if_it_did_the_planned_work(workspace, capsys):
    cost = select_once({"seconds": 40, "work": 1})
    assert cost.planned_seconds == 40
    assert cost.disk_mib == pytest.approx(5, abs=0.01)
    assert f"select: planned 40 s, took {cost.seconds:,.0f} s" in capsys.readouterr().out
    assert select_once({"seconds": 40, "work": 2}).planned_seconds is None
    assert "planned" not in capsys.readouterr().out


def test_how_good_plans_were_is_said_when_there_were_some(workspace):
    for seconds in (1, 1, 1, 1):
        select_once({"seconds": seconds, "work": 1})
    assert costs.accuracy() == ""
    select_once({"seconds": 1, "work": 1})
    assert "5 stages took" in costs.accuracy()


def test_a_plan_serves_once(workspace):
    select_once({"seconds": 40, "work": 1})
    assert set(costs.plans()) == {"evaluate"}
    with costs.recorded("select"):
        pass
    assert [cost.planned_seconds for cost in costs.earlier()] == [40, None]


def test_a_search_is_held_against_a_plan_for_as_many_workers(workspace, monkeypatch):
    write_json(paths.PLAN, {"tune@mlp": {"seconds": 40, "work": 2, "workers": "2"}})
    for number in ("1", "2"):
        monkeypatch.setenv("CONVOY_WORKERS", number)
        with costs.recorded("tune@mlp"):
            pass
    assert [cost.planned_seconds for cost in costs.earlier()] == [None, 40]


def test_the_largest_worker_counts_as_memory(workspace, monkeypatch):
    subprocess.run([sys.executable, "-c", "b'x' * (300 * 2**20)"], check=True)
    for number in ("1", "2"):
        monkeypatch.setenv("CONVOY_WORKERS", number)
        with costs.recorded("tune@mlp"):
            pass
    alone, together = costs.earlier()
    assert together.peak_mib - alone.peak_mib > 300


def test_records_of_an_older_version_are_read(workspace):
    paths.COSTS.parent.mkdir(parents=True)
    old = {"stage": "select", "dataset": "digits", "work": 1, "startup_seconds": 1.0}
    paths.COSTS.write_text(json.dumps(old | {"work_seconds": 2.0, "peak_mib": 3.0, "gone": 4}))
    assert [cost.seconds for cost in costs.earlier()] == [3.0]


def test_a_torn_line_is_passed_over_and_the_next_run_is_recorded(workspace):
    with costs.recorded("select"):
        pass
    paths.COSTS.write_text(paths.COSTS.read_text() + '{"stage": "sel')
    with costs.recorded("select"):
        pass
    assert [cost.stage for cost in costs.earlier()] == ["select", "select"]
    assert costs.accuracy() == ""


@pytest.mark.parametrize(
    "content",
    [b'<<<<<<< HEAD\n{"train": 1}\n=======\n', b"[]", b'{"train": 3}', b"\xff\xfe", b""],
)
def test_no_stage_fails_for_files_that_only_its_cost_is_counted_by(workspace, content):
    for file in (paths.DATA_REPORT, paths.PLAN, paths.COSTS):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with costs.recorded("split"):
        pass
    assert [cost.work for cost in costs.earlier()] == [2]  # the work of data not yet known
    assert costs.accuracy() == ""


def test_long_work_is_planned_for_the_workers_that_it_gets_unasked(workspace, monkeypatch):
    monkeypatch.delenv("CONVOY_WORKERS", raising=False)
    monkeypatch.setattr(environment, "WORKER_BYTES", 1)
    monkeypatch.setattr(environment, "cores", lambda: 6)
    monkeypatch.setattr(environment, "gpus", list)
    paths.TRAIN.mkdir(parents=True)
    shape = (60_000, 28, 28, 1)
    np.lib.format.open_memmap(paths.TRAIN / "images.npy", "w+", np.uint8, shape)
    settings = params.load()

    def workers(trials):
        tune = settings.tune.model_copy(update={"trials": trials, "threads": 2})
        return costs.workers_of("tune@mlp", settings.model_copy(update={"tune": tune}))

    assert (workers(2), workers(8), costs.workers_of("confirm", settings)) == ("1", "3", "1")
