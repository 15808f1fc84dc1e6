import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import toy_pipeline
from support.project import run

from pipeline.base.errors import ConvoyError
from pipeline.commands import doctor, merging

CACHE = Path(".dvc/cache/files/md5")


@pytest.fixture
def healthy(finished, monkeypatch):
    monkeypatch.chdir(finished)
    # In CI a checkout without a branch is no problem; here it is to be one.
    for variable in ("CONVOY_MIRROR", "CI"):
        monkeypatch.delenv(variable, raising=False)
    return finished


def problems(title):
    """Run the check whose title begins so; return what it finds and the remedy, one text each."""
    (check,) = (check for full, check in doctor.CHECKS.items() if full.startswith(title))
    return [f"{problem.what} → {problem.remedy}" for problem in check()]


def test_a_healthy_project_has_no_problem(healthy, capsys):
    doctor.examine()
    assert "problem" not in capsys.readouterr().out


def test_a_bad_parameter_is_found(healthy):
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("name: digits", "name: mnits"))
    with pytest.raises(ConvoyError, match="found"):
        doctor.examine()
    assert "did you mean 'mnist'?" in problems("params.yaml")[0]


def test_a_stale_result_is_found(healthy):
    code = Path("pipeline/evaluation/scoring.py")
    code.write_text(code.read_text() + "\n# edited\n")
    assert problems("The committed lock file") == [
        "evaluate: pipeline/evaluation/scoring.py changed → dvc repro, then commit dvc.lock "
        "and results/"
    ]


def test_in_a_clone_without_data_what_is_stale_is_named_as_well(healthy, tmp_path, monkeypatch):
    run("git", "clone", "-q", str(healthy), str(tmp_path / "clone"), cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "clone")
    assert problems("The committed lock file") == []
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("random_state: 42", "random_state: 43"))
    (problem,) = problems("The committed lock file")
    assert "split: split in params.yaml changed → dvc repro" in problem


def test_images_that_are_not_those_of_the_results_are_found(healthy):
    picture = Path("data/images/cat/1.png")
    picture.parent.mkdir()
    picture.write_bytes(b"a picture")
    (problem,) = problems("The committed lock file")
    assert problem.startswith("split: data/images changed → dvc repro")


@pytest.mark.parametrize("last", [b"", b"      md"])
def test_a_lock_file_that_was_cut_off_is_found_and_costs_nothing(healthy, last):
    lock = Path("dvc.lock")
    whole = lock.read_bytes()
    lock.write_bytes(whole[: whole.index(last) + len(last)])
    with pytest.raises(ConvoyError, match="1 problem found"):
        doctor.examine()
    ((what, remedy),) = [problem.split(" → ") for problem in problems("The committed lock file")]
    assert "cut off" in what
    run("bash", "-c", remedy.partition("  (")[0], cwd=healthy)
    assert lock.read_bytes() == whole


@pytest.mark.parametrize("content", ["stages: [1]\n", "stages: {a: {outs: [{path: b}]}}\n", "é"])
def test_a_lock_file_of_another_shape_is_found_and_ends_no_check(healthy, content, capsys):
    Path("dvc.lock").write_bytes(content.encode("latin-1"))
    with pytest.raises(ConvoyError, match="1 problem found"):
        doctor.examine()
    assert "dvc.lock" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "stages: {}\n"])
def test_a_pipeline_without_stages_is_found(healthy, content):
    Path("dvc.yaml").write_text(content)
    assert problems("The committed lock file")[0].startswith("dvc.yaml has no stages")


def test_the_detached_head_of_a_killed_experiment_is_told_from_another(healthy):
    run("git", "checkout", "-q", "--detach", cwd=healthy)
    assert "belong to no branch" in problems("Git is on a branch")[0]
    run("git", "update-ref", "refs/exps/exec/EXEC_BASELINE", "HEAD", cwd=healthy)
    (problem,) = problems("Git is on a branch")
    Path("params.yaml").write_text("edited")
    run("bash", "-c", problem.partition("→ ")[2].partition("  (")[0], cwd=healthy)
    assert run("git", "stash", "show", "--name-only", cwd=healthy).stdout == "params.yaml\n"
    assert problems("Git is on a branch") == []


def test_a_lock_whose_process_number_now_belongs_to_another_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    doctor.DVC_PROCESS_LOCKS.parent.mkdir(parents=True)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["sh", "-c", "echo; read _"], **pipes) as other:
        other.stdout.readline()
        info = {"pid": other.pid, "cmd": "dvc repro"}
        # The form in which DVC writes it.
        held = {"write": {"data/split": info}, "read": {"data/raw": [info]}}
        doctor.DVC_PROCESS_LOCKS.write_text(json.dumps(held))
        found = problems("No process")
        other.communicate(b"\n")
    assert found == [
        f"2 paths, such as data/split, are locked by process {other.pid}, which is not DVC any "
        "more but sh -c echo; read _ → rm .dvc/tmp/rwlock"
    ]
    assert problems("No process") == []  # DVC forgets a process that is gone


@pytest.mark.parametrize("torn", ["", '{"write": {"data/sp', "[]", '{"read": {"data": [{}]}}'])
def test_a_file_of_locks_that_was_cut_off(tmp_path, monkeypatch, torn):
    monkeypatch.chdir(tmp_path)
    doctor.DVC_PROCESS_LOCKS.parent.mkdir(parents=True)
    doctor.DVC_PROCESS_LOCKS.write_text(torn)
    (problem,) = problems("No process")
    assert "cut off" in problem
    run("bash", "-c", problem.rpartition("→ ")[2], cwd=tmp_path)
    assert problems("No process") == []


def test_a_result_that_an_interrupted_search_left_out_is_found(healthy, tmp_path):
    Path("results/tune/mlp.json").unlink()
    CACHE.rename(tmp_path / "cache")  # as in a fresh clone
    (problem,) = problems("Data and models")
    assert problem.startswith("results/tune/mlp.json (tune@mlp) is missing")
    assert "pull" not in problem
    run("bash", "-c", problem.rpartition(", or ")[2], cwd=healthy)
    assert problems("Data and models") == []


def test_missing_data_is_found(healthy, tmp_path):
    Path("models/tuned").rename(tmp_path / "tuned")
    CACHE.rename(tmp_path / "cache")
    assert problems("Data and models") == [
        "neither here nor cached: models/tuned (train@tuned) → dvc repro, or dvc pull if a remote "
        "has them"
    ]


def test_data_in_a_cache_elsewhere_is_not_missing(healthy, tmp_path):
    Path("models/tuned").rename(tmp_path / "tuned")
    cache = Path(".dvc/cache").rename(tmp_path / "cache")
    run("dvc", "config", "--local", "cache.dir", str(cache), cwd=healthy)
    assert problems("Data and models") == []


def conflict(healthy):
    """Merge two branches that have both written dvc.lock and a result; params.yaml is left out."""
    committed = run("git", "rev-parse", "HEAD", cwd=healthy).stdout.strip()
    lock, report = Path("dvc.lock"), Path("results/data.json")
    for branch in ("main", "topic"):
        run("git", "switch", "-q", "-C", branch, committed, cwd=healthy)
        for file in (lock, report):
            file.write_text(f"# {branch}\n" + file.read_text())
        Path("results/classes.csv").write_text(branch)
        if branch == "main":
            Path("results/classes.csv").unlink()
        run("git", "commit", "-qam", branch, cwd=healthy)
    run("git", "merge", "main", cwd=healthy, check=False)


def test_a_merge_in_conflict_is_mended_by_what_it_says(healthy):
    for key in merging.drivers():
        run("git", "config", "--unset", key, cwd=healthy)
    assert problems("Git can merge")[0].endswith("→ python -m pipeline merge-setup")
    conflict(healthy)
    (problem,) = problems("Parameters, dvc.lock")
    assert problem.startswith("dvc.lock, results/classes.csv, results/data.json: in conflict")
    run("bash", "-c", problem.rpartition("→ ")[2].partition(" && dvc repro")[0], cwd=healthy)
    assert problems("Parameters, dvc.lock") == []
    assert Path("results/data.json").read_text().startswith("# topic\n{")
    (problem,) = problems("Git is on a branch")
    assert problem.startswith("a merge is half done → dvc repro && git add")


def test_a_result_that_one_side_has_deleted_is_left_to_the_run(healthy):
    conflict(healthy)
    (problem,) = problems("Parameters, dvc.lock")
    assert problem.startswith("results/classes.csv: in conflict")
    assert "→ git add -A dvc.lock results && dvc repro" in problem


def test_parameters_in_conflict_are_for_the_user(healthy, capsys):
    committed = run("git", "rev-parse", "HEAD", cwd=healthy).stdout.strip()
    params = Path("params.yaml")
    for branch in ("main", "topic"):
        run("git", "switch", "-q", "-C", branch, committed, cwd=healthy)
        params.write_text(f"# {branch}\n" + params.read_text())
        run("git", "commit", "-qam", branch, cwd=healthy)
    run("git", "merge", "main", cwd=healthy, check=False)
    with pytest.raises(ConvoyError, match="1 problem found"):
        doctor.examine()
    assert (
        "params.yaml: in conflict, as a merge left it\n          → edit" in capsys.readouterr().out
    )


def test_a_rebase_that_waits_is_not_a_detached_head(healthy):
    conflict(healthy)
    run("git", "merge", "--abort", cwd=healthy)
    run("git", "rebase", "main", cwd=healthy, check=False)
    (problem,) = problems("Git is on a branch")
    assert problem.startswith("a rebase is half done → dvc repro && ")
    assert problem.endswith("git rebase --continue")


@pytest.mark.parametrize("command", [["repro"], ["exp", "run", "-S", "epochs=2"]])
def test_a_run_at_work_is_not_a_killed_one(tmp_path, monkeypatch, capsys, command):
    folder = toy_pipeline.finished(tmp_path / "small")
    stages = folder / "dvc.yaml"
    stages.write_text(stages.read_text().replace("mkdir -p data &&", "cat ../begun ../gate &&"))
    monkeypatch.chdir(folder)
    for name in ("begun", "gate"):
        os.mkfifo(tmp_path / name)
    with subprocess.Popen([sys.executable, "-m", "dvc", *command]) as dvc:
        (tmp_path / "begun").write_text("")  # waits for the stage
        with pytest.raises(ConvoyError):  # this folder is not a whole project
            doctor.examine()
        (tmp_path / "gate").write_text("")
    said = capsys.readouterr().out
    assert "later   Git is on a branch, with nothing half done" in said
    shown = " ".join(["dvc", *command])
    assert said.endswith(
        f"`{shown}` (process {dvc.pid}) is running here: what it changes is not checked. "
        "Run doctor again after it.\n"
    )
    assert doctor.runs.here() == []


def test_marks_of_a_conflict_that_were_committed_are_found(healthy):
    report = Path("results/data.json")
    whole = report.read_text()
    assert problems("Parameters, dvc.lock") == []
    report.write_text(f"<<<<<<< HEAD\n{whole}=======\n{whole}>>>>>>> main\n")
    assert problems("Parameters, dvc.lock")[0].startswith("results/data.json: in conflict")
