"""Two branches with results meet: git merges without a question, and DVC runs what is stale."""

import sys
from pathlib import Path

import pytest
from support import toy_pipeline
from support.project import run
from support.repositories import commit, git

from pipeline.commands import doctor, merging

# Each output holds what its stage has read, so that one that belongs to other parameters is seen.
STAGES = """\
stages:
  tune:
    matrix:
      architecture: ${architectures}
    cmd: >-
      mkdir -p results/trials &&
      (echo ${item.architecture}; grep ^seed params.yaml) > results/trials/${item.architecture}.csv
    params: [seed]
    metrics:
      - results/trials/${item.architecture}.csv: {cache: false}
  train:
    cmd: >-
      mkdir -p models && (cat results/trials/*.csv; grep ^epochs params.yaml) > results/train.csv &&
      cp results/train.csv models/model
    params: [architectures, epochs]
    deps: [results/trials]
    outs: [models]
    metrics:
      - results/train.csv: {cache: false}
  evaluate:
    cmd: >-
      mkdir -p results/pictures && (cat models/model; grep ^margin params.yaml) > results/score.json
      && cp models/model results/pictures/tuned.png
      && (printf '\\\\211PNG\\\\000'; grep ^margin params.yaml) > results/pictures/margin.png
    params: [margin]
    deps: [models]
    metrics:
      - results/score.json: {cache: false}
    plots:
      - results/pictures: {cache: false}
"""
# Far enough apart for git to merge them.
PARAMETERS = "architectures: [mlp]\n\n\n\nseed: 1\n\n\n\nepochs: 1\n\n\n\nmargin: 1\n\n\n\n"
MINE, THEIRS = {"epochs: 1": "epochs: 2"}, {"seed: 1": "seed: 2"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "small"
    toy_pipeline.finished(folder, stages=STAGES, parameters=PARAMETERS)
    run(sys.executable, "-m", "pipeline", "merge-setup", cwd=folder)
    return folder


@pytest.fixture
def toy(made, tmp_path, monkeypatch):
    """Return a repository with results on its only branch, `main`, in which git may merge them."""
    run("cp", "-r", str(made), str(tmp_path / "small"), cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "small")
    return tmp_path / "small"


def change(changes, message="results"):
    """Change params.yaml, run what that makes stale, and commit the results."""
    file = Path("params.yaml")
    for old, new in changes.items():
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    run("dvc", "repro", cwd=Path.cwd())
    commit(Path.cwd(), message)


def branches(mine, theirs):
    """Run both changes, each on a branch of its own; end on the branch `mine`."""
    git(Path.cwd(), "switch", "-qc", "mine")
    change(mine)
    git(Path.cwd(), "switch", "-q", "main")
    change(theirs)
    git(Path.cwd(), "switch", "-q", "mine")


def stages_run():
    """Run what is stale, and return its stages; what is in the run cache counts as well."""
    said = run("dvc", "repro", cwd=Path.cwd()).stdout
    return [
        line.split("'")[1]
        for line in said.splitlines()
        if line.startswith(("Running stage", "Stage '")) and "didn't change" not in line
    ]


def is_whole(scratch):
    """Check that the results are those that a run of these parameters writes from nothing."""
    assert run("dvc", "status", cwd=Path.cwd()).stdout.endswith("up to date.\n")
    clone = scratch / "anew"
    run("git", "clone", "-q", ".", str(clone), cwd=Path.cwd())
    for name in ("params.yaml", "dvc.yaml"):
        run("cp", name, str(clone), cwd=Path.cwd())
    run("git", "rm", "-rqf", "results", "dvc.lock", cwd=clone)
    run("dvc", "repro", "-q", cwd=clone)
    run("diff", "-r", "results", str(clone / "results"), cwd=Path.cwd())


MERGES = [["merge", "--no-edit"], ["rebase"]]


@pytest.mark.parametrize("how", MERGES)
def test_a_branch_takes_what_main_has_run(toy, how, tmp_path):
    branches(MINE, THEIRS)
    said = run("git", *how, "main", cwd=toy).stdout
    assert "both sides have run train, evaluate" in said
    assert git(toy, "status", "--porcelain") == ""
    # The search comes from main as it is.
    assert stages_run() == ["train", "evaluate"]
    is_whole(tmp_path)


def test_main_takes_a_branch(toy, tmp_path):
    branches(MINE, THEIRS)
    git(toy, "switch", "-q", "main")
    run("git", "merge", "--no-edit", "mine", cwd=toy)
    assert stages_run() == ["train", "evaluate"]
    is_whole(tmp_path)


def test_a_commit_is_picked(toy, tmp_path):
    branches(MINE, THEIRS)
    run("git", "cherry-pick", "main", cwd=toy)
    assert stages_run() == ["train", "evaluate"]
    is_whole(tmp_path)


@pytest.mark.parametrize("how", MERGES)
def test_stages_that_only_one_side_has_run_are_not_run_again(toy, how, tmp_path):
    branches({"margin: 1": "margin: 2"}, {"architectures: [mlp]": "architectures: [mlp, lenet5]"})
    run("git", *how, "main", cwd=toy)
    assert stages_run() == ["evaluate"]
    is_whole(tmp_path)


def test_an_architecture_that_each_side_has_added(toy, tmp_path):
    both = {"architectures: [mlp]": "architectures: [mlp, lenet5]"}
    branches(both, both | THEIRS)
    run("git", "merge", "--no-edit", "main", cwd=toy)
    stages_run()
    is_whole(tmp_path)
    assert "seed: 2" in Path("results/trials/lenet5.csv").read_text()


def test_an_architecture_that_one_side_has_replaced_and_the_other_searched_again(toy, tmp_path):
    git(toy, "switch", "-qc", "mine")
    Path("results/trials/mlp.csv").unlink()
    change({"architectures: [mlp]": "architectures: [lenet5]"})
    git(toy, "switch", "-q", "main")
    change(THEIRS)
    git(toy, "switch", "-q", "mine")
    # Git may take results/trials/lenet5.csv for a renamed mlp.csv.
    run("git", "merge", "--no-edit", "main", cwd=toy, check=False)
    for file in git(toy, "diff", "--name-only", "--diff-filter=U").splitlines():
        git(toy, "rm", "-q", file)
    stages_run()
    is_whole(tmp_path)


def test_parameters_in_conflict_are_left_to_the_user_and_nothing_else_is(toy, tmp_path):
    branches({"epochs: 1": "epochs: 2"}, {"epochs: 1": "epochs: 3"})
    run("git", "merge", "main", cwd=toy, check=False)
    assert git(toy, "diff", "--name-only", "--diff-filter=U") == "params.yaml"
    (problem,) = doctor.CHECKS["Parameters, dvc.lock and results are merged"]()
    assert problem.what.startswith("params.yaml: in conflict")
    run("git", "checkout", "-q", "--theirs", "params.yaml", cwd=toy)
    # Main's results belong to main's parameters; they are in the run cache here.
    assert stages_run() == ["train", "evaluate"]
    is_whole(tmp_path)


def test_without_the_setup_git_asks_as_before(toy):
    for key in merging.drivers():
        git(toy, "config", "--unset", key)
    assert not merging.is_set_up()
    branches(MINE, THEIRS)
    assert run("git", "merge", "main", cwd=toy, check=False).returncode
    assert "dvc.lock" in git(toy, "diff", "--name-only", "--diff-filter=U")


def test_a_lock_file_with_marks_in_it_is_a_conflict(toy):
    branches(MINE, THEIRS)
    lock = Path("dvc.lock")
    lock.write_text("<<<<<<< HEAD\n" + lock.read_text())
    commit(toy, "marks")
    said = run("git", "merge", "main", cwd=toy, check=False).stdout
    assert "dvc.lock: one side is not valid YAML" in said
    assert git(toy, "diff", "--name-only", "--diff-filter=U") == "dvc.lock"
