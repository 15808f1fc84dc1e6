"""The report of two revisions as a page, in a browser and by the packages that CI installs."""

import re
import subprocess
import sys

import pytest
from support.browser import DESK, PHONE, browser, needs_chromium, opened
from support.project import ROOT
from support.repositories import commit, new_repository, write_results, wrong_models

from pipeline.base.files import write_csv
from pipeline.page.comparison import as_html
from pipeline.report import snapshots
from pipeline.report.comparing import compare
from pipeline.report.results import Results

HEAD = ["seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Write the page of two revisions, of which the newer was trained twice as long."""
    monkeypatch.chdir(new_repository(tmp_path))
    for message, epochs, wrong in (("base", 3, range(2)), ("head", 6, range(20, 50))):
        write_results(tmp_path, wrong_models(wrong, wrong))
        rows = [[1, n, 1 / n, n / 10, epochs / n, n / 11] for n in range(1, epochs + 1)]
        write_csv(tmp_path / "results/train/tuned.csv", HEAD, rows)
        commit(tmp_path, message)
    old, new = (Results(snapshots.revision(name)) for name in ("HEAD~1", "HEAD"))
    file = tmp_path / "report.html"
    file.write_text(as_html(compare(old, new), old, new), encoding="utf-8")
    return file


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_in_a_browser_everything_is_drawn_on_equal_scales(page, width, scheme):
    with browser() as chromium, opened(chromium, page, width, scheme) as shown:
        assert shown.charts() == [5, 0]
        assert shown.wider_than_the_window() == 0
        old_loss, new_loss, old_accuracy, new_accuracy = axes_of(shown.page)
        assert old_loss == new_loss != old_accuracy == new_accuracy
        assert shown.serious_faults() == []
        assert shown.not_reached_by_tab() == []
        assert (shown.errors, shown.requests) == ([], [])


def test_each_part_has_one_name_and_values_are_no_code(page):
    text = re.sub(r"<script.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    names = re.findall(r'\bid="([^"]+)"', text)
    assert sorted(set(names)) == sorted(names)
    assert "{&#39;" not in text
    assert "`" not in text


def axes_of(page):
    """Return the labels on the axes of the learning curves, chart by chart."""
    return page.evaluate(
        """[...document.querySelectorAll('#curves ~ .two .chart')]
           .map(c => [...c.querySelectorAll('.role-axis-label text')].map(t => t.textContent))"""
    )


def test_it_needs_no_more_than_the_report_installs():
    heavy = {"sklearn", "matplotlib", "psutil", "keras", "tensorflow", "dvc", "pandas"}
    code = "import sys, pipeline.page.comparison; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not heavy & set(done.stdout.split())
