"""A final training that is interrupted loses no finished seed."""

import json
import shutil
import threading
import time
from pathlib import Path

import keras
import pytest

from pipeline.base import locks, paths
from pipeline.base.errors import ConvoyError
from pipeline.config import params
from pipeline.stages import train
from pipeline.store.store import Store
from pipeline.training import seeds as final

MODELS = [Path(f"models/tuned/seed-{seed}.keras") for seed in (1, 2)]


@pytest.fixture
def clone(finished, tmp_path, monkeypatch):
    # Seeds are trained in this process, one after the other, so that they can be interrupted here.
    monkeypatch.setenv("CONVOY_WORKERS", "1")
    monkeypatch.chdir(shutil.copytree(finished, tmp_path / "convoy", symlinks=True))


@pytest.fixture
def trained(clone, monkeypatch):
    """Give the seeds that really train; the second one is interrupted the first time."""
    shutil.rmtree(".state/store", ignore_errors=True)
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
        train.main(params.load(), "tuned")
    train.main(params.load(), "tuned")
    assert trained == [1, 2, 2]
    assert [model.read_bytes() for model in MODELS] == before
    assert Path("results/train/tuned.csv").read_bytes() == curves


def test_a_training_that_ended_but_was_not_recorded_is_not_done_again(trained):
    with pytest.raises(KeyboardInterrupt):
        train.main(params.load(), "tuned")
    train.main(params.load(), "tuned")
    before = [model.read_bytes() for model in MODELS]
    train.main(params.load(), "tuned")  # DVC was killed before it wrote dvc.lock
    assert trained == [1, 2, 2]
    assert [model.read_bytes() for model in MODELS] == before


def test_a_finished_seed_of_another_training_is_not_taken(trained):
    with pytest.raises(KeyboardInterrupt):
        train.main(params.load(), "tuned")
    file = Path("params.yaml")
    file.write_text(file.read_text().replace("epochs: 2", "epochs: 1"))
    train.main(params.load(), "tuned")
    assert trained == [1, 2, 1, 2]


def test_a_seed_that_another_training_is_at_is_waited_for(trained, monkeypatch, capsys):
    with pytest.raises(KeyboardInterrupt):
        train.main(params.load(), "tuned")
    store = Store(paths.STORE, print)
    (entry,) = (entry for entry in store.entries() if entry.kind == "seed")
    model = store.payload(entry.key)
    store.keep(lambda other: other is not entry)
    begun = threading.Event()

    def other():
        with store.claim(entry.key, "seed 1"):
            begun.set()
            time.sleep(1)
            store.add(entry, model)

    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.05)
    threading.Thread(target=other).start()
    begun.wait()
    train.main(params.load(), "tuned")
    assert trained == [1, 2, 2]
    assert "waiting for seed 1, which another process is training" in capsys.readouterr().out
    assert list(store.claims.iterdir()) == []


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
        train.main(params.load(), "tuned")
    assert begun == [0]
