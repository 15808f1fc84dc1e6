"""The tutorial, as a page and as a notebook: what it shows is what comes out."""

import doctest

import nbformat
import outputs
import pytest
from nbclient import NotebookClient
from support.project import ROOT, run

TUTORIAL = ROOT / "docs/tutorial.md"


def test_what_commands_print_is_as_shown():
    text = TUTORIAL.read_text(encoding="utf-8")
    assert outputs.SHOWN.search(text)
    assert text == outputs.updated(text), "run `make docs`"


def test_the_lines_of_python_give_what_is_shown(finished, monkeypatch):
    monkeypatch.chdir(finished)  # which has the committed split of the digits
    failed, tried = doctest.testfile(str(TUTORIAL), module_relative=False)
    assert tried and not failed


@pytest.mark.slow
def test_the_notebook_runs_from_a_fresh_clone(tmp_path):
    """It takes two minutes: three networks and all commands, for real."""
    run("git", "clone", "-q", str(ROOT), str(tmp_path / "convoy"), cwd=tmp_path)
    found = nbformat.read(ROOT / "docs/tutorial.ipynb", as_version=4)
    where = {"metadata": {"path": str(tmp_path / "convoy/docs")}}
    NotebookClient(found, timeout=None, resources=where).execute()
    printed = {
        cell.source: "".join(output.get("text", "") for output in cell.outputs)
        for cell in found.cells
        if cell.cell_type == "code"
    }
    assert "simple_cnn" in printed["%%bash\npython -m pipeline summary"]
    # After the experiment the same command shows another network.
    assert (
        "baseline, mlp: accuracy 0.9"
        in printed["%%bash\npython -m pipeline classes --model baseline"]
    )
    assert run("git", "status", "--short", cwd=tmp_path / "convoy").stdout == ""
