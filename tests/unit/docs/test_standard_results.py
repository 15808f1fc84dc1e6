"""The page of the standard results shows what the files of docs/results/ hold."""

import json

import pytest
import standard_results
from support.project import ROOT

from benchmarks import standard

MODEL = {
    "architecture": "mlp",
    "parameters": 101_770,
    "precision": "float32",
    "backend": "tensorflow",
    "accuracy_by_seed": {"1": 0.97, "2": 0.98, "3": 0.99},
    "released_interval": [0.9775, 0.9825],
    "training_wall_seconds": 71.4,
}
RUN = {
    "command": "python -m benchmarks.standard NAME",
    "commit": "0123456789",
    "hardware": {"processor": "AMD EPYC", "cores": 2, "gpus": [], "load_before": 0.1},
    "software": {"python": "3.11.9", "tensorflow-cpu": "2.21.0", "keras": "3.15.1"},
    "dataset": "mnist",
    "training_images": 50_000,
    "test_images": 10_000,
    "wall_seconds": 1234.5,
    "processor_seconds": 2345.6,
    "models": {"tuned": MODEL | {"architecture": "lenet5"}, "baseline": MODEL},
    "yardsticks": {"hog_svm": {"accuracy": 0.5, "accuracy_interval": [0.4, 0.6]}},
}


def test_the_page_is_up_to_date():
    text = standard_results.PAGE.read_text(encoding="utf-8")
    written = standard_results.filled(text, standard_results.tables(), "results.md")
    assert text == written, "run `make docs`"


def test_each_run_gives_its_rows_and_what_was_not_measured_gives_none(tmp_path):
    for name in ("mnist_practical", "mnist_classics"):
        (tmp_path / f"{name}.json").write_text(json.dumps(RUN))
    (tmp_path / "flowers.json").write_text(json.dumps(RUN | {"test_images": 736}))
    lines = standard_results.tables(tmp_path).splitlines()
    shown = [[cell.strip() for cell in line.split("|")[1:6]] for line in lines[2:9]]
    assert shown == [
        ["MNIST", "HOG + SVM", "", "", "50.00"],
        ["", "perceptron: `mlp`", "101,770", "3", "98.00 (97.00 – 99.00)"],
        ["", "LeNet-5: `lenet5`", "101,770", "3", "98.00 (97.00 – 99.00)"],
        ["", "the practical's CNN: `lenet5`", "101,770", "3", "98.00 (97.00 – 99.00)"],
        ["flowers (photographs)", "HOG + SVM", "", "", "50.0"],
        ["", "ours: `lenet5`", "101,770", "3", "98.0 (97.0 – 99.0)"],
        ["", "our baseline: `mlp`", "101,770", "3", "98.0 (97.0 – 99.0)"],
    ]
    assert [line.split("|")[1].strip() for line in lines[-3:]] == [
        "`mnist_classics`",
        "`mnist_practical`",
        "`flowers`",
    ]


def test_every_experiment_has_a_place_on_the_page():
    assert {file.stem for file in (ROOT / "experiments").glob("*.yaml")} < set(
        standard_results.ROWS
    )


@pytest.mark.parametrize(
    ("name", "folder", "said"),
    [
        ("folder_small", None, "folder_small=FOLDER"),
        ("no_such_experiment", None, "neither default nor an experiment"),
        ("mnist_fast", ROOT, "has a data set of its own"),
    ],
)
def test_a_name_that_cannot_be_measured_is_refused(name, folder, said):
    with pytest.raises(SystemExit, match=said):
        standard.changes(name, folder, ROOT)


def test_a_folder_is_laid_over_the_settings():
    found = standard.changes("flowers", ROOT / "docs", ROOT)
    assert found == ["dataset.name=folder", f'dataset.path="{ROOT / "docs"}"']
