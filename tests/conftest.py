import shutil

import pytest
from filelock import FileLock
from support.project import ROOT, TINY, run, write_params


@pytest.fixture(scope="session")
def make_clone(tmp_path_factory):
    """Make a repository with the working tree's files, as if they were just committed."""

    def make(changes=TINY):
        folder = tmp_path_factory.mktemp("clone") / "convoy"
        listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.splitlines()
        for name in listed:
            # Results belong to the committed parameters, not to the tiny ones.
            if (ROOT / name).is_file() and not name.startswith(("results/", "dvc.lock")):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        write_params(folder, changes)
        run("git", "init", "-q", "-b", "main", cwd=folder)
        run("git", "config", "user.name", "Test", cwd=folder)
        run("git", "config", "user.email", "test@example.org", cwd=folder)
        run("git", "add", "-A", cwd=folder)
        run("git", "commit", "-qm", "all", cwd=folder)
        return folder

    return make


@pytest.fixture(scope="session")
def finished(make_clone, tmp_path_factory, worker_id):
    """Give a clone in which the whole tiny pipeline has been run and committed.

    Of several test processes one makes it, and each has a copy of its own.
    """
    base = tmp_path_factory.getbasetemp()
    # Alone, this process has the folder to itself; else all of them share the one above it.
    made = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            folder = make_clone()
            run("dvc", "repro", cwd=folder)
            run("git", "add", "-A", cwd=folder)
            run("git", "commit", "-qm", "results", cwd=folder)
            shutil.copytree(folder, made, symlinks=True)
    return shutil.copytree(made, tmp_path_factory.mktemp("finished") / "convoy", symlinks=True)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Give an empty folder to run stages in, inside this process."""
    (tmp_path / "pipeline").symlink_to(ROOT / "pipeline")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    write_params(tmp_path, TINY)
    monkeypatch.chdir(tmp_path)
    return tmp_path
