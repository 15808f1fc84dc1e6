"""The same inputs give the same bytes wherever DVC runs them."""

import shutil

import pytest
from support.project import run

pytestmark = pytest.mark.slow


def written(clone, revision):
    """Give git's digests of what a run writes; dvc.lock holds those of data and models."""
    found = run("git", "rev-parse", f"{revision}:dvc.lock", f"{revision}:results", cwd=clone)
    return found.stdout.split()


def experiment(clone, name):
    """Give the commit of an experiment."""
    every = ["git", "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps"]
    lines = run(*every, cwd=clone).stdout.splitlines()
    return next(line.split()[0] for line in lines if line.endswith(f"/{name}"))


@pytest.fixture(scope="module")
def elsewhere(make_clone):
    """Give another clone, in which nothing has run."""
    return make_clone()


@pytest.fixture
def afresh(elsewhere, tmp_path, monkeypatch):
    """Forget trials and earlier runs, so that every stage really runs."""
    monkeypatch.setenv("CONVOY_STATE", str(tmp_path))
    shutil.rmtree(elsewhere / ".dvc/cache", ignore_errors=True)


def test_a_temporary_run(finished, elsewhere, afresh):
    done = run("dvc", "exp", "run", "--temp", "-n", "temporary", cwd=elsewhere)
    assert "Running stage 'tune@mlp'" in done.stdout
    assert written(elsewhere, experiment(elsewhere, "temporary")) == written(finished, "HEAD")


def test_a_queued_run(finished, elsewhere, afresh):
    run("dvc", "exp", "run", "--queue", "-n", "queued", cwd=elsewhere)
    done = run("dvc", "exp", "run", "--run-all", cwd=elsewhere)
    assert "Running stage 'tune@mlp'" in done.stdout
    assert written(elsewhere, experiment(elsewhere, "queued")) == written(finished, "HEAD")


def test_a_fresh_clone_elsewhere_with_two_workers(finished, elsewhere, afresh):
    done = run("dvc", "repro", cwd=elsewhere, CONVOY_WORKERS="2")
    assert "Running stage 'tune@mlp'" in done.stdout
    run("git", "add", "-A", cwd=elsewhere)
    run("git", "commit", "-qm", "results", cwd=elsewhere)
    assert written(elsewhere, "HEAD") == written(finished, "HEAD")
