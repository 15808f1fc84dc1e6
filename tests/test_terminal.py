"""What the user is told when something ends a stage."""

import errno
import signal
import subprocess
import sys

import pytest
from support import ROOT

from pipeline import terminal


def fail_with(error):
    def main():
        raise error

    terminal.run(main)


def test_a_full_disk_says_what_to_do(capsys):
    with pytest.raises(SystemExit) as ended:
        fail_with(OSError(errno.ENOSPC, "No space left on device", "models/tuned"))
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "No space left on device: 'models/tuned'. Make room" in said


def test_another_error_of_the_system_keeps_its_traceback():
    with pytest.raises(PermissionError):
        fail_with(PermissionError(errno.EACCES, "Permission denied"))


def test_ctrl_c_is_answered_in_one_line_and_the_process_ends_by_the_signal():
    code = (
        "import os, signal; from pipeline import terminal; "
        # A shell's background job inherits that the signal is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "terminal.run(lambda: os.kill(os.getpid(), signal.SIGINT))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines() == [
        "error: interrupted. What is finished is kept; run the same again to go on."
    ]
