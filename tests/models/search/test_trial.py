import shutil

import keras
import numpy as np
import pytest
from support.settings import conditions as under
from support.settings import trial as plain

from pipeline.base.files import FileError
from pipeline.search import trial
from pipeline.search.records import TrialSpec
from pipeline.training import recipe
from pipeline.training.batches import SplitFolder

# Dropout in two places and an optimizer with a state of its own.
CNN = {"filters_1a": 8, "filters_1b": 16, "dense_units": 32, "batch_size": 64}
# Batch normalisation has averages of its own.
NORMALISED = {"filters": 8, "normalisation": "batch", "batch_size": 64}


def run(spec, splits, checkpoint=None, seconds=None):
    return trial.run_trial(spec, *splits, checkpoint, seconds, lambda report: None)


@pytest.mark.parametrize(
    ("architecture", "values", "precision"),
    [
        ("simple_cnn", CNN, "float32"),
        ("compact_cnn", NORMALISED, "float32"),
        # Which wraps the optimizer into one with variables of its own.
        ("compact_cnn", NORMALISED, "mixed_float16"),
    ],
)
def test_continuing_a_rung_gives_the_bits_of_training_in_one_go(
    splits, architecture, values, precision
):
    def spec(epochs, **more):
        return TrialSpec(
            architecture, values, epochs, 1, conditions=under(precision=precision), **more
        )

    whole, _ = run(spec(3), splits)
    first, state = run(spec(1, promotable=True), splits)
    rest, kept = run(spec(3, resume_from=1), splits, checkpoint=state)
    assert first.curve == whole.curve[:1]
    assert rest == whole
    assert len(whole.curve) == 3
    assert kept is None


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="no state is used there")
def test_a_state_that_does_not_reach_dropout_would_be_noticed(splits):
    """The test above can fail: without the random states of dropout, the rest differs."""
    whole, _ = run(plain("simple_cnn", CNN, 3, 1), splits)
    _, state = run(plain("simple_cnn", CNN, 1, 1, promotable=True), splits)
    restore = trial.checkpoints.Restore.on_train_begin

    def forget_dropout(self, logs=None):
        restore(self, logs)
        for variable in self.model.variables:
            if "seed_generator" in variable.path:
                variable.assign(np.array([1, 2], dtype=variable.dtype))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial.checkpoints.Restore, "on_train_begin", forget_dropout)
        spec = plain("simple_cnn", CNN, 3, 1, resume_from=1)
        assert run(spec, splits, checkpoint=state)[0] != whole


def test_the_same_trial_ends_alike_whatever_ran_before(splits):
    spec = plain("mlp", {"units_1": 32}, 1, 7)
    first, _ = run(spec, splits)
    run(plain("mlp", {"units_1": 64}, 1, 7), splits)
    assert run(spec, splits)[0] == first


def test_a_model_that_cannot_be_built_has_failed_by_its_specification(splits):
    result, _ = run(plain("simple_cnn", {"blocks": 3}, 1, 1), splits)
    assert (result.status, result.cause) == ("failed", "specification")
    assert "blocks" in result.reason or "kernel" in result.reason or "filters" in result.reason


def test_a_loss_that_is_not_finite_is_a_failure_and_ends_the_training(splits):
    values = {"optimizer": "sgd", "sgd_learning_rate": 1e30, "layers": 2}
    result, _ = run(plain("mlp", values, 5, 1), splits)
    assert (result.status, result.cause) == ("failed", "specification")
    assert "not finite after epoch 1" in result.reason


def test_a_trial_that_takes_too_long_says_which_limit(splits):
    result, _ = run(plain("mlp", {}, 3, 1), splits, seconds=0.0)
    assert (result.status, result.cause) == ("failed", "time")
    assert "tune.trial_seconds = 0" in result.reason


def test_memory_that_runs_out_is_told_apart(splits, monkeypatch):
    def declare(*_):
        np.empty(2**62, np.uint8)

    monkeypatch.setattr(recipe, "declare", declare)
    result, _ = run(plain("mlp", {}, 1, 1), splits)
    assert (result.status, result.cause) == ("failed", "memory")


def test_a_trial_below_the_median_is_stopped_not_failed(splits):
    spec = plain("mlp", {}, 4, 1, stop_below=(0.0, 1.1, 1.1, 1.1))
    result, _ = run(spec, splits)
    assert result.status == "stopped"
    assert len(result.curve) == 2
    assert result.val_accuracy == result.curve[-1][3]
    assert result.cause == ""
    assert "after epoch 2" in result.reason


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"")])
def test_a_file_that_cannot_be_read_is_no_failure_of_the_trial(splits, tmp_path, damage):
    train = SplitFolder(shutil.copytree(splits[0].folder, tmp_path / "train"))
    damage(train.folder / "images.npy")
    with pytest.raises(FileError, match=r"train/images\.npy: "):
        run(plain("mlp", {}, 1, 1), (train, splits[1]))
