import pytest

from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv
from pipeline.config.conditions import PLAIN
from pipeline.config.dvc_yaml import flatten
from pipeline.search import tables
from pipeline.search.records import Record, TrialSpec
from pipeline.training.work import EpochRow, Finished, Result


def record(number, result):
    spec = TrialSpec("mlp", {"units": number}, 3, 1, PLAIN)
    return Record(number, spec, Finished(result, False, 12.5))


def completed(score, parameters, loss=0.5):
    row = EpochRow(1.0, score, loss, score)
    return Result("completed", score, loss, parameters, 7 * parameters, curve=(row,) * 3)


STOPPED = Result(
    "stopped", 0.99, 0.1, 1, "below the median", curve=(EpochRow(1.0, 0.9, 0.1, 0.99),)
)
FAILED = Result("failed", reason="MemoryError: no room", cause="memory")


def test_a_search_in_which_all_fail_lists_every_reason():
    killed = Result("failed", reason="its process was killed by SIGKILL", cause="killed")
    with pytest.raises(ConvoyError) as error:
        tables.candidates([record(1, FAILED), record(2, killed)], 100, "digest")
    assert "trial 1: MemoryError: no room" in str(error.value)
    assert "trial 2: its process was killed by SIGKILL" in str(error.value)


def test_stopped_and_failed_trials_are_counted_and_never_chosen():
    records = [record(1, completed(0.90, 500)), record(2, STOPPED), record(3, FAILED)]
    records.append(record(4, completed(0.89, 100)))
    outcome = tables.outcome(tables.candidates(records, 100, "digest"), records)
    assert (outcome["trials"], outcome["stopped"], outcome["failed"]) == (4, 1, 1)
    assert outcome["best"] == {
        "trial": 1,
        "val_accuracy": 0.90,
        "val_loss": 0.5,
        "parameters": 500,
        "multiply_adds": 3500,
    }
    assert outcome["one_standard_error"]["trial"] == 4
    # DVC shows them as columns of metrics: numbers only.
    assert {type(value) for value in flatten(outcome).values()} == {int, float}


def test_the_table_has_every_trial_its_reason_and_no_clock_time(tmp_path):
    records = [record(1, completed(0.9, 500)), record(2, STOPPED), record(3, FAILED)]
    tables.write_trials(records, tmp_path / "mlp.csv")
    rows = read_csv(tmp_path / "mlp.csv")
    assert [row["status"] for row in rows] == ["completed", "stopped", "failed"]
    assert [row["epochs"] for row in rows] == ["3", "1", "3"]
    assert rows[2]["reason"] == "MemoryError: no room"
    assert rows[1]["units"] == "2"
    assert "12.5" not in (tmp_path / "mlp.csv").read_text()
