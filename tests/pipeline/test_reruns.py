"""Only what is affected reruns: asked of DVC itself, for every parameter and every file."""

import json
import re
import shutil
import sys

import pytest
import rerun_table
from dvc.repo import Repo
from ruamel.yaml import YAML
from support.project import TINY, run

SOME = [
    "params.yaml: split.random_state",
    "params.yaml: tune.epochs",
    "params.yaml: evaluate.margin",
    "pipeline/architectures/mlp.py",
    "pipeline/architectures/lenet5.py",
    "pipeline/evaluation/scoring.py",
]


@pytest.fixture
def pristine(finished):
    """Give a clone in which everything is up to date, and put it back in order afterwards."""
    params = (finished / "params.yaml").read_bytes()
    yield finished
    (finished / "params.yaml").write_bytes(params)
    shutil.rmtree(finished / "pipeline")
    run("git", "reset", "-q", "--hard", cwd=finished)


def affected(clone):
    """Ask DVC which stages it would run, once stage `code` has looked at the code."""
    # Not by the `dvc` of .venv, which refuses a value that is not allowed: any other value will do.
    run(sys.executable, "-m", "dvc", "repro", "-q", "code", cwd=clone)
    with Repo(str(clone)) as repo:
        return {name.rpartition(":")[2] for name in repo.status()}


def other(value):
    """Give another valid value of the same kind."""
    if isinstance(value, list):
        return value[:-1] if len(value) > 1 else [*value, "simple_cnn"]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 or 0.1
    swaps = {
        "digits": "mnist",
        "random": "grid",
        "one_standard_error": "best",
        "lenet5": "mlp",
        "1/6": "1/5",
    }
    return swaps.get(value, f"{value}x")


def change(clone, what):
    """Change one parameter or one file of the clone."""
    if not what.startswith("params.yaml: "):
        path = clone / what
        path.write_text(path.read_text() + "\n# changed\n")
        return
    yaml = YAML()
    content = yaml.load((clone / "params.yaml").read_text())
    *sections, key = what.removeprefix("params.yaml: ").split(".")
    section = content
    for name in sections:
        section = section[name]
    section[key] = other(section[key])
    yaml.dump(content, clone / "params.yaml")


def assert_reruns(clone, what, table):
    change(clone, what)
    found = affected(clone)
    if what == "params.yaml: architectures":
        # The added architecture has no results yet; those of the others stand.
        assert found == table[what] | {"tune@simple_cnn"}
        return
    assert found == table[what]


@pytest.mark.parametrize("what", SOME)
def test_a_change_reruns_the_stages_in_the_table(pristine, what):
    assert_reruns(pristine, what, rerun_table.direct(pristine))


@pytest.mark.slow
@pytest.mark.parametrize("what", sorted(rerun_table.direct()))
def test_every_change_reruns_the_stages_in_the_table(pristine, what):
    assert_reruns(pristine, what, rerun_table.direct(pristine))


def test_comments_and_formatting_rerun_nothing(pristine):
    path = pristine / "params.yaml"
    text = re.sub(r" *#.*", "", path.read_text())
    path.write_text("# a comment\n\n" + text.replace("\n\n", "\n\n\n"))
    assert affected(pristine) == set()


def test_the_page_is_made_from_the_graph():
    assert rerun_table.PAGE.read_text(encoding="utf-8") == rerun_table.page(), "run `make docs`"


@pytest.mark.slow
def test_an_architecture_that_does_not_win_is_tuned_again_alone(make_clone):
    clone = make_clone(TINY | {"architectures": ["mlp", "lenet5"]})
    run("dvc", "repro", cwd=clone)
    winner = json.loads((clone / "results/select/tuned.json").read_text())["architecture"]
    loser = {"mlp": "lenet5", "lenet5": "mlp"}[winner]
    change(clone, f"pipeline/architectures/{loser}.py")
    rerun = {f"tune@{loser}", "confirm", "select"}
    # The baseline's file is written down by `select`, and so reaches its training.
    rerun |= {"train@baseline"} if loser == TINY["select"]["baseline"] else set()
    assert ran(run("dvc", "repro", cwd=clone)) == rerun


@pytest.mark.slow
def test_a_value_that_is_changed_back_is_served_from_the_run_cache(pristine):
    before = (pristine / "params.yaml").read_bytes()
    change(pristine, "params.yaml: tune.epochs")
    assert "tune@mlp" in ran(run("dvc", "repro", cwd=pristine))
    (pristine / "params.yaml").write_bytes(before)
    assert "tune@mlp" not in ran(run("dvc", "repro", cwd=pristine))
    assert run("git", "status", "--short", "dvc.lock", "results", cwd=pristine).stdout == ""


def ran(done):
    """Name the stages whose command really ran."""
    return set(re.findall(r"Running stage '([^']+)'", done.stdout))
