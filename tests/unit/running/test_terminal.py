"""What the user is told when something ends a stage."""

import errno
import io
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console
from support.project import ROOT

from pipeline.base import paths
from pipeline.running import terminal


def fail_with(error):
    def main():
        raise error

    terminal.run(main)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_a_letter_shows_another(monkeypatch, encoding):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    terminal.run(lambda: terminal.say("0.9–1.0 of größer"))
    sys.stdout.flush()
    assert b"0.9?1.0 of gr" in shown.getvalue()


def test_a_full_disk_says_what_to_do(capsys):
    with pytest.raises(SystemExit) as ended:
        fail_with(OSError(errno.ENOSPC, "No space left on device", "models/tuned"))
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "models/tuned: No space left on device. Make room (`dvc gc" in said
    assert "CONVOY_STATE" not in said  # it is not there that the room is wanting


def test_a_full_disk_without_a_file_names_the_folder_that_is_full(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    room = {tmp_path: 4096}
    monkeypatch.setattr(
        terminal.shutil, "disk_usage", lambda path: SimpleNamespace(free=room.get(path, 2**40))
    )
    with pytest.raises(SystemExit):
        fail_with(OSError(errno.ENOSPC, "No space left on device"))
    assert f"error: {tmp_path}: No space left on device. Make room" in capsys.readouterr().err


def test_a_full_folder_of_state_has_advice_of_its_own(capsys):
    with pytest.raises(SystemExit):
        fail_with(OSError(errno.EDQUOT, "Quota exceeded", str(paths.STORE / "entries.jsonl")))
    said = capsys.readouterr().err
    assert "entries.jsonl: Quota exceeded" in said and "dvc gc" not in said
    assert "store --prune old" in said and "CONVOY_STATE" in said


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EISDIR, errno.ENOENT])
def test_a_file_that_cannot_be_used_is_one_line_with_its_name(capsys, number):
    with pytest.raises(SystemExit) as ended:
        fail_with(OSError(number, "the reason", "results/train/tuned.csv"))
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: results/train/tuned.csv: the reason. ")


def test_another_error_of_the_system_keeps_its_traceback():
    with pytest.raises(PermissionError):
        fail_with(PermissionError(errno.EACCES, "Permission denied"))


def test_ctrl_c_is_answered_in_one_line_and_the_process_ends_by_the_signal():
    code = (
        "import os, signal; from pipeline.running import terminal; "
        # A shell's background job inherits that the signal is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "terminal.run(lambda: os.kill(os.getpid(), signal.SIGINT))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines() == [
        "error: interrupted. What is finished is kept; run the same again to go on."
    ]


def test_in_a_log_progress_is_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "console", Console(force_terminal=False, width=90))
    with terminal.progress("epochs") as bar:
        task = bar.add_task("train tuned", total=3, note="")
        bar.update(task, advance=1, note="seed 1")
        assert not capsys.readouterr().out  # too soon
        monkeypatch.setattr(terminal, "LOG_SECONDS", 0.0)
        bar.update(task, advance=1, note="seed 2")
        said = capsys.readouterr().out
    assert said.startswith("train tuned") and "2/3 epochs" in said and said.endswith("seed 2\n")


def test_names_are_printed_as_they_are(capsys):
    terminal.say("photo:cat:1.png [bold] 12")
    terminal.complain("photo:cat:1.png [bold] 12")
    said = capsys.readouterr()
    assert said.out == "photo:cat:1.png [bold] 12\n"
    assert said.err == "error: photo:cat:1.png [bold] 12\n"


LONG = (
    "note: of the test images, 9 have near duplicates in training; see results/data/duplicates.png "
    "and type `dvc exp show --only-changed --drop '.*/|pipeline'` to compare"
)


@pytest.mark.parametrize("width", [60, 80])
def test_a_terminal_breaks_lines_between_words_and_no_command(width):
    lines = terminal.wrapped(LONG, Console(force_terminal=True, width=width)).split("\n")
    assert len(lines) > 1
    assert all(len(line) <= width for line in lines)
    assert " ".join(lines) == LONG
    assert any("`dvc exp show --only-changed --drop '.*/|pipeline'`" in line for line in lines)


def test_a_log_keeps_its_lines_whole():
    assert terminal.wrapped(LONG, Console(force_terminal=False, width=60)) == LONG
