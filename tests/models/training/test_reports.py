"""What a training says of itself while it runs, and that this changes nothing."""

import keras
import numpy as np
from support.settings import conditions

from pipeline.training import models, reports
from pipeline.training.seeds import FinalSeed
from pipeline.training.specification import Specification


def test_a_final_training_reports_rows_and_weights_of_each_epoch(splits):
    train, validation = splits
    said = []
    model = Specification("mlp", {"units_1": 16}, "")
    seed = FinalSeed(model, conditions(), 2, None, False, 1)
    result, _ = seed.run(train, validation, None, None, said.append)
    ends = [report for report in said if report.row]
    assert [report.epochs for report in ends] == [1, 2]
    assert [report.row for report in ends] == list(result.curve)
    last = ends[-1].weights
    assert {name.partition("/")[2] for name in last} == {"kernel", "bias"}
    assert all(histogram.low <= histogram.high for histogram in last.values())


def test_a_report_counts_every_weight():
    model, _ = models.build("mlp", {}, (28, 28, 1), 10, "float32")
    found = reports.histograms(model)
    for variable in model.trainable_variables:
        values = keras.ops.convert_to_numpy(variable)
        histogram = found[variable.path]
        assert sum(histogram.counts) == values.size
        assert histogram.low == np.float32(values.min())


def test_weights_without_a_finite_range_are_left_out():
    model, _ = models.build("mlp", {}, (28, 28, 1), 10, "float32")
    model.get_layer("logits").bias.assign(np.full(10, np.nan))
    assert "logits/bias" not in reports.histograms(model)


def test_reports_within_an_epoch_come_when_time_has_passed(splits, monkeypatch):
    monkeypatch.setattr(reports, "INTERVAL", 0.0)
    train, validation = splits
    said = []
    model = Specification("mlp", {"units_1": 16, "batch_size": 32}, "")
    FinalSeed(model, conditions(), 1, None, False, 1).run(
        train, validation, None, None, said.append
    )
    shares = [report.epochs for report in said if not report.row]
    assert shares == sorted(shares) and all(0 <= share < 1 for share in shares)
