"""Two branches with results meet: git merges without a question, and DVC runs what is stale."""

import sys
from pathlib import Path

import pytest
from support import toy_pipeline
from support.project import TINY, run, write_params
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
      && (printf '\\211PNG\\000'; grep ^margin params.yaml) > results/pictures/margin.png
    params: [margin]
    deps: [models]
    metrics:
      - results/score.json: {cache: false}
    plots:
      - results/pictures: {cache: false}
"""
# Far enough apart for git to merge them.
PARAMETERS = "architectures: [mlp]\n\n\n\nseed: 1\n\n\n\nepochs: 1\n\n\n\nmargin: 1\n\n\n\n"
# Branches off the commit before `main`'s last: what each has changed and run.
BRANCHES = {
    "seed": {"seed: 1": "seed: 2"},
    "epochs": {"epochs: 1": "epochs: 2"},
    "other_epochs": {"epochs: 1": "epochs: 3"},
    "margin": {"margin: 1": "margin: 2"},
    "wider": {"[mlp]": "[mlp, lenet5]"},
    "wider_and_seed": {"[mlp]": "[mlp, lenet5]", "seed: 1": "seed: 2"},
    "replaced": {"[mlp]": "[lenet5]"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "small"
    toy_pipeline.finished(folder, stages=STAGES, parameters=PARAMETERS)
    run(sys.executable, "-m", "pipeline", "merge-setup", cwd=folder)
    for branch, changes in BRANCHES.items():
        git(folder, "switch", "-qc", branch, "main")
        file = folder / "params.yaml"
        for old, new in changes.items():
            assert old in file.read_text()
            file.write_text(file.read_text().replace(old, new))
        if branch == "replaced":
            (folder / "results/trials/mlp.csv").unlink()
        run("dvc", "repro", "-q", cwd=folder)
        commit(folder, branch)
    return folder


@pytest.fixture
def toy(made, tmp_path, monkeypatch):
    """Return a repository with results on each branch, in which git may merge them."""
    run("cp", "-r", str(made), str(tmp_path / "small"), cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "small")
    return tmp_path / "small"


def on(branch, *command):
    """Call git on a branch; return what it said, and the files that it left in conflict."""
    git(Path.cwd(), "switch", "-q", branch)
    said = run("git", *command, cwd=Path.cwd(), check=False).stdout
    return said, git(Path.cwd(), "diff", "--name-only", "--diff-filter=U").splitlines()


def rerun():
    """Run what is stale; return the stages that really ran, and did not come from DVC's cache."""
    said = run("dvc", "repro", cwd=Path.cwd()).stdout
    return [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")]


def assert_whole(architectures, seed=1, epochs=1, margin=1):
    """Check that the results are those of these parameters, and that there are no others."""
    trials = {f"trials/{name}.csv": f"{name}\nseed: {seed}\n" for name in sorted(architectures)}
    train = "".join(trials.values()) + f"epochs: {epochs}\n"
    expected = trials | {
        "train.csv": train,
        "score.json": f"{train}margin: {margin}\n",
        "pictures/tuned.png": train,
        "pictures/margin.png": f"\x89PNG\0margin: {margin}\n",
    }
    files = [file for file in Path("results").rglob("*") if file.is_file()]
    found = {file.relative_to("results").as_posix(): file.read_text("latin-1") for file in files}
    assert found == expected
    assert Path("models/model").read_text() == train


@pytest.mark.parametrize(
    ("branch", "command"),
    [
        ("epochs", ["merge", "--no-edit", "seed"]),
        ("epochs", ["rebase", "seed"]),
        pytest.param("epochs", ["cherry-pick", "seed"], marks=pytest.mark.slow),
        pytest.param("seed", ["merge", "--no-edit", "epochs"], marks=pytest.mark.slow),
    ],
)
def test_the_search_of_one_branch_meets_the_training_of_another(toy, branch, command):
    said, unmerged = on(branch, *command)
    assert "both sides have run train, evaluate" in said
    assert unmerged == []
    assert git(toy, "status", "--porcelain") == ""
    assert rerun() == ["train", "evaluate"]
    assert_whole(["mlp"], seed=2, epochs=2)
    git(toy, "commit", "-qam", "results")
    assert run("dvc", "status", cwd=toy).stdout.endswith("up to date.\n")


@pytest.mark.parametrize(
    "command",
    [
        ["merge", "--no-edit", "wider"],
        pytest.param(["rebase", "wider"], marks=pytest.mark.slow),
    ],
)
def test_what_only_one_side_has_run_is_not_run_again(toy, command):
    assert on("margin", *command)[1] == []
    assert rerun() == ["evaluate"]
    assert_whole(["mlp", "lenet5"], margin=2)


@pytest.mark.slow
def test_an_architecture_that_each_side_has_added(toy):
    assert on("wider", "merge", "--no-edit", "wider_and_seed")[1] == []
    rerun()
    assert_whole(["mlp", "lenet5"], seed=2)


@pytest.mark.parametrize(
    ("branch", "other"),
    [("replaced", "seed"), pytest.param("seed", "replaced", marks=pytest.mark.slow)],
)
def test_an_architecture_that_one_side_dropped_and_the_other_searched_again(toy, branch, other):
    # Git may take results/trials/lenet5.csv for a renamed mlp.csv.
    _, unmerged = on(branch, "merge", "--no-edit", other)
    assert set(unmerged) <= {"results/trials/mlp.csv"}
    for file in unmerged:
        git(toy, "rm", "-qf", file)
    rerun()
    assert_whole(["lenet5"], seed=2)


def test_parameters_in_conflict_are_left_to_the_user_and_nothing_else_is(toy):
    assert on("epochs", "merge", "other_epochs")[1] == ["params.yaml"]
    (problem,) = doctor.CHECKS["Parameters, dvc.lock and results are merged"]()
    assert problem.what.startswith("params.yaml: in conflict")
    run("git", "checkout", "-q", "--theirs", "params.yaml", cwd=toy)
    assert rerun() == []  # the other branch was run here
    assert_whole(["mlp"], epochs=3)


def test_without_the_setup_git_asks_as_before(toy):
    assert merging.is_set_up()
    for key in merging.drivers():
        git(toy, "config", "--unset", key)
    assert not merging.is_set_up()
    assert "dvc.lock" in on("epochs", "merge", "seed")[1]


def test_a_lock_file_with_marks_in_it_is_a_conflict(toy):
    git(toy, "switch", "-q", "epochs")
    lock = Path("dvc.lock")
    lock.write_text("<<<<<<< HEAD\n" + lock.read_text())
    commit(toy, "marks")
    said, unmerged = on("epochs", "merge", "seed")
    assert "dvc.lock: one side is not valid YAML" in said
    assert unmerged == ["dvc.lock"]


@pytest.mark.slow
def test_real_results_that_meet_become_those_of_a_whole_run(finished, tmp_path):
    changes = {"train": {"epochs": 3}, "tune": {"trials": 3}}
    for branch, key in (("longer", "train"), ("wider", "tune")):
        run("git", "switch", "-qc", branch, "main", cwd=finished)
        write_params(finished, TINY | {key: TINY[key] | changes[key]})
        run("dvc", "repro", cwd=finished)
        commit(finished, branch)
    run("git", "merge", "--no-edit", "longer", cwd=finished)
    said = run("dvc", "repro", cwd=finished).stdout
    assert "Running stage 'tune@mlp'" not in said  # it comes from one of the branches as it is
    assert "Running stage 'evaluate'" in said
    commit(finished, "results")
    assert run("dvc", "status", cwd=finished).stdout.endswith("up to date.\n")

    anew = tmp_path / "anew"
    run("git", "clone", "-q", str(finished), str(anew), cwd=tmp_path)
    run("git", "rm", "-rqf", "results", "dvc.lock", cwd=anew)
    run("dvc", "repro", cwd=anew)
    run("diff", "-r", "results", str(anew / "results"), cwd=finished)
