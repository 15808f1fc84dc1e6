"""A finished run gives what the page of the standard results shows."""

import json

import pytest
import standard_results

from benchmarks import standard
from benchmarks.anew import Run
from pipeline.evaluation.metrics import from_json


def test_what_is_kept_of_a_run_is_what_its_results_say_and_makes_a_row(finished, tmp_path):
    kept = standard.outcome(Run(finished, wall=12.34, processor=23.45))
    metrics = from_json(json.loads((finished / "results/metrics.json").read_text()))
    for name in ("tuned", "baseline"):
        accuracies = kept["models"][name]["accuracy_by_seed"]
        assert list(accuracies) == ["1", "2"]
        mean = sum(accuracies.values()) / len(accuracies)
        assert mean == pytest.approx(metrics[name]["accuracy_mean_of_seeds"])
        assert kept["models"][name]["training_wall_seconds"] > 0

    described = standard.described("default", None, finished)
    (tmp_path / "default.json").write_text(json.dumps({**described, **kept}))
    shown = standard_results.tables(tmp_path)
    assert f"| ours: `{metrics['tuned']['architecture']}` | " in shown
    assert "| `default` | 1,198, 359 | 12 | 23 | " in shown
