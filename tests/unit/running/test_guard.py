import shutil
from pathlib import Path

import pytest
from support.project import ROOT, TINY, write_params

from pipeline.base import code_digest, paths
from pipeline.base.code_digest import SourceError
from pipeline.base.files import write_json
from pipeline.running.guard import ChangedError, Guard, fingerprint

TUNED = Path("results/candidates/mlp.json")
NEW = Path("results/candidates/new.json")


@pytest.fixture
def selecting(workspace):
    """Return the files that stage `select` depends on."""
    TUNED.parent.mkdir(parents=True)
    TUNED.write_text("{}")
    return workspace


def change_during_select(change):
    """Return the error that stage `select` ends with when `change` happens during its run."""
    guard = Guard("select")
    change()
    with pytest.raises(ChangedError) as caught:
        guard.check()
    return str(caught.value)


def test_nothing_is_said_when_nothing_changes(selecting):
    Guard("select").check()


def test_a_changed_added_or_removed_file_is_named(selecting):
    assert f"changed while the stage ran: {TUNED}." in change_during_select(
        lambda: TUNED.write_text("{ }")
    )
    assert str(NEW) in change_during_select(NEW.touch)
    assert str(NEW) in change_during_select(NEW.unlink)


def test_a_changed_parameter_of_the_stage_is_named(selecting):
    other = TINY | {"select": {"rule": "best", "baseline": "lenet5"}}
    message = change_during_select(lambda: write_params(selecting, other))
    assert "params.yaml: select.rule" in message


def test_a_parameter_that_the_stage_does_not_read_may_change(selecting):
    guard = Guard("select")
    write_params(selecting, TINY | {"evaluate": {"margin": 0.25}})
    guard.check()


def test_a_rewritten_file_with_the_same_content_is_no_change(selecting):
    guard = Guard("select")
    TUNED.write_text("{}")
    guard.check()


def test_matrix_items_and_parameters_are_filled_in(selecting):
    found = fingerprint("tune@mlp")
    assert "pipeline/architectures/mlp.py" in found
    assert not any("simple_cnn" in key for key in found)
    assert found["params.yaml: tune.epochs"] == 1


@pytest.fixture
def code(selecting, monkeypatch):
    """Return a workspace with code of its own to edit, which stage `code` has written down."""
    (selecting / "pipeline").unlink()
    shutil.copytree(ROOT / "pipeline", selecting / "pipeline")
    monkeypatch.setattr(code_digest, "ROOT", selecting)
    code_digest.loaded.cache_clear()
    write_json(paths.code("select"), code_digest.entry(code_digest.loaded(), "select"))
    yield selecting / "pipeline"
    code_digest.loaded.cache_clear()


def edit(file):
    file.write_text(file.read_text() + "# edited\n")


def test_code_that_is_edited_while_a_stage_runs_is_named(code):
    assert "pipeline/base/files.py" in change_during_select(lambda: edit(code / "base/files.py"))


def test_code_that_was_edited_before_a_stage_began_is_refused(code):
    edit(code / "base/files.py")
    code_digest.loaded.cache_clear()
    with pytest.raises(ChangedError, match=r"since stage `code` ran: pipeline/base/files\.py\."):
        Guard("select")


def test_code_of_others_and_of_what_only_watches_may_be_edited(code):
    guard = Guard("select")
    edit(code / "running/terminal.py")
    edit(code / "stages/tune.py")
    guard.check()


def test_code_that_is_edited_while_a_stage_starts_is_named(code):
    code_digest.check_unchanged()
    edit(code / "stages/select.py")
    with pytest.raises(SourceError, match=r"pipeline/stages/select\.py: edited"):
        code_digest.check_unchanged()
