"""Names that others chose, in the terminal and in a log: shown, never obeyed."""

import subprocess
import sys

import pytest
from rich.console import Console
from support.project import ROOT

from pipeline.running import terminal

HOSTILE = "\x1b[31mred\x9b2J\u202egpj.exe\x07 [bold]x[/] :cat: \\[b]"
SHOWN = "\\x1b[31mred\\x9b2J\\u202egpj.exe\\x07 [bold]x[/] :cat: \\[b]"


def test_steering_characters_and_markup_are_shown(capsys):
    terminal.say(HOSTILE)
    terminal.complain(HOSTILE)
    said = capsys.readouterr()
    assert said.out == f"{SHOWN}\n"
    assert said.err == f"error: {SHOWN}\n"


def test_a_progress_bar_shows_them_too(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "console", Console(force_terminal=False, width=200))
    with terminal.progress("epochs") as bar:
        bar.add_task("[bold]tune[/]", total=1, note="[red]x[/]")
    said = capsys.readouterr().out
    assert "[bold]tune[/]" in said and "[red]x[/]" in said


@pytest.mark.parametrize("line", ["::error::x", "  ::add-mask::x", "\t::group::", "a ##[error]x"])
def test_no_line_is_a_command_to_a_runner_of_github(capsys, monkeypatch, line):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    terminal.say(f"first\n{line}")
    second = capsys.readouterr().out.split("\n")[1]
    assert not second.lstrip().startswith("::") and "##[" not in second


def test_no_credential_is_printed_whatever_is_said(capsys):
    terminal.complain("cannot reach https://me:SECRETPW@host/x?token=SECRETPW (sorry)")
    assert capsys.readouterr().err == ("error: cannot reach https://***@host/x?*** (sorry)\n")


def test_not_even_by_a_traceback():
    code = (
        "from pipeline.running import terminal; terminal.quiet_interrupts()\n"
        "raise RuntimeError('https://me:SECRETPW@host\\x1b[31m')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and "Traceback" in done.stderr
    assert last == "RuntimeError: https://***@host\\x1b[31m"
