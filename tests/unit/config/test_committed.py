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


def test_a_bad_value_comes_with_the_way_back(repository):
    change("name: digits", "name: mnits")
    with pytest.raises(ParamsError, match=r"git checkout HEAD -- params\.yaml"):
        params.load()
