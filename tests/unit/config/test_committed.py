import pytest
from support.project import run

from pipeline.base import paths
from pipeline.config import committed, params
from pipeline.config.params import ParamsError


@pytest.fixture
def repository(workspace):
    """Return a workspace whose params.yaml is committed."""
    run("git", "init", "-q", cwd=workspace)
    run("git", "add", "params.yaml", cwd=workspace)
    run(
        *("git", "-c", "user.name=t", "-c", "user.email=t@example.org"),
        *("commit", "-qm", "all"),
        cwd=workspace,
    )
    return workspace


def change(old, new):
    paths.PARAMS.write_text(paths.PARAMS.read_text().replace(old, new))


def test_what_differs_is_named_with_both_values(repository):
    assert committed.differences() == []
    change("seed: 1", "seed: 7")
    assert committed.differences() == ["tune.seed = 7 (committed: 1)"]


def test_without_a_commit_nothing_is_said(workspace):
    assert committed.differences() == []


def test_a_bad_value_comes_with_the_committed_one(repository):
    change("name: digits", "name: mnits")
    change("seed: 1", "seed: 7")
    with pytest.raises(ParamsError) as caught:
        params.load()
    assert str(caught.value).splitlines()[1:] == [
        "If `dvc exp run -S` left that in params.yaml, write back what was committed: "
        "dataset.name: 'digits'"
    ]


def test_a_key_that_was_not_committed_has_a_way_back_too(repository):
    change("median_stopping: true", "median_stopping: 5\n  medain: 5")
    with pytest.raises(ParamsError) as caught:
        params.load()
    assert str(caught.value).endswith(
        "write back what was committed: tune.median_stopping: true; tune.medain: nothing"
    )


def test_a_bad_value_that_was_committed_has_no_way_back(repository):
    change("seed: 1", "seed: 7")
    change("name: digits", "name: mnits")
    run("git", "-c", "user.name=t", "-c", "user.email=t@e.org", "commit", "-qam", "x", cwd=".")
    with pytest.raises(ParamsError) as caught:
        params.load()
    assert "write back" not in str(caught.value)
