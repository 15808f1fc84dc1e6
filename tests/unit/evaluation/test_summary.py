import json

import pytest

from pipeline.base import paths
from pipeline.base.files import FileError, write_csv, write_json
from pipeline.evaluation import curves, metrics, summary

SCORES = {
    "architecture": "lenet5",
    "accuracy": 0.9,
    "accuracy_interval": [0.8, 0.95],
    "macro_f1": 0.9,
    "parameters": 10,
}
SEARCH = {
    "verdict": "equivalent",
    "metric": "accuracy",
    "baseline": 0.8,
    "tuned": 0.8,
    "difference": 0.0,
    "difference_interval": [0.0, 0.0],
    "margin": 0.005,
    "detectable": 0.02,
    "settled_by": None,
    "worse_classes": [],
    "fixed": 0,
    "broken": 0,
}

CHOSEN = {
    "val_accuracy": 0.985,
    "recipe_val_accuracy": 0.97,
    "optimism": 0.0104,
    "trials": 16,
    "validation_images": 240,
}


@pytest.fixture
def shown(tmp_path, monkeypatch, capsys):
    """Return a function that writes results with a yardstick and returns the summary of them."""
    monkeypatch.chdir(tmp_path)
    paths.METRICS.parent.mkdir()
    paths.DATA_REPORT.write_text("{}")
    paths.SETTINGS.write_text('{"left_out": {}}')
    curve = [(1, 1, 0.5, 0.9, 0.5, 0.9)]
    write_csv(paths.LEARNING_CURVES / "tuned.csv", list(curves.COLUMNS), curve)
    write_json(paths.SELECT / "metrics.json", {"chosen": CHOSEN})

    def show(accuracy, p_value):
        yardstick = {**SCORES, "accuracy": accuracy, "mcnemar_p": p_value}
        behind = ["hog_svm"] if accuracy > SCORES["accuracy"] else []
        models = dict.fromkeys(("tuned", "baseline"), SCORES)
        content = metrics.to_json("digits", 60, models, SEARCH, {"hog_svm": yardstick}, behind)
        paths.METRICS.write_text(json.dumps(content))
        monkeypatch.setattr(summary, "notes", list)
        monkeypatch.setattr(summary, "_chosen", str)
        summary.show()
        return " ".join(capsys.readouterr().out.split())

    return show


@pytest.mark.parametrize(
    ("accuracy", "p_value", "said"),
    [
        (0.99, 0.001, "Not worth its training: the tuned models are behind HOG + SVM"),
        (0.92, 0.6, "No better than HOG + SVM, which takes seconds: on these test images"),
        (0.7, 0.001, ""),
    ],
)
def test_a_yardstick_that_is_better_is_named_as_surely_as_it_is_known(
    shown, accuracy, p_value, said
):
    text = shown(accuracy, p_value)
    assert said in text
    assert ("HOG + SVM, which takes" in text) == bool(said)


def test_a_released_model_that_is_ahead_makes_no_loss_of_its_seeds_sure():
    """The p-value is that of the released model, here in favour of it."""
    content = {
        "tuned": {"accuracy": 0.95, "accuracy_mean_of_seeds": 0.9},
        "yardsticks": {"hog_svm": {"accuracy": 0.92, "mcnemar_p": 0.01}},
        "behind_yardsticks": ["hog_svm"],
    }
    assert metrics.beside_yardsticks(content) == (
        "No better than HOG + SVM, which takes seconds: the released model is not behind, the mean "
        "of all seeds is."
    )


def test_a_yardstick_without_scores_is_an_error_that_names_it(shown):
    shown(0.99, 0.001)
    content = json.loads(paths.METRICS.read_text())
    paths.METRICS.write_text(json.dumps({**content, "yardsticks": []}))
    with pytest.raises(FileError, match="no yardstick 'hog_svm'"):
        summary.show()


def test_the_score_that_was_chosen_by_is_shown_with_its_optimism(shown):
    text = shown(0.7, 0.001)
    assert (
        "Chosen by its validation accuracy 0.9850 on 240 images; being chosen among 16 by it, it "
        "is too high by about 1.0 points."
    ) in text
    assert "recipe had 0.9700 and the chosen trial has 0.9850" in text
