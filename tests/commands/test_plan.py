import json
from pathlib import Path

import pytest

from pipeline import costs, paths
from pipeline.commands import plan
from pipeline.errors import ConvoyError
from pipeline.files import write_json


@pytest.fixture
def planned(finished, monkeypatch):
    monkeypatch.chdir(finished)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return finished


def test_nothing_to_run_in_a_finished_clone(planned, capsys):
    plan.show([])
    assert "Nothing would run" in capsys.readouterr().out


def test_a_parameter_names_the_stages_it_reaches_and_those_that_may_follow(planned):
    stages = {entry.stage: entry for entry in plan.plan(["tune.epochs=2"])}
    assert [name for name, entry in stages.items() if entry.certain] == [
        "check",
        "tune@mlp",
        "confirm",
    ]
    assert {"select", "train@tuned", "train@baseline", "evaluate"} <= set(stages)
    assert "split" not in stages
    assert "tune.epochs=2" not in Path("params.yaml").read_text()


def test_the_work_is_estimated_in_proportion(planned):
    def tune(value):
        return {e.stage: e.cost for e in plan.plan([f"tune.epochs={value}"])}["tune@mlp"]

    two, three, four = tune(2), tune(3), tune(4)
    assert three.seconds - two.seconds == pytest.approx(four.seconds - three.seconds)
    assert two.startup_seconds < two.seconds < three.seconds
    assert json.loads(paths.PLAN.read_text())["tune@mlp"]["seconds"] == four.seconds


def test_memory_and_disk_are_those_of_the_earlier_run(planned, capsys):
    train = {entry.stage: entry.cost for entry in plan.plan(["train.epochs=3"])}["train@tuned"]
    assert train.peak_mib > 100
    models = sum(file.stat().st_size for file in Path("models/tuned").iterdir()) / 2**20
    assert train.disk_mib == pytest.approx(models, rel=0.1)


@pytest.mark.slow
def test_what_never_ran_here_is_probed_once(planned, capsys):
    earlier = paths.COSTS.rename(paths.COSTS.with_name("earlier"))
    try:
        found = {entry.stage: entry.cost for entry in plan.plan(["tune.epochs=2"])}
        for stage in ("tune@mlp", "train@baseline", "train@tuned"):
            assert found[stage].probe
            assert 0 < found[stage].startup_seconds < found[stage].seconds
        assert found["train@baseline"].disk_mib == pytest.approx(2 * 61_706 * 4 / 2**20)
        assert found["select"] is None
        written = paths.COSTS.read_text()
        plan.show(["tune.epochs=2"])
        assert paths.COSTS.read_text() == written
        assert "a probe" in capsys.readouterr().out
    finally:
        earlier.rename(paths.COSTS)


def test_a_data_set_that_is_not_here_is_unknown(planned, capsys):
    plan.show(["dataset.name=mnist"])
    assert "unknown" in capsys.readouterr().out


def test_a_bad_value_is_an_error(planned):
    with pytest.raises(ConvoyError, match=r"tune\.epochs = 0"):
        plan.plan(["tune.epochs=0"])
    with pytest.raises(ConvoyError, match="-S tune"):
        plan.plan(["tune.epoch=1"])


def test_a_run_is_held_against_the_plan_only_if_it_did_the_planned_work(workspace):
    write_json(paths.PLAN, {"select": {"seconds": 0.001, "work": 1}})
    with costs.recorded("select", ["params.yaml"]):
        pass
    assert "of 1 stages" in costs.accuracy()
    write_json(paths.PLAN, {"select": {"seconds": 0.001, "work": 2}})
    with costs.recorded("select", ["params.yaml"]):
        pass
    first, second = costs.earlier()
    assert first.planned_seconds == 0.001
    assert second.planned_seconds is None
    assert 0 < first.disk_mib < 0.01


def test_records_of_an_older_version_are_read(workspace):
    paths.COSTS.parent.mkdir(parents=True)
    old = {"stage": "select", "dataset": "digits", "work": 1, "startup_seconds": 1.0}
    paths.COSTS.write_text(json.dumps(old | {"work_seconds": 2.0, "peak_mib": 3.0, "gone": 4}))
    assert [cost.seconds for cost in costs.earlier()] == [3.0]


def test_a_torn_line_is_passed_over_and_the_next_run_is_recorded(workspace):
    with costs.recorded("select", ["params.yaml"]):
        pass
    paths.COSTS.write_text(paths.COSTS.read_text() + '{"stage": "sel')
    with costs.recorded("select", ["params.yaml"]):
        pass
    assert [cost.stage for cost in costs.earlier()] == ["select", "select"]
    assert costs.accuracy() == ""
