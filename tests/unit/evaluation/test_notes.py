from dataclasses import replace

import pytest

from pipeline.base import paths
from pipeline.base.files import write_csv, write_json
from pipeline.evaluation import curves as curves_file
from pipeline.evaluation import metrics
from pipeline.evaluation.notes import notes
from pipeline.search.selection import Candidate, write_candidates

FIRST = Candidate("mlp", 1, 0.9, 0.01, 0.3, 1000, 10_000, {"units": 8}, "code", 200, 4)
SCORES = {"architecture": "mlp", "accuracy": 0.9, "accuracy_interval": [0.8, 1], "macro_f1": 0.9}
MODELS = {
    "tuned": {**SCORES, "parameters": 9},
    "baseline": {**SCORES, "parameters": 99},
}
SEARCH = {
    "verdict": "better",
    "metric": "accuracy",
    "baseline": 0.8,
    "tuned": 0.8,
    "difference": 0.1,
    "difference_interval": [0.01, 0.2],
    "margin": 0.005,
    "detectable": 0.02,
    "settled_by": None,
    "worse_classes": [],
    "fixed": 3,
    "broken": 1,
}
METRICS = metrics.to_json("digits", 60, MODELS, SEARCH, {}, [])


@pytest.fixture
def noted(workspace):
    def write(candidates, curves=({1: 0.9, 2: 0.9},), content=METRICS):
        """Write what the notes read: trials of mlp, and a learning curve a seed; return them."""
        write_json(paths.SETTINGS, {"left_out": {"mlp": False, "lenet5": True}})
        write_candidates(candidates, paths.CANDIDATES / "mlp.json")
        write_candidates([], paths.CANDIDATES / "lenet5.json")
        part = {"images": 200, "per_class": [["a", 120], ["b", 80]]}
        write_json(paths.DATA_REPORT, {"validation": part})
        write_json(paths.METRICS, content)
        rows = [
            (seed, epoch, 0.5, accuracy, 0.5, accuracy)
            for seed, curve in enumerate(curves)
            for epoch, accuracy in curve.items()
        ]
        write_csv(paths.LEARNING_CURVES / "tuned.csv", list(curves_file.COLUMNS), rows)
        return notes()

    return write


def trials(*accuracies, **changes):
    return [
        replace(FIRST, trial=number, val_accuracy=accuracy, val_loss=1 / number, **changes)
        for number, accuracy in enumerate(accuracies, start=1)
    ]


def test_a_sound_search_calls_for_no_note(noted):
    assert noted(trials(0.9, 0.7, 0.8)) == []


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (trials(0.6, 0.5), "Nothing learnt: the best trial has 60.0%"),
        ([FIRST, replace(FIRST, trial=2)], "mlp: trials 1, 2 have other hyperparameters"),
        (
            trials(0.9, 0.891, 0.895),
            "200 validation images resolve differences of about ±2.8 points, and 3 of 3",
        ),
        (trials(0.9, 0.7, standard_error=0.03), "200 validation images are few"),
    ],
)
def test_what_a_search_could_not_find_out_is_noted(noted, candidates, expected):
    (line,) = noted(candidates)
    assert line.startswith(expected)


def test_a_training_that_ends_too_early_is_noted(noted):
    rising = {epoch: 0.5 + epoch / 20 for epoch in range(1, 9)}
    (line,) = noted(trials(0.9, 0.7), [rising])
    assert "still improving" in line and "raise train.epochs" in line


def test_a_seed_that_patience_has_ended_is_not_taken_for_slow(noted):
    flat = dict.fromkeys(range(1, 9), 0.9)
    assert noted(trials(0.9, 0.7), [flat, dict.fromkeys(range(1, 7), 0.6)]) == []


def test_trials_of_an_architecture_that_is_listed_no_more_do_not_count(noted):
    noted(trials(0.6, 0.5))
    write_candidates(trials(0.99), paths.CANDIDATES / "gone.json")
    (line,) = notes()
    assert line.startswith("Nothing learnt")


@pytest.mark.parametrize(("share", "said"), [(0.79, False), (0.81, True)])
def test_a_model_that_may_only_guess_is_called_so(noted, share, said):
    yardsticks = {"largest_class": {**SCORES, "accuracy": share}}
    found = noted(
        trials(0.9, 0.95), content=metrics.to_json("digits", 60, MODELS, SEARCH, yardsticks, [])
    )
    assert any("not shown to be better than guessing: 90.0%" in line for line in found) is said


def test_the_recipe_chosen_is_the_baseline_itself(noted):
    tuned = {**SCORES, "parameters": 9, "calibration": [{"temperature": 1.2}]}
    models = {"tuned": tuned, "baseline": {**tuned, "calibration": [{}]}}
    content = metrics.to_json("digits", 60, models, {**SEARCH, "fixed": 0, "broken": 0}, {}, [])
    said = "Tuned and baseline are the same model: the search found nothing better than the recipe."
    assert said in noted(trials(0.9, 0.7), content=content)
    assert said not in noted(trials(0.9, 0.7))


def test_a_score_that_is_perfect_at_once_is_suspicious(noted):
    said = "The first trial of mlp has every validation image right."
    assert any(line.startswith(said) for line in noted(trials(1.0, 0.9)))
    assert not any("every validation image" in line for line in noted(trials(0.9, 1.0)))
