import subprocess

import numpy as np
import pytest
from PIL import Image
from support.project import TINY, run, write_params
from support.repositories import git

from pipeline.commands import settle

pytestmark = pytest.mark.slow


def test_further_seeds_are_trained_until_the_looks_are_over(finished, monkeypatch, capfd):
    monkeypatch.chdir(finished)
    monkeypatch.setattr(settle, "LOOKS", (2, 3))
    monkeypatch.setattr(settle, "LEVEL", 0.0)  # nothing decides
    params = (finished / "params.yaml").read_bytes()
    settle.settle(None)
    said = capfd.readouterr().out
    assert "2 seeds: test accuracy" in said
    assert "3 seeds: test accuracy" in said
    assert "Not settled with 3 seeds" in said
    # The workspace is as it was, no checkout is left, and what was trained there is kept.
    assert (finished / "params.yaml").read_bytes() == params
    assert git(finished, "status", "--porcelain") == ""
    assert len(git(finished, "worktree", "list").splitlines()) == 1
    write_params(finished, TINY | {"train": TINY["train"] | {"seeds": [1, 2, 3]}})
    again = run("dvc", "repro", "train@tuned", cwd=finished).stdout
    assert "Stage 'train@tuned' is cached" in again
    assert (finished / "models/tuned/seed-3.keras").exists()


def test_two_revisions_are_trained_side_by_side(finished, monkeypatch, capfd):
    monkeypatch.chdir(finished)
    monkeypatch.setattr(settle, "LOOKS", (2,))
    monkeypatch.setattr(settle, "LEVEL", 1.0)  # whatever comes out decides
    params = finished / "params.yaml"
    params.write_text(params.read_text().replace("weight_average: 0.0", "weight_average: 0.5"))
    subprocess.run(["git", "commit", "-qam", "another training"], cwd=finished, check=True)
    settle.settle("HEAD~1")
    assert "Settled with 2 seeds" in capfd.readouterr().out


def test_pictures_that_git_does_not_know_are_there(finished, monkeypatch, capfd):
    monkeypatch.chdir(finished)
    monkeypatch.setattr(settle, "LOOKS", (2,))
    monkeypatch.setattr(settle, "LEVEL", 0.0)
    for seed in range(40):
        path = finished / "data/images" / ("cat", "dog")[seed % 2] / f"{seed}.png"
        path.parent.mkdir(exist_ok=True)
        noise = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    write_params(finished, TINY | {"dataset": {"name": "folder"}})
    subprocess.run(["git", "commit", "-qam", "pictures"], cwd=finished, check=True)
    settle.settle(None)
    assert "Not settled with 2 seeds" in capfd.readouterr().out
    assert len(list((finished / "data/images/cat").iterdir())) == 20  # links went, not pictures
