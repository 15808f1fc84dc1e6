from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.evaluation import sizes
from pipeline.pretrained.published import described
from pipeline.running import speeds
from pipeline.search.selection import Candidate, write_candidates
from pipeline.training import trained
from pipeline.training.trained import SeedResult, TrainedModels

SCORES = {"architecture": "vgg", "parameters": 900_000, "multiply_adds": 25_300_000, "weights": []}
METRICS = {"tuned": SCORES, "baseline": SCORES | {"multiply_adds": 4711}}


def candidate(architecture, trial, accuracy, parameters):
    return Candidate(
        architecture, trial, accuracy, 0.01, 0.1, parameters, 30 * parameters, {}, "", 240, 4
    )


@pytest.fixture
def searched(workspace, monkeypatch):
    """Return a function that writes what each search found."""
    monkeypatch.setattr(paths, "SPEEDS", Path(".state/costs/speeds.jsonl"))

    def write(**candidates):
        write_json(paths.SETTINGS, {"left_out": dict.fromkeys(candidates, False)})
        for name, found in candidates.items():
            write_candidates(found, paths.CANDIDATES / f"{name}.json")

    write(vgg=[candidate("vgg", 1, 0.9, 900_000)])
    return write


def test_effort_and_licence_are_said_of_each_model(searched):
    weights = [described("pretrained_b0")]
    tuned, baseline = sizes.lines(METRICS | {"tuned": SCORES | {"weights": weights}})
    assert tuned == (
        "tuned: 25.3 million multiply-adds an image; begins from efficientnet_b0, Apache-2.0, "
        "trained on ImageNet (ILSVRC 2012)."
    )
    assert baseline == "baseline: 4,711 multiply-adds an image."


def test_the_time_of_the_released_model_is_shown_where_it_was_measured(searched):
    folder = paths.MODELS / "tuned"
    seeds = [SeedResult(1, 0.9, 0.3), SeedResult(2, 0.9, 0.2)]
    folder.mkdir(parents=True)
    for seed, milliseconds in ((1, 9.0), (2, 1.25)):
        trained.model_file(folder, seed).write_bytes(b"%d" % seed)
        speeds.note(trained.model_file(folder, seed), milliseconds)
    trained.write(TrainedModels("vgg", 9, "float32", "tensorflow", ["a"], seeds), folder)
    tuned, baseline = sizes.lines(METRICS)
    assert tuned.endswith("multiply-adds an image; 1.2 ms here, one at a time.")
    assert "ms" not in baseline


def test_a_front_of_several_models_says_how_to_have_a_smaller_one(searched):
    searched(
        vgg=[candidate("vgg", 1, 0.95, 900_000), candidate("vgg", 2, 0.9, 950_000)],
        mlp=[candidate("mlp", number, 0.9 - number / 100, 9000 - number) for number in range(6)],
    )
    *_, first, second, _, _, _, more, last = sizes.lines(METRICS)
    assert first == "  0.9500 vgg trial 1, 900,000 parameters, 27.0 million multiply-adds"
    assert second.startswith("  0.9000 mlp trial 0, 9,000 parameters")
    assert more == "  and 2 more in results/select/front.csv"
    assert last == "For a smaller model: `dvc exp run -S select.most_parameters=9000`"


def test_where_none_has_fewer_parameters_the_limit_is_on_multiply_adds(searched):
    quicker = replace(candidate("vgg", 2, 0.9, 950_000), multiply_adds=5_000)
    searched(vgg=[candidate("vgg", 1, 0.95, 900_000), quicker])
    # An image and its mirror image take twice as much; that is no other model.
    tuned = SCORES | {"multiply_adds": 2 * 30 * 900_000}
    *_, last = sizes.lines(METRICS | {"tuned": tuned})
    assert last == "For a smaller model: `dvc exp run -S select.most_multiply_adds=5000`"


def test_metrics_of_an_older_version_can_be_shown(searched):
    assert sizes.lines({"tuned": {"parameters": 9}, "baseline": {"parameters": 9}}) == []
