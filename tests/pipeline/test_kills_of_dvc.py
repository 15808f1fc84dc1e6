"""The real thing: dvc alone is killed and parameters are edited; the next run comes out right."""

import os
import random
import subprocess
import time

import psutil
import pytest
from support.clones import make_clone
from support.project import TINY, run, write_params

KILLS = int(os.environ.get("CONVOY_TEST_KILLS", "20"))
STAGES = ("tune", "train", "evaluate")
SECOND = {**TINY, "tune": {**TINY["tune"], "seed": 1}}


def first(number):
    """Return parameters that make the run compute searches and trainings of its own."""
    tune = {**TINY["tune"], "seed": 100 + number, "epochs": 3}
    return {**TINY, "tune": tune, "train": {**TINY["train"], "epochs": 20 + number}}


def outcome(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted([*(folder / "results").rglob("*"), folder / "dvc.lock"])
        if path.is_file()
    }


def stage_of(dvc, name):
    """Wait until dvc runs this stage; None if it has ended before."""
    while dvc.poll() is None:
        for process in psutil.Process(dvc.pid).children(recursive=True):
            try:
                command = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if command[1:4] == ["-m", "pipeline.stages", name]:
                return process
        time.sleep(0.02)
    return None


@pytest.mark.slow
def test_what_a_killed_dvc_leaves_running_touches_no_later_run(tmp_path):
    alone = make_clone(tmp_path / "alone")
    write_params(alone, SECOND)
    run("dvc", "repro", cwd=alone)
    killed = make_clone(tmp_path / "killed")
    moments = random.Random(1)
    for number in range(KILLS):
        write_params(killed, first(number))
        log = (tmp_path / f"{number}.log").open("w")
        dvc = subprocess.Popen(["dvc", "repro"], cwd=killed, stdout=log, stderr=log)
        stage = stage_of(dvc, STAGES[number % len(STAGES)])
        assert stage, (tmp_path / f"{number}.log").read_text()
        time.sleep(moments.uniform(0, 6))
        dvc.kill()
        dvc.wait()
        write_params(killed, SECOND)
        run("dvc", "repro", cwd=killed)
        assert not stage.is_running()
        assert run("dvc", "status", cwd=killed).stdout.endswith("up to date.\n")
        assert outcome(killed) == outcome(alone), number
