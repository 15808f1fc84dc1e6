"""Results that somebody has edited so that dvc.lock fits: what contradicts itself is said."""

import csv
import json
import re

import pytest
from support.runs import write_run

from pipeline.base import code_digest, paths
from pipeline.base.files import write_json
from pipeline.report import snapshots
from pipeline.report.consistency import contradictions
from pipeline.report.results import Results

CLASSES = ["cat", "dog"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    write_run(tmp_path, CLASSES, wrong=20)
    (tmp_path / "pipeline").symlink_to(paths.Path("pipeline").resolve())
    monkeypatch.chdir(tmp_path)
    write_json(paths.code("evaluate"), code_digest.entry(code_digest.loaded(), "evaluate"))
    return tmp_path


def said(run):
    return contradictions(Results(snapshots.workspace()))


def test_results_as_they_were_written_contradict_nothing(run):
    assert said(run) == []


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (["accuracy"], 0.99, "accuracy is 0.99, but the predictions give 0.9"),
        (["baseline_accuracy"], 0.1, "baseline_accuracy is 0.1, but the predictions give 0.8"),
        (["verdict"], "worse", "verdict is not what the predictions give, which is better"),
        (["test_images"], 500, "test_images is 500, but the predictions give 200"),
        (["models", 0, "accuracy"], 0.99, "tuned: accuracy is 0.99, but the predictions give 0.9"),
        (["models", 0, "macro_f1"], 0.99, "tuned: macro_f1 is 0.99, but the predictions give 0.9"),
        (["models", 1, "loss"], 0.01, "baseline: loss is 0.01, but the predictions give"),
        (["models", 0, "accuracy_mean_of_seeds"], 0.99, "tuned: accuracy_mean_of_seeds is 0.99"),
        (["tuned_against_baseline", 0, "verdict"], "worse", "verdict is not what the predictions"),
        (["tuned_against_baseline", 0, "broken"], 7, "broken is 7, but the predictions give 0"),
    ],
)
def test_an_edited_metric_is_said(run, path, value, line):
    content = json.loads(paths.METRICS.read_text())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    paths.METRICS.write_text(json.dumps(content))
    assert any(found.startswith(f"results/metrics.json: {line}") for found in said(run)), said(run)


def edit(change):
    """Rewrite every row of the table of predictions."""
    with paths.PREDICTIONS.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        change(row)
    with paths.PREDICTIONS.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def right(row):
    for column in row:
        if re.fullmatch("tuned_(predicted|seed.*)", column):
            row[column] = row["actual"]


def test_predictions_made_right_contradict_the_metrics_and_their_own_losses(run):
    edit(right)
    found = said(run)
    assert "results/predictions.csv: tuned: in 20 rows the loss is not that of the probability" in (
        found
    )
    assert any(line.startswith("results/metrics.json: tuned: accuracy is 0.9,") for line in found)


def test_a_released_model_that_is_no_seed_is_said(run):
    edit(lambda row: row.update(tuned_predicted=row["actual"]))
    line = "results/predictions.csv: tuned: the released model's classes are those of no seed"
    assert line in said(run)
