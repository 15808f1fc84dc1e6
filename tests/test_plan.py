import json
from pathlib import Path

import pytest

from pipeline import costs, paths, plan
from pipeline.errors import ConvoyError


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
    assert [name for name, entry in stages.items() if entry.certain] == ["check", "tune@mlp"]
    assert {"select", "train@tuned", "train@baseline", "evaluate"} <= set(stages)
    assert "split" not in stages
    assert "tune.epochs=2" not in Path("params.yaml").read_text()


def test_twice_the_epochs_are_estimated_at_twice_the_work(planned):
    def tune(value):
        estimates = {entry.stage: entry for entry in plan.plan([f"tune.epochs={value}"])}
        return estimates["tune@mlp"].seconds

    recorded = [cost for cost in costs.earlier() if cost.stage == "tune@mlp"][-1]
    twice, thrice = tune(2), tune(3)
    assert thrice - twice == pytest.approx(recorded.work_seconds, rel=0.01)
    assert json.loads(paths.PLAN.read_text())["tune@mlp"] == thrice


def test_what_was_never_run_here_is_unknown(planned, capsys):
    plan.show(["dataset.name=mnist"])
    assert "unknown" in capsys.readouterr().out


def test_a_bad_value_is_an_error(planned):
    with pytest.raises(ConvoyError, match=r"tune\.epochs = 0"):
        plan.plan(["tune.epochs=0"])
    with pytest.raises(ConvoyError, match="-S tune"):
        plan.plan(["tune.epoch=1"])
