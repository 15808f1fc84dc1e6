"""The seconds of a command include those of processes that outlive it."""

import subprocess
import sys

import pytest

from benchmarks import timed

BURN = "import time\nwhile time.process_time() < 0.5: pass"
# Nobody waits for the process that this one starts.
LEAVES_IT_BEHIND = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux adopts what is left behind")
def test_a_process_that_is_left_behind_counts(tmp_path):
    found = timed.run([sys.executable, "-c", LEAVES_IT_BEHIND], tmp_path, tmp_path / "log")
    assert found.processor >= 0.5


def test_a_failure_is_an_error_and_the_log_says_why(tmp_path):
    command = [sys.executable, "-c", "import os; print(os.getcwd()); raise SystemExit('broken')"]
    with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
        timed.run(command, tmp_path, tmp_path / "log")
    assert set((tmp_path / "log").read_text().splitlines()) == {str(tmp_path), "broken"}
