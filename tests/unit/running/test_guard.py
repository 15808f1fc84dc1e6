import sys
from pathlib import Path

import pytest
from support.project import TINY, run, write_params

from pipeline.running.guard import ChangedError, Guard, fingerprint

TUNED = Path("results/tune/mlp.json")
NEW = Path("results/tune/new.json")


@pytest.fixture
def selecting(workspace):
    """Give the files that stage `select` depends on."""
    TUNED.parent.mkdir(parents=True)
    TUNED.write_text("{}")
    return workspace


def change_during_select(change):
    """Give the error that stage `select` ends with when `change` happens during its run."""
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


STAGE = """\
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from pipeline import stages
from pipeline.running import guard

def watching():
    return len(guard._guards)

if __name__ == "__main__":
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        print(watching(), pool.submit(watching).result())
"""


def test_a_process_that_a_stage_starts_does_not_watch_once_more(selecting):
    (selecting / "stage.py").write_text(STAGE)
    said = run(sys.executable, "-m", "stage", cwd=selecting, DVC_STAGE="select").stdout
    assert said == "1 0\n"
