"""The real pipeline, end to end, as users run it."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from conftest import run


@pytest.fixture(scope="module")
def clone(make_clone):
    folder = make_clone()
    run("dvc", "repro", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", "commit", "-qm", "results", cwd=folder)
    return folder


def read(path):
    return json.loads(path.read_text())


def test_both_models_are_judged_on_the_same_images(clone):
    metrics = read(clone / "results/metrics.json")
    data = read(clone / "results/data.json")
    assert metrics["tuned"]["architecture"] == "mlp"
    assert metrics["baseline"]["architecture"] == "lenet5"
    assert metrics["baseline"]["parameters"] == 61_706
    for name in ("tuned", "baseline"):
        judged = metrics[name]
        assert {"accuracy", "loss", "macro_f1", "parameters"} <= set(judged)
        assert judged["accuracy_low"] < judged["accuracy"] < judged["accuracy_high"]
    lines = (clone / "results/predictions.csv").read_text().splitlines()
    assert len(lines) - 1 == data["test"]["images"]


def test_what_a_reviewer_reads_is_there(clone):
    results = clone / "results"
    for name in ("learning_curves", "confusion_tuned", "confusion_baseline", "mistakes_tuned"):
        assert (results / f"pictures/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert len((results / "train/tuned.csv").read_text().splitlines()) == 1 + 2 * 2
    assert len((results / "trials/mlp.csv").read_text().splitlines()) == 1 + 2


def test_a_second_run_runs_nothing(clone):
    assert "Running stage" not in run("dvc", "repro", cwd=clone).stdout


def test_running_everything_again_gives_the_same_lock_file(clone):
    before = (clone / "dvc.lock").read_bytes()
    run("dvc", "repro", "-f", cwd=clone)
    assert (clone / "dvc.lock").read_bytes() == before


def test_the_summary_can_be_seen_again(clone):
    text = run("python", "-m", "pipeline", "summary", cwd=clone).stdout
    assert "digits" in text
    assert "lenet5" in text
    assert "61,706" in text


def test_a_bad_parameter_stops_before_any_work(clone):
    params = (clone / "params.yaml").read_bytes()
    done = run("dvc", "exp", "run", "-S", "dataset.name=mnits", cwd=clone, check=False)
    # DVC leaves the bad value in place. Git may not see it: same size, same second.
    (clone / "params.yaml").write_bytes(params)
    run("git", "reset", "-q", "--hard", cwd=clone)
    assert done.returncode != 0
    assert "did you mean 'mnist'?" in done.stdout
    assert "stages.download" not in done.stdout
    assert Path(clone / "results/metrics.json").exists()


def test_an_edit_during_a_run_is_not_recorded(clone):
    code = clone / "pipeline/recipe.py"
    original, lock = code.read_text(), (clone / "dvc.lock").read_bytes()
    command = ["dvc", "repro", "-f", "-s", "tune@mlp"]
    with subprocess.Popen(
        command, cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            if "pipeline.stages.tune" in line:
                break
        time.sleep(2)
        code.write_text(original + "# an edit\n")
        rest = process.stdout.read()
    code.write_text(original)
    assert process.returncode != 0
    assert "tune@mlp: changed while the stage ran: pipeline/recipe.py" in rest
    assert (clone / "dvc.lock").read_bytes() == lock
