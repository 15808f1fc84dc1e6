"""The real pipeline, end to end, as users run it."""

import csv
import json
import shlex
import shutil
import subprocess
import time

import pytest
from PIL import Image
from support.project import run

from pipeline.commands import before_dvc
from pipeline.evaluation.metrics import from_json
from pipeline.evaluation.summary import COMPARE


def read(path):
    return json.loads(path.read_text())


def test_both_models_are_judged_on_the_same_images(finished):
    metrics = from_json(read(finished / "results/metrics.json"))
    data = read(finished / "results/data.json")
    assert metrics["tuned"]["architecture"] == "mlp"
    assert metrics["baseline"]["architecture"] == "lenet5"
    assert metrics["baseline"]["parameters"] == 61_706
    for name in ("tuned", "baseline"):
        judged = metrics[name]
        assert {"accuracy", "loss", "macro_f1", "parameters"} <= set(judged)
        low, high = judged["accuracy_interval"]
        assert low < judged["accuracy"] < high
    lines = (finished / "results/predictions.csv").read_text().splitlines()
    assert len(lines) - 1 == data["test"]["images"]


def test_what_a_reviewer_reads_is_there(finished):
    results = finished / "results"
    for name in ("learning_curves", "confusion_tuned", "confusion_baseline", "mistakes_tuned"):
        with Image.open(results / f"pictures/{name}.png") as picture:
            assert min(picture.size) > 300
            darkest, lightest = picture.convert("L").getextrema()
            assert darkest < 64 and lightest == 255  # something is drawn, on white
    assert len((results / "train/tuned.csv").read_text().splitlines()) == 1 + 2 * 2
    assert len((results / "trials/mlp.csv").read_text().splitlines()) == 1 + 2


def test_the_sheet_shows_every_image_that_a_model_got_wrong(finished):
    results = finished / "results"
    with (results / "predictions.csv").open() as table:
        wrong = [
            row["index"]
            for row in csv.DictReader(table)
            if {row["tuned_predicted"], row["baseline_predicted"]} != {row["actual"]}
        ]
    with Image.open(results / "pictures/mistakes_sheet.png") as picture:
        assert 0 < len(wrong) <= 400
        assert picture.text["images"].split() == wrong


def test_a_second_run_runs_nothing(finished):
    assert "Running stage" not in run("dvc", "repro", cwd=finished).stdout


@pytest.mark.slow
def test_running_everything_again_gives_the_same_lock_file(finished):
    before = (finished / "dvc.lock").read_bytes()
    shutil.rmtree(finished / ".state")  # or finished trials and seeds would only be looked up
    run("dvc", "repro", "-f", cwd=finished)
    assert (finished / "dvc.lock").read_bytes() == before


def test_searching_and_training_again_give_the_same_lock_file(finished):
    before = (finished / "dvc.lock").read_bytes()
    shutil.rmtree(finished / ".state")  # or finished trials and seeds would only be looked up
    run("dvc", "repro", "-f", "-s", "tune@mlp", "train@tuned", cwd=finished)
    assert (finished / "dvc.lock").read_bytes() == before


def test_the_models_give_the_committed_predictions(finished):
    assert "bit for bit" in run("python", "-m", "pipeline", "verify", cwd=finished).stdout
    text = run("python", "-m", "pipeline", "report", "--base", "HEAD", cwd=finished).stdout
    assert "Every prediction is the same" in text
    assert "do not belong" not in text


def test_a_run_of_everything_ends_with_the_table_also_where_nothing_ran(
    finished, monkeypatch, capsys
):
    monkeypatch.chdir(finished)
    shown = before_dvc.summaries()
    assert shown  # by stage `summary`, when the pipeline ran
    before_dvc.conclude(["repro"], shown - 1)
    before_dvc.conclude(["repro", "evaluate"], shown)
    assert not capsys.readouterr().out
    before_dvc.conclude(["repro"], shown)
    assert "Was the search worth it?" in capsys.readouterr().out


def test_the_summary_can_be_seen_again(finished):
    text = run("python", "-m", "pipeline", "summary", cwd=finished).stdout
    assert "digits" in text
    assert "lenet5" in text
    assert "61,706" in text


def test_a_bad_parameter_stops_before_any_work(finished):
    done = run("dvc", "exp", "run", "-S", "dataset.name=mnits", cwd=finished, check=False)
    assert done.returncode != 0
    assert "did you mean 'mnist'?" in done.stdout
    assert "stages.download" not in done.stdout
    assert run("git", "status", "--short", "results", "dvc.lock", cwd=finished).stdout == ""


def test_an_edit_during_a_run_is_not_recorded(finished):
    code = finished / "pipeline/training/recipe.py"
    lock = (finished / "dvc.lock").read_bytes()
    # The first trial is computed anew: its claim says that the stage is in the middle of its work.
    shutil.rmtree(finished / ".state")
    command = ["dvc", "repro", "-f", "-s", "tune@mlp"]
    with subprocess.Popen(
        command, cwd=finished, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        while process.poll() is None and not list((finished / ".state").rglob("claims/*.lock")):
            time.sleep(0.01)
        code.write_text(code.read_text() + "# an edit\n")
        rest = process.stdout.read()
    assert process.returncode != 0
    assert "tune@mlp: changed while the stage ran: pipeline/training/recipe.py" in rest
    assert (finished / "dvc.lock").read_bytes() == lock


def test_experiments_are_compared_by_what_people_compare(finished):
    """At 120 columns: the name, the scores that differ and the setting that was changed."""
    run("dvc", "exp", "run", "-n", "shorter", "-S", "train.epochs=1", cwd=finished)
    text = run("dvc", "exp", "show", "--csv", cwd=finished).stdout
    rows = list(csv.DictReader(text[text.index("Experiment,") :].splitlines()))
    names = list(rows[0])
    scores = ["accuracy", "baseline_accuracy", "verdict", "parameters", "test_images"]
    setting = "params.yaml:train.epochs"  # results/settings.json has a value of this name too
    first = names.index("accuracy")
    assert names[first : first + 6] == [*scores, "dataset.name"]
    (shorter,) = [row for row in rows if row["Experiment"] == "shorter"]
    assert shorter["accuracy"] and shorter["verdict"] and shorter[setting] == "1"
    shown = run(*shlex.split(COMPARE), "--no-pager", cwd=finished, COLUMNS="120").stdout
    (header,) = [line[:120].split() for line in shown.splitlines() if "Experiment " in line]
    assert {"Experiment", "accuracy", setting} <= set(header)
    assert set(header) <= {"Experiment", "Created", *scores, setting}
    assert any("[shorter]" in line[:120] for line in shown.splitlines())
