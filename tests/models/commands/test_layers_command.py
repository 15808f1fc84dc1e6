"""`python -m pipeline layers`: the network that is asked for, and what is said without one."""

import pytest
from keras_tuner import HyperParameters
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.training import models, saving, trained
from pipeline.training.trained import SeedResult, TrainedModels

CLASSES = ["cat", "dog", "owl"]


def layers(name):
    return CliRunner().invoke(app, ["layers", name])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_trained_model_is_the_one_that_is_kept(workspace, mirrored):
    network, _ = models.declare("lenet5", HyperParameters(), (28, 28, 1), len(CLASSES))
    model = models.mirrored(network) if mirrored else network
    saving.save(model, trained.model_file(paths.MODELS / "tuned", 1))
    index = TrainedModels(
        "lenet5", model.count_params(), "float32", "tensorflow", CLASSES, [SeedResult(1, 0.9, 0.2)]
    )
    trained.write(index, paths.MODELS / "tuned")
    shown = layers("tuned")
    assert shown.exit_code == 0, shown.output
    assert "pool_2 (AveragePooling2D)" in shown.stdout
    assert f"Total params: {network.count_params():,}" in shown.stdout


def test_an_architecture_is_built_for_the_images_that_are_here(workspace):
    write_json(
        paths.DATA_REPORT,
        {"train": {"shape": "32×32×3", "per_class": [[name, 9] for name in CLASSES]}},
    )
    # 3,072 values of an image to 128 units, and those to three classes.
    assert f"Total params: {3072 * 128 + 128 + 128 * 3 + 3:,}" in layers("mlp").stdout


def test_data_without_a_shape_are_refused_by_name(workspace):
    write_json(paths.DATA_REPORT, {"train": {"shape": "28", "per_class": []}})
    refused = layers("mlp")
    assert refused.exit_code == 1
    assert "results/data.json" in refused.stderr
    assert "train.shape" in refused.stderr
