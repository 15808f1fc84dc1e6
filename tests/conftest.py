import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import backend

ROOT = Path(__file__).parent.parent
# What costs nothing and still goes through every stage.
TINY = {
    "architectures": ["mlp"],
    "tune": {"trials": 2, "epochs": 1, "in_flight": 2, "threads": 1},
    "select": {"baseline": "lenet5"},
    "train": {"epochs": 2, "seeds": [1, 2], "threads": 1},
}


# TensorFlow takes the number of threads once in a process; every test runs with the same.
backend.start(threads=1)


def write_params(folder, changes):
    """Write params.yaml into `folder`: the committed one with `changes` laid over it."""
    yaml = YAML()
    content = yaml.load((ROOT / "params.yaml").read_text())
    for section, values in changes.items():
        if isinstance(values, dict):
            content[section].update(values)
        else:
            content[section] = values
    yaml.dump(content, folder / "params.yaml")


def run(*command, cwd, check=True, **environment):
    """Run a command and return what it did; its output is shown when the test fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(f"$ {' '.join(command)}\n{done.stdout}")
    assert not check or done.returncode == 0, done.stdout
    return done


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
def finished(make_clone):
    """Give a clone in which the whole tiny pipeline has been run and committed."""
    folder = make_clone()
    run("dvc", "repro", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", "commit", "-qm", "results", cwd=folder)
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Give an empty folder to run stages in, inside this process."""
    (tmp_path / "pipeline").symlink_to(ROOT / "pipeline")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    write_params(tmp_path, TINY)
    monkeypatch.chdir(tmp_path)
    return tmp_path
