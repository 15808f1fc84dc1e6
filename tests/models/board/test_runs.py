"""What TensorBoard reads of runs that are still being written."""

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from tensorboard.util import tensor_util

from pipeline.board.runs import Runs, shows

ROWS = ((1.0, 0.5, 1.1, 0.4), (0.5, 0.8, 0.9, 0.6))
SPREAD = {"dense/kernel": (-1.0, 2.0, (3, 0, 7))}


def read(folder):
    return EventAccumulator(str(folder)).Reload()


def start_of(events):
    content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    return metadata.parse_session_start_info_plugin_data(content)


def test_a_trial_is_seen_while_it_runs(tmp_path):
    runs = Runs(tmp_path)
    runs.begin("trial-0001", "mlp-1", {"units": 8, "bias": True, "optimizer": "adam"})
    runs.epoch("trial-0001", 1, ROWS[0], {})
    seen = read(tmp_path / "trial-0001")
    assert [(e.step, round(e.value, 5)) for e in seen.Scalars("val_accuracy")] == [(1, 0.4)]
    values = start_of(seen).hparams
    assert values["units"].number_value == 8
    assert values["bias"].bool_value is True
    assert values["optimizer"].string_value == "adam"


def test_what_was_not_reported_while_it_ran_is_added_at_the_end_once(tmp_path):
    runs = Runs(tmp_path)
    runs.epoch("seed-1", 1, ROWS[0], {})
    runs.epoch("seed-1", 1, ROWS[0], {})  # its worker died, and another one began again
    runs.end("seed-1", ROWS)
    scalars = read(tmp_path / "seed-1").Scalars("loss")
    assert [(event.step, event.value) for event in scalars] == [(1, 1.0), (2, 0.5)]


def test_weights_are_histograms_of_their_epoch(tmp_path):
    runs = Runs(tmp_path)
    runs.epoch("seed-1", 2, ROWS[0], SPREAD)
    (event,) = read(tmp_path / "seed-1").Tensors("dense/kernel")
    expected = [[-1, 0, 3], [0, 1, 0], [1, 2, 7]]
    assert event.step == 2
    assert np.allclose(tensor_util.make_ndarray(event.tensor_proto), expected)


def test_runs_belong_to_the_results_that_they_show(tmp_path):
    table, runs = tmp_path / "mlp.csv", Runs(tmp_path / "mlp")
    table.write_text("1")
    assert not shows(tmp_path / "mlp", table)
    runs.shown(table)
    assert shows(tmp_path / "mlp", table)
    table.write_text("2")
    assert not shows(tmp_path / "mlp", table)


def test_what_cannot_be_written_does_not_end_a_training(tmp_path, capsys):
    runs = Runs(tmp_path / "mlp")
    (tmp_path / "mlp").write_text("a file where a folder is needed")
    for epoch, row in enumerate(ROWS, start=1):
        runs.epoch("trial-0001", epoch, row, {})
    assert capsys.readouterr().out.count("nothing more is written for TensorBoard") == 1
