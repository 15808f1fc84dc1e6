"""A real disk that is full at some moment: the run ends in words, and the next comes out right."""

import math
import os
import random
import shutil
import subprocess

import pytest
from support.clones import make_clone, run_and_commit
from support.project import TINY, run, write_params

TRIES = int(os.environ.get("CONVOY_TEST_FULL_DISKS", "6"))
SIZE, LEAST, MOST = 64 << 20, 8 << 10, 4 << 20
# Other values than those of the run that is on the disk, for everything from `split` on.
SECOND = {
    **TINY,
    "split": {"random_state": 7},
    "tune": {**TINY["tune"], "seed": 7},
    "train": {**TINY["train"], "epochs": 3},
}


def outcome(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted([*(folder / "results").rglob("*"), folder / "dvc.lock"])
        if path.is_file()
    }


@pytest.fixture
def disk(tmp_path):
    """Return a folder that is a small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Return a finished clone."""
    clone = make_clone(tmp_path_factory.mktemp("first") / "convoy")
    run_and_commit(clone)
    return clone


@pytest.fixture(scope="module")
def wanted(first, tmp_path_factory):
    """Return what a run with the second parameters comes to where there is room."""
    clone = shutil.copytree(first, tmp_path_factory.mktemp("second") / "convoy", symlinks=True)
    write_params(clone, SECOND)
    run("dvc", "repro", cwd=clone)
    return outcome(clone)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(TRIES))
def test_a_full_disk_ends_the_run_in_words_and_costs_nothing_but_time(number, disk, first, wanted):
    clone = shutil.copytree(first, disk / "convoy", symlinks=True)
    write_params(clone, SECOND)
    left = int(math.exp(random.Random(number).uniform(math.log(LEAST), math.log(MOST))))
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(free - left))
    done = run("dvc", "repro", cwd=clone, check=False)
    assert "Traceback" not in done.stdout
    assert done.returncode == 0 or "No space left on device" in done.stdout
    (disk / "filler").unlink()
    run("dvc", "repro", cwd=clone)
    assert outcome(clone) == wanted
