import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from support.project import TINY, run, write_params

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import write_json
from pipeline.commands import affected, plan, probe
from pipeline.config import params
from pipeline.running import costs


@pytest.fixture
def planned(finished, monkeypatch):
    monkeypatch.chdir(finished)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return finished


def test_nothing_to_run_in_a_finished_clone(planned, capsys):
    plan.show([])
    assert "Nothing would run" in capsys.readouterr().out


def reached(*, certain):
    return [entry.stage for entry in plan.plan([], probing=False) if entry.certain is certain]


def test_data_and_models_that_a_fresh_clone_lacks_are_made(finished, monkeypatch, tmp_path):
    run("git", "clone", "-q", str(finished), "fresh", cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "fresh")
    monkeypatch.delenv("DVC_ROOT", raising=False)
    makers = ["check", "download", "split", "train@baseline", "train@tuned"]
    assert sorted(reached(certain=True)) == makers
    assert {"tune@mlp", "evaluate"} <= set(reached(certain=False))


def test_what_is_only_in_the_cache_is_not_made_again(planned, tmp_path):
    Path("models/tuned").rename(tmp_path / "tuned")
    assert plan.plan([]) == []


def test_an_interrupted_search_goes_on(planned):
    Path("results/tune/mlp.json").unlink()
    Path("results/trials/mlp.csv").unlink()
    assert reached(certain=True) == ["tune@mlp"]
    # They run only if the search comes out different.
    assert {"explain", "select", "evaluate"} <= set(reached(certain=False))


def test_a_result_that_was_edited_is_made_again(planned):
    Path("results/select/candidates.csv").write_text("mine")
    assert reached(certain=True) == ["select"]


def test_a_parameter_names_the_stages_it_reaches_and_those_that_may_follow(planned):
    stages = {entry.stage: entry for entry in plan.plan(["tune.epochs=2"])}
    assert [name for name, entry in stages.items() if entry.certain] == [
        "check",
        "settings",
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
    paths.COSTS.unlink()
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


def test_a_data_set_that_is_not_here_is_unknown(planned, capsys):
    plan.show(["dataset.name=mnist"])
    assert "unknown" in capsys.readouterr().out


def test_a_bad_value_is_an_error(planned):
    with pytest.raises(ConvoyError, match=r"tune\.epochs = 0"):
        plan.plan(["tune.epochs=0"])
    with pytest.raises(ConvoyError, match=r"^params\.yaml: architectures.*did you mean 'mlp'"):
        plan.plan(["architectures=[mlpp]"])


def test_a_mistyped_key_is_named_with_the_near_miss(planned):
    with pytest.raises(ConvoyError, match=r"-S tune\.epoch=1: .*; did you mean 'tune\.epochs'\?"):
        plan.plan(["evaluate.margin=0.1", "tune.epoch=1"])
    with pytest.raises(ConvoyError, match="-S tune: expected key=value"):
        plan.plan(["tune"])


def test_a_parameter_is_named_as_dvc_takes_it(planned):
    plain, with_file = (
        [entry.stage for entry in plan.plan([change], probing=False)]
        for change in ("evaluate.margin=0.01", "params.yaml:evaluate.margin=0.01")
    )
    assert with_file == plain == ["check", "evaluate"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("tune.epochs=choice(2,3)", "several experiments; plan one of them$"),
        ("train.seeds=range(1,4)", "several experiments; plan one of them$"),
        ("tune.fixed.lenet5.activation=relu", r"\+\+ in front of it adds what is not there$"),
        ("dvc.yaml:stages.check.desc=x", "only params.yaml holds parameters$"),
        ("tune.epochs=[", "no viable alternative"),
    ],
)
def test_what_cannot_be_planned_says_why(planned, change, said):
    with pytest.raises(ConvoyError, match=said):
        plan.plan([change], probing=False)


def test_a_probe_that_was_killed_says_so(workspace, monkeypatch):
    real = subprocess.run
    monkeypatch.setattr(
        probe.subprocess, "run", lambda _, **how: real(["sh", "-c", "kill -9 $$"], **how)
    )
    paths.TRAIN.mkdir(parents=True)
    write_json(paths.DATA_REPORT, {"dataset": "digits"})
    with pytest.raises(ConvoyError, match=r"probe failed: killed by SIGKILL\n.*--no-probe"):
        probe.estimate(["tune@mlp"], params.load(), Path("params.yaml"))


def test_what_is_not_searched_is_not_probed(workspace):
    write_params(workspace, TINY | {"architectures": ["mlp", "pretrained"]})
    paths.TRAIN.mkdir(parents=True)
    write_json(paths.DATA_REPORT, {"dataset": "digits"})
    assert probe.estimate(["tune@pretrained"], params.load(), Path("params.yaml")) == []


def test_pictures_that_git_does_not_know_are_no_change_unless_they_change(planned):
    for kind, size in (("cat", 16), ("dog", 20)):
        folder = Path("data/images") / kind
        folder.mkdir()
        Image.new("RGB", (size, size)).save(folder / "a.png")
    run("dvc", "repro", "split", cwd=planned)
    assert plan.plan([]) == []
    Image.new("RGB", (9, 9)).save(folder / "b.png")
    assert plan.plan([])[0].stage == "split"


def test_a_data_set_beside_the_repository_is_found(planned):
    beside = planned.parent / "pictures"
    for kind in ("cat", "dog"):
        (beside / kind).mkdir(parents=True)
        Image.new("RGB", (16, 16)).save(beside / kind / "a.png")
    write_params(planned, TINY | {"dataset": {"path": "../pictures"}})
    run("dvc", "repro", "split", cwd=planned)
    assert plan.plan([]) == []


def test_a_file_whose_name_git_would_quote_is_copied(planned, tmp_path):
    name = Path("experiments/größer.yaml")
    name.write_text("# larger")
    affected.copy_known(tmp_path)
    assert (tmp_path / name).exists()


def test_the_probe_is_given_the_parameters_of_the_plan(planned, monkeypatch):
    def look(command, **_):
        file = Path(command[3])
        raise ConvoyError(f"{params.load(file).fit.label_smoothing}")

    real, asked = subprocess.run, "pipeline.commands.probe"
    monkeypatch.setattr(
        probe.subprocess,
        "run",
        lambda command, **how: (look if asked in command else real)(command, **how),
    )
    monkeypatch.setattr(costs, "earlier", list)
    with pytest.raises(ConvoyError, match=r"0\.125"):
        plan.plan(["fit.label_smoothing=0.125"])


def test_runs_with_as_many_workers_come_first_and_others_are_scaled(planned, monkeypatch):
    def seconds(workers):
        monkeypatch.setenv("CONVOY_WORKERS", workers)
        found = {entry.stage: entry.cost for entry in plan.plan(["tune.epochs=2"])}
        return found["tune@mlp"].work_seconds

    alone = seconds("1")
    assert seconds("2") == pytest.approx(alone / 2)
    assert seconds("8") == pytest.approx(alone / 2)  # tune.in_flight is 2
    (one,) = [cost for cost in costs.earlier() if cost.stage == "tune@mlp"]
    costs.append([replace(one, workers="8", work_seconds=100.0)])
    assert seconds("8") == pytest.approx(200)
    assert seconds("1") == alone


def test_seeds_that_are_trained_at_a_time_share_the_time(planned, monkeypatch):
    def seconds(workers, seeds):
        monkeypatch.setenv("CONVOY_WORKERS", workers)
        found = plan.plan([f"train.seeds={seeds}", "train.epochs=3"], probing=False)
        return {entry.stage: entry.cost for entry in found}["train@tuned"].work_seconds

    assert seconds("2", [1, 2]) == pytest.approx(seconds("1", [1, 2]) / 2)
    # The third seed runs alone.
    assert seconds("2", [1, 2, 3]) == pytest.approx(seconds("1", [1, 2, 3]) * 2 / 3)
    assert seconds("8", [1, 2, 3]) == pytest.approx(seconds("1", [1, 2, 3]) / 3)


def test_leaders_are_retrained_no_more_at_a_time_than_trials_are_open(planned, monkeypatch):
    costs.append([costs.Cost("confirm", "digits", 1, 1.0, 100.0, 1.0)])
    monkeypatch.setenv("CONVOY_WORKERS", "8")
    found = plan.plan(["select.confirm={top: 1, seeds: 2}"], probing=False)
    (confirm,) = [entry.cost for entry in found if entry.stage == "confirm"]
    assert confirm.work_seconds == pytest.approx(100 * confirm.work / 2)  # tune.in_flight is 2
