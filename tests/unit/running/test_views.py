"""What is seen of a search and of a final training while they run."""

import os
import pty
import re
import subprocess
import sys

import pytest
from rich.console import Console
from support.project import ROOT

from pipeline.running import terminal
from pipeline.running.final import TrainingView
from pipeline.running.pace import Pace, written
from pipeline.running.searching import SearchView, TrialRow
from pipeline.running.view import Views

WORDS = ["filters_1a=24", "padding=same", "optimizer=adamw", "adamw_learning_rate=0.00123"]
# A view in a terminal of its own.
SHOWN = """
from pipeline.running.searching import SearchView, TrialRow
with SearchView("tune mlp", [4, 4]) as view:
    view.report(TrialRow(1, 4, ["units=64"], 1.5, 0.91))
"""


def search():
    """Return a view of eight trials of ten epochs: six have ended, two run."""
    view = SearchView("tune simple_cnn", [10] * 8)
    for number in range(1, 7):
        row = TrialRow(number, 10, WORDS, 10, 0.9 + number / 100, 1_625_866)
        view.end(row, "completed", reused=number == 1, seconds=60, stoppable=False)
    view.report(TrialRow(7, 10, WORDS, 3.2, 0.5))
    view.report(TrialRow(8, 10, WORDS))
    return view


@pytest.mark.parametrize("width", [80, 60])
def test_a_search_fits_and_breaks_no_word(width):
    texts = [line.plain for line in search().lines(width)]
    assert all(len(text) <= width for text in texts)
    for text in texts:
        values = [word for word in text.split() if "=" in word]
        assert set(values) <= set(WORDS)


def test_a_search_shows_the_trials_in_flight_and_the_five_best():
    texts = [line.plain for line in search().lines(100)]
    assert "6/8 trials" in texts[0]
    assert any(re.match(r" +7 +epoch +4/10 +0\.5000 +filters_1a=24", text) for text in texts)
    assert any(re.match(r" +8 +epoch +1/10 +filters_1a=24", text) for text in texts)
    best = texts[texts.index("best so far") + 1 :]
    assert [text.split()[0] for text in best[:5]] == ["6", "5", "4", "3", "2"]
    assert "1,625,866" in best[0] and "0.9600" in best[0]
    assert "1 reused" in texts[-1]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_the_time_left_counts_from_the_first_training_and_over_all_that_run_at_a_time():
    clock = Clock()
    pace = Pace(clock)
    assert pace.left(0, 80) is None
    clock.now += 30  # the start of TensorFlow
    pace.report(0.0)
    clock.now += 20
    pace.ended(20)  # trained ten epochs, and another training six meanwhile
    assert pace.left(16, 64) == pytest.approx(80)


def test_the_wait_before_the_first_batch_is_not_taken_for_the_pace():
    clock = Clock()
    pace = Pace(clock)
    pace.report(0.0)
    clock.now += 30  # the graph of the first batch
    pace.report(0.1)
    assert pace.left(0.1, 9.9) is None
    clock.now += 4
    pace.report(0.5)
    assert pace.left(0.5, 9.5) == pytest.approx(95)


def test_trials_that_were_stopped_early_shorten_what_is_left():
    def left(epochs):
        view = SearchView("tune mlp", [10] * 4)
        clock = view.pace.clock = Clock()
        clock.now += 100
        for number in (1, 2):
            row = TrialRow(number, 10, [], epochs, 0.5)
            view.end(row, "stopped", reused=False, seconds=100, stoppable=True)
        return view.left()

    assert left(10) == pytest.approx(100)
    assert left(5) == pytest.approx(100)  # half the epochs took as long, but half are to come


def test_a_time_is_rounded_to_what_an_estimate_is_worth():
    assert [written(t) for t in (None, 0.2, 42.4, 150, 7500)] == [
        "",
        "about 1 s left",
        "about 42 s left",
        "about 2 min left",
        "about 2 h 5 min left",
    ]


def test_a_training_shows_epoch_and_accuracy_of_each_seed():
    view = TrainingView("train tuned", ["seed 1", "seed 2", "seed 3"], 6)
    view.end("seed 1", 6, 0.981, reused=False, seconds=10)
    view.report("seed 2", 2.0, 0.957)
    view.report("seed 2", 2.5, None)
    texts = [line.plain for line in view.lines(80)]
    assert "1/3 seeds" in texts[0]
    assert re.search(r"seed 1 .*6/6, validation accuracy 0\.9810 .*done", texts[1])
    assert re.search(r"seed 2 .*3/6, validation accuracy 0\.9570$", texts[2])
    assert len(texts) == 3
    assert view.line().startswith("train tuned: 1/3 seeds, seed 2 in epoch 3/6")


def test_in_a_log_a_search_is_a_plain_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "console", Console(force_terminal=False, width=60))
    monkeypatch.setattr(terminal, "LOG_SECONDS", 0.0)
    with SearchView("tune mlp", [4, 4]) as view:
        view.report(TrialRow(1, 4, ["units=64"], 1.5, 0.91))
        said = capsys.readouterr().out
        assert said.startswith("tune mlp: 0/2 trials, none yet, 1 running")
        assert "\x1b" not in said


def in_terminal(code, **environment):
    """Run Python code in a terminal of 80 columns; return all that it wrote."""
    ours, theirs = pty.openpty()
    usual = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "NO_COLOR")}
    variables = {**usual, "TERM": "xterm-256color", "COLUMNS": "80", **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=variables, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    assert process.wait() == 0, said.decode()
    return said.decode()


def test_a_terminal_without_colours_gets_none():
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]")
    coloured, plain = in_terminal(SHOWN), in_terminal(SHOWN, NO_COLOR="1")
    assert colour.search(coloured)
    assert "0.9100  units=64" in plain and not colour.search(plain)


def test_four_searches_side_by_side_fit_into_a_small_terminal():
    searches = [SearchView(f"tune {name}", [4] * 4) for name in ("one", "two", "three", "four")]
    for view in searches:
        for number in (1, 2, 3):
            view.end(TrialRow(number, 4, ["units=8"], 4, 0.9, 100), "completed", False, 1.0, False)
        for number in (4, 5):
            view.report(TrialRow(number, 4, ["units=9"], 1.5, 0.8))
    shown = [line.plain for line in Views(searches).lines(80)]
    assert len(shown) <= 24 - 4
    assert sum(line.startswith("tune ") for line in shown) == 4
    assert sum("epoch  2/4" in line for line in shown) == 8
