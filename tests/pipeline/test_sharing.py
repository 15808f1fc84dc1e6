"""A DVC remote shares data and models: a fresh clone pulls, and has nothing to run."""

import re

import pytest
from PIL import Image
from support.project import run


@pytest.fixture(scope="module")
def pulled(make_finished, tmp_path_factory):
    """Push a finished clone to a local remote, clone it elsewhere, pull."""
    folder, finished = tmp_path_factory.mktemp("shared"), make_finished()
    clone = folder / "elsewhere"
    remote = ["dvc", "remote", "add", "-f", "-d", "team", str(folder / "remote")]
    run(*remote, cwd=finished)
    run("dvc", "push", cwd=finished)
    run("git", "clone", "-q", str(finished), str(clone), cwd=folder)
    run(*remote, cwd=clone)
    run("dvc", "pull", cwd=clone)
    return clone


def test_nothing_is_to_be_run_after_a_pull(pulled):
    assert "Running stage" not in run("dvc", "repro", cwd=pulled).stdout
    assert run("git", "status", "--short", "dvc.lock", "results", cwd=pulled).stdout == ""


def test_models_are_the_same_bytes(finished, pulled):
    for name in ("models/tuned/seed-1.keras", "models/baseline/models.json"):
        assert (pulled / name).read_bytes() == (finished / name).read_bytes()


@pytest.mark.slow
def test_a_clone_that_only_pulled_the_model_predicts(pulled, finished, tmp_path):
    clone = tmp_path / "small"
    run("git", "clone", "-q", str(finished), str(clone), cwd=tmp_path)
    run("dvc", "remote", "add", "-d", "team", str(pulled.parent / "remote"), cwd=clone)
    run("dvc", "pull", "models/tuned", cwd=clone)
    assert not (clone / "data/split").exists()
    picture = tmp_path / "picture.png"
    Image.new("L", (28, 28)).save(picture)
    text = run("python", "-m", "pipeline", "predict", str(picture), cwd=clone).stdout
    assert re.search(r"picture\.png: \d [01]\.\d{3}, ", text)
