"""A final training that is interrupted loses no finished seed."""

import json
import shutil
import sys
import threading
import time
from pathlib import Path

import keras
import pytest
from filelock import FileLock

from pipeline.base import locks
from pipeline.base.errors import ConvoyError
from pipeline.running import guard
from pipeline.stages import train
from pipeline.training import final

MODELS = [Path(f"models/tuned/seed-{seed}.keras") for seed in (1, 2)]


@pytest.fixture
def clone(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(shutil.copytree(finished, tmp_path / "convoy", symlinks=True))
    monkeypatch.setattr(sys, "argv", ["train", "tuned"])


@pytest.fixture
def trained(clone, monkeypatch):
    """Give the seeds that really train; the second one is interrupted the first time."""
    shutil.rmtree(".state/training", ignore_errors=True)
    seeds = []
    original = final.fit

    def counted(*arguments, seed, **more):
        seeds.append(seed)
        if seed == 2 and seeds.count(2) == 1:
            raise KeyboardInterrupt
        return original(*arguments, seed=seed, **more)

    monkeypatch.setattr(final, "fit", counted)
    return seeds


def test_only_the_seed_in_flight_is_trained_again(trained):
    before = [model.read_bytes() for model in MODELS]
    curves = Path("results/train/tuned.csv").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        train.main()
    train.main()
    assert trained == [1, 2, 2]
    assert [model.read_bytes() for model in MODELS] == before
    assert Path("results/train/tuned.csv").read_bytes() == curves


def test_a_training_that_ended_but_was_not_recorded_is_not_done_again(trained):
    with pytest.raises(KeyboardInterrupt):
        train.main()
    train.main()
    before = [model.read_bytes() for model in MODELS]
    train.main()  # DVC was killed before it wrote dvc.lock
    assert trained == [1, 2, 2]
    assert [model.read_bytes() for model in MODELS] == before


def test_a_finished_seed_of_another_training_is_not_taken(trained):
    with pytest.raises(KeyboardInterrupt):
        train.main()
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("epochs: 2", "epochs: 1"))
    train.main()
    assert trained == [1, 2, 1, 2]


def test_a_seed_that_another_training_is_at_is_waited_for(trained, monkeypatch, capsys):
    with pytest.raises(KeyboardInterrupt):
        train.main()
    (file,) = Path(".state/training").glob("*.zip")
    elsewhere = file.rename("seed.zip")
    begun = threading.Event()

    def other():
        with FileLock(file.with_suffix(".lock")):
            begun.set()
            time.sleep(1)
            elsewhere.rename(file)

    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.05)
    threading.Thread(target=other).start()
    begun.wait()
    train.main()
    assert trained == [1, 2, 2]
    assert "waiting for seed 1, which another training is at" in capsys.readouterr().out
    assert not list(Path(".state/training").glob("*.lock"))


def test_nothing_is_kept_of_code_that_was_edited_after_it_was_imported(trained, monkeypatch):
    """The edit is on the disk when the kept seeds are named after the code there."""
    monkeypatch.setattr(guard, "_guards", [guard.Guard("train@tuned")])
    code = Path("pipeline/training/fitting.py")
    before = code.read_text()
    code.write_text(before + "\n# edited")
    try:
        with pytest.raises(guard.ChangedError, match=str(code)):
            train.main()
    finally:
        code.write_text(before)
    assert trained == []


def test_a_training_that_diverges_ends_at_once_and_names_the_seed_and_the_epoch(clone, monkeypatch):
    begun = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    fit = final.fit
    monkeypatch.setattr(
        final,
        "fit",
        lambda *given, callbacks, **more: fit(*given, callbacks=[note, *callbacks], **more),
    )
    specification = Path("results/select/tuned.json")
    content = json.loads(specification.read_text())
    content["hyperparameters"] = {"optimizer": "sgd", "sgd_learning_rate": 1e38}
    specification.write_text(json.dumps(content))
    with pytest.raises(ConvoyError, match="seed 1: the loss is not finite after epoch 1"):
        train.main()
    assert begun == [0]
