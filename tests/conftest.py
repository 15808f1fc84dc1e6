import shutil

import pytest
from filelock import FileLock
from support import clones
from support.project import ROOT, TINY, write_params


@pytest.fixture(scope="session")
def make_clone(tmp_path_factory):
    """Make a repository with the working tree's files, as if they were just committed."""

    def make(changes=TINY):
        return clones.make_clone(tmp_path_factory.mktemp("clone") / "convoy", changes)

    return make


@pytest.fixture(scope="session")
def make_finished(tmp_path_factory, worker_id):
    """Make clones in which the whole tiny pipeline has been run and committed.

    Of several test processes one runs the pipeline, once; each call copies that run.
    """
    base = tmp_path_factory.getbasetemp()
    # Alone, this process has the folder to itself; else all of them share the one above it.
    kept = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            made = clones.make_clone(tmp_path_factory.mktemp("clone") / "convoy")
            clones.run_and_commit(made)
            made.rename(kept)

    def make(folder=None):
        target = (folder or tmp_path_factory.mktemp("finished")) / "convoy"
        return shutil.copytree(kept, target, symlinks=True)

    return make


@pytest.fixture
def finished(make_finished, tmp_path):
    """Return a finished clone of this test's own: what a test does to it, no other test sees."""
    return make_finished(tmp_path / "finished")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Return an empty folder to run stages in, inside this process."""
    (tmp_path / "pipeline").symlink_to(ROOT / "pipeline")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    (tmp_path / "data/images").mkdir(parents=True)  # as in the repository
    write_params(tmp_path, TINY)
    monkeypatch.chdir(tmp_path)
    return tmp_path
