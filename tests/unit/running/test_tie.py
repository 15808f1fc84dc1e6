import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
STAGE = """
import sys, time
from pathlib import Path
from pipeline.running import tie
tie.end_with(tie.starter())
held = tie.hold_outputs("train@tuned")
print("held", flush=True)
time.sleep(600)
"""
# As DVC starts a stage: through a shell that may stay between the two.
DVC = """
import subprocess, sys
subprocess.run(sys.argv[1] + (" && true" if sys.argv[2] == "stays" else ""), shell=True)
"""


@pytest.fixture
def start(tmp_path):
    started = []
    (tmp_path / "stage.py").write_text(STAGE)

    def start(shell="leaves"):
        command = f"exec {sys.executable} stage.py" if shell == "leaves" else "python stage.py"
        process = subprocess.Popen(
            [sys.executable, "-c", DVC, command, shell],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("shell", ["leaves", "stays"])
def test_a_stage_ends_when_dvc_alone_is_killed(start, shell):
    dvc = start(shell)
    assert dvc.stdout.readline() == "held\n"
    descendants = psutil.Process(dvc.pid).children(recursive=True)
    stage = next(process for process in descendants if "stage.py" in process.cmdline())
    dvc.kill()
    assert psutil.wait_procs([stage], timeout=60)[1] == []


def test_a_later_run_waits_until_the_stage_has_ended(start):
    first = start()
    assert first.stdout.readline() == "held\n"
    second = start()
    said = second.stdout.readline()
    assert said == "waiting for another process that runs train@tuned in this workspace to end\n"
    first.kill()
    assert second.stdout.readline() == "held\n"
