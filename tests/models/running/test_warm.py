"""The warm process with real processes: a stand-in for DVC, the real runner, stages that wait."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
# In place of `pipeline.running.stage`: a stage that does as its item says.
STAGE = """
import os, sys, time
from pipeline.running import terminal, tie
def main(arguments, starter):
    terminal.quiet_interrupts()
    tie.end_with(starter)
    where = "forked" if "tensorflow" in sys.modules else "in the process that DVC started"
    print(os.getpid(), os.environ["DVC_STAGE"], where, flush=True)
    match arguments[1]:
        case "waits":
            time.sleep(600)
        case "fails":
            sys.exit(3)
        case "interrupted":
            raise KeyboardInterrupt
        case "killed":
            os.kill(os.getpid(), 9)
"""
# In place of DVC: it runs a stage for each line that it reads.
DVC = """
import os, subprocess, sys
for line in sys.stdin:
    stage, item, *changes = line.split()
    changed = dict(change.split("=") for change in changes)
    environment = {**os.environ, "DVC_STAGE": f"{stage}@{item}", **changed}
    command = [sys.executable, "-m", "pipeline.stages", stage, item]
    print(subprocess.call(command, env=environment), flush=True)
"""
LONG = 60  # seconds, for what takes a moment


class Dvc:
    """A stand-in for a run of DVC."""

    def __init__(self, project):
        self.process = subprocess.Popen(
            [sys.executable, "-c", DVC],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, line):
        """Run a stage; return its process number and what it says of itself."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        pid, said = self.process.stdout.readline().strip().split(" ", 1)
        return int(pid), said

    def ended(self):
        """Wait for the stage to end; return its exit status."""
        return int(self.process.stdout.readline())


@pytest.fixture
def project(tmp_path):
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline")
    (tmp_path / "pipeline/running/stage.py").write_text(STAGE)
    return tmp_path


@pytest.fixture
def dvc(project, monkeypatch):
    monkeypatch.delenv("CONVOY_FORK", raising=False)
    found = Dvc(project)
    yield found
    found.process.kill()
    found.process.communicate()


def test_stages_are_forked_and_end_as_they_would(dvc, project):
    assert dvc.begin("tune one")[1] == "tune@one forked"
    assert dvc.ended() == 0
    assert dvc.begin("train fails")[1] == "train@fails forked"
    assert dvc.ended() == 3
    dvc.begin("train interrupted")
    assert dvc.ended() == -signal.SIGINT
    dvc.begin("evaluate killed")
    assert dvc.ended() == -signal.SIGKILL
    # Code that is edited meanwhile is the code that runs.
    (project / "pipeline/running/stage.py").write_text(STAGE.replace("forked", "edited"))
    assert dvc.begin("tune two")[1] == "tune@two edited"
    assert dvc.ended() == 0


def test_another_environment_gets_a_process_of_its_own(dvc):
    assert dvc.begin("tune one")[1].endswith("forked")
    assert dvc.ended() == 0
    assert dvc.begin("tune two OMP_NUM_THREADS=1")[1].endswith("in the process that DVC started")
    assert dvc.ended() == 0
    assert dvc.begin("tune three CONVOY_FORK=0")[1].endswith("in the process that DVC started")
    assert dvc.ended() == 0


@pytest.mark.parametrize("victim", ["dvc", "what dvc started", "the warm process"])
def test_nothing_lives_on(dvc, project, victim):
    pid, _ = dvc.begin("train waits")
    stage = psutil.Process(pid)
    warm = stage.parent()
    (started,) = [p for p in psutil.Process(dvc.process.pid).children() if p != warm]
    {"dvc": dvc.process, "what dvc started": started, "the warm process": warm}[victim].kill()
    if victim == "the warm process":
        # The stage goes on, and the next one starts a process of its own.
        stage.kill()
        assert dvc.ended() == -signal.SIGKILL
        assert dvc.begin("tune one")[1].endswith("in the process that DVC started")
    elif victim == "what dvc started":
        assert dvc.ended() == -signal.SIGKILL
        assert psutil.wait_procs([stage], LONG)[1] == []
        assert dvc.begin("tune one")[1].endswith("forked")
    else:
        assert psutil.wait_procs([stage, warm, started], LONG)[1] == []
        assert not any((project / ".state/runs").glob("*-warm"))
