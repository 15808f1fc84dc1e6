import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image
from support.project import TINY, run, write_params

from pipeline.base import code_digest, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json, write_json
from pipeline.commands import affected, plan
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
    return [entry.stage for entry in plan.plan([]) if entry.certain is certain]


def test_data_and_models_that_a_fresh_clone_lacks_are_made(finished, monkeypatch, tmp_path):
    run("git", "clone", "-q", str(finished), "fresh", cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "fresh")
    monkeypatch.delenv("DVC_ROOT", raising=False)
    makers = ["check", "download", "split", "summary", "train@baseline", "train@tuned", "untuned"]
    assert sorted(reached(certain=True)) == makers
    assert {"tune@mlp", "evaluate"} <= set(reached(certain=False))


def test_what_is_only_in_the_cache_is_not_made_again(planned, tmp_path):
    Path("models/tuned").rename(tmp_path / "tuned")
    assert plan.plan([]) == []


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("dvc.lock", b"[1]\n", "DVC cannot use what is here: 'dvc.lock' "),
        ("dvc.yaml", b"# \xe9\n", "'dvc.yaml', is not valid utf-8"),
        ("dvc.yaml", b"", "dvc.yaml: no stages"),
    ],
)
def test_what_dvc_cannot_read_is_named(planned, file, content, said):
    Path(file).write_bytes(content)
    with pytest.raises(ConvoyError, match=said):
        plan.plan([])


def test_an_interrupted_search_goes_on(planned):
    Path("results/tune/mlp.json").unlink()
    Path("results/trials/mlp.csv").unlink()
    assert reached(certain=True) == ["tune@mlp"]
    # They run only if the search comes out different.
    assert {"explain", "select", "evaluate"} <= set(reached(certain=False))


@pytest.mark.parametrize(
    ("edited", "certain"),
    [
        ("figures/search.py", ["code", "explain"]),
        # Which architecture `select` chooses is not known before, so it reads the digests of all.
        ("architectures/vgg.py", ["code", "select"]),
    ],
)
def test_edited_code_names_the_stages_that_run_it(planned, monkeypatch, edited, certain):
    monkeypatch.setattr(code_digest, "ROOT", planned)  # as where the command is typed
    try:
        with Path("pipeline", edited).open("a") as file:
            file.write("# edited\n")
        code_digest.loaded.cache_clear()
        assert reached(certain=True) == certain
    finally:
        code_digest.loaded.cache_clear()


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
    assert {"select", "train@tuned", "train@baseline", "untuned", "evaluate"} <= set(stages)
    assert "split" not in stages
    assert "tune.epochs=2" not in Path("params.yaml").read_text()


def estimates(*overrides):
    return {one.stage: one for one in plan.plan(overrides)}


def record(**changes):
    """Write down another run of tune@mlp, like the last one but for these changes."""
    last = [cost for cost in costs.earlier() if cost.stage == "tune@mlp"][-1]
    line = json.dumps(asdict(replace(last, **changes))) + "\n"
    with paths.COSTS.open("a") as stream:
        stream.write(line)
    return line


def test_an_estimate_is_a_range_from_the_run_that_is_nearest_in_size(planned):
    def tune(epochs):
        return estimates(f"tune.epochs={epochs}")["tune@mlp"]

    images = read_json(paths.DATA_REPORT)["train"]["images"]
    first = record(models=2, passes=2 * images, startup_seconds=3.0, work_seconds=10.0)
    paths.COSTS.write_text(first)
    # The start is not scaled; of the rest, nothing may grow, or all.
    assert tune(20).seconds == (13.0, 203.0)
    assert tune(20).source == "0.05 × size"
    record(models=4, passes=4 * 10 * images, startup_seconds=3.0, work_seconds=40.0)
    record(models=4, passes=4 * 10 * images, startup_seconds=3.0, work_seconds=50.0)
    assert tune(20).seconds == (3 + 40 / 2, 53.0)
    # Everything was in the store.
    record(models=0, passes=0, work_seconds=0.1)
    assert tune(20).seconds == (23.0, 53.0)


def test_runs_of_the_same_size_give_what_they_took(planned, capsys):
    record(startup_seconds=1.0, work_seconds=299.0)
    Path("results/tune/mlp.json").unlink()
    assert estimates()["tune@mlp"].seconds[1] == 300
    assert estimates()["tune@mlp"].source == "same size"
    plan.show([])
    assert "to 300 s" in capsys.readouterr().out


def test_with_other_workers_the_time_may_be_divided_among_them(planned, monkeypatch):
    record(models=4, startup_seconds=0.0, work_seconds=100.0, workers="1")
    monkeypatch.setenv("CONVOY_WORKERS", "4")
    search = ["tune.epochs=2", "tune.trials=4"]
    images = read_json(paths.DATA_REPORT)["train"]["images"]
    record(models=4, passes=8 * images, startup_seconds=0.0, work_seconds=100.0, workers="1")
    assert estimates(*search)["tune@mlp"].seconds == (25.0, 100.0)
    record(models=4, passes=8 * images, startup_seconds=0.0, work_seconds=40.0, workers="4")
    assert estimates(*search)["tune@mlp"].seconds == (40.0, 40.0)


def test_memory_and_disk_are_those_of_the_earlier_run(planned):
    train = estimates("train.epochs=3")["train@tuned"]
    assert train.peak_mib > 100
    models = sum(file.stat().st_size for file in Path("models/tuned").iterdir()) / 2**20
    assert train.disk_mib == pytest.approx(models, rel=0.1)


def test_what_has_not_run_says_so_and_what_to_do(planned, capsys):
    paths.COSTS.unlink()
    assert estimates("tune.epochs=2")["tune@mlp"].source == "none here"
    plan.show(["tune.epochs=2"])
    said = capsys.readouterr().out
    assert "unknown" in said
    assert "dvc exp run --temp" in said
    assert "Known are" not in said


def test_a_data_set_that_is_not_here_is_unknown_but_for_what_does_not_depend_on_it(planned):
    found = estimates("dataset.name=mnist")
    for stage in ("download", "split", "tune@mlp", "train@tuned", "evaluate"):
        assert found[stage].source == "none on mnist"
    for stage in ("check", "settings", "explain", "confirm", "select"):
        assert found[stage].seconds
    counts = {"train": 50_000, "validation": 10_000, "test": 10_000}
    record(dataset="mnist", images=counts, models=2, passes=100_000, work_seconds=100.0)
    assert estimates("dataset.name=mnist")["tune@mlp"].source == "same size"


def test_what_is_left_out_takes_no_time(planned):
    left_out = estimates("architectures=[mlp, pretrained]")["tune@pretrained"]
    assert left_out.source == "none here"
    record(stage="tune@pretrained", models=0, passes=0, startup_seconds=0.5, work_seconds=0.1)
    assert estimates("architectures=[mlp, pretrained]")["tune@pretrained"].seconds == (0.6, 0.6)


def test_what_is_automatic_for_a_folder_is_unknown_until_it_is_divided(planned):
    for name in ("cat", "dog"):
        picture = Path("data/images") / name / "1.png"
        picture.parent.mkdir()
        Image.new("RGB", (16, 16)).save(picture)
    record(dataset="folder")
    changes = ["dataset.name=folder", "train.epochs=auto"]
    assert estimates(*changes)["tune@mlp"].source == plan.UNDECIDED
    write_json(paths.DATA_REPORT, read_json(paths.DATA_REPORT) | {"dataset": "folder"})
    assert estimates(*changes)["tune@mlp"].source == plan.UNDECIDED


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
        [entry.stage for entry in plan.plan([change])]
        for change in ("evaluate.margin=0.01", "params.yaml:evaluate.margin=0.01")
    )
    assert with_file == plain == ["check", "evaluate", "summary"]


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
        plan.plan([change])


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
