import os
import time

import pytest

from pipeline.base import paths
from pipeline.training import finished
from pipeline.training.finished import FinishedSeeds
from pipeline.training.fitting import Epoch

CURVE = [Epoch(1, 0.1 + 0.2, 0.5, 1 / 3, 0.25), Epoch(2, 1e-9, 1.0, 0.1, 0.75)]


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "state", lambda: tmp_path / "state")
    file = tmp_path / "model.keras"
    file.write_bytes(b"weights")
    return file


def kept_files():
    return list((paths.state() / "training").iterdir())


def test_a_kept_seed_comes_back_exactly_and_another_does_not(model, tmp_path):
    FinishedSeeds({"epochs": 3}).keep(1, model, CURVE)
    target = tmp_path / "models" / "seed-1.keras"
    assert FinishedSeeds({"epochs": 3}).bring(2, target) is None
    assert FinishedSeeds({"epochs": 4}).bring(1, target) is None
    assert not target.exists()
    assert FinishedSeeds({"epochs": 3}).bring(1, target) == CURVE
    assert target.read_bytes() == b"weights"


@pytest.mark.parametrize("left", [0, 10, -3])
def test_a_torn_file_is_a_seed_that_is_not_done(model, tmp_path, left):
    seeds = FinishedSeeds({})
    seeds.keep(1, model, CURVE)
    (file,) = kept_files()
    file.write_bytes(file.read_bytes()[:left])
    assert seeds.bring(1, tmp_path / "there.keras") is None
    seeds.keep(1, model, CURVE)
    assert seeds.bring(1, tmp_path / "there.keras") == CURVE


def test_a_training_goes_on_while_what_it_has_kept_is_deleted(model, tmp_path):
    seeds = FinishedSeeds({})
    seeds.keep(1, model, CURVE)
    for file in kept_files():
        file.unlink()
    (paths.state() / "training").rmdir()
    assert seeds.bring(1, tmp_path / "there.keras") is None
    seeds.keep(2, model, CURVE)
    assert seeds.bring(2, tmp_path / "there.keras") == CURVE


def test_what_nobody_came_back_to_is_dropped_when_another_training_begins(model):
    abandoned, recent = FinishedSeeds({"epochs": 3}), FinishedSeeds({"epochs": 4})
    abandoned.keep(1, model, CURVE)
    (old,) = kept_files()
    long_ago = time.time() - finished.KEPT_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    recent.keep(1, model, CURVE)
    killed = old.with_name(f".{old.name}.1.part")  # in the middle of writing it
    killed.touch()
    os.utime(killed, (long_ago, long_ago))
    FinishedSeeds({"epochs": 5})
    (left,) = kept_files()
    assert left != old
