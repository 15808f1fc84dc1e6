"""Every architecture can be exported, in every format, with the same answers."""

import importlib.util
import json
import zipfile

import keras
import numpy as np
import pytest

from pipeline.base.errors import ConvoyError
from pipeline.export import formats, parity
from pipeline.export.formats import FORMATS
from pipeline.export.portable import portable
from pipeline.training import models
from pipeline.training.batches import SplitFolder

CLASSES = ["a", "ä/ö", 'say "b"']
INSTALLED = {
    name: all(importlib.util.find_spec(package) for package in each.packages)
    for name, each in FORMATS.items()
}
ALL = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not there, reason=f"--format {name} needs {', '.join(FORMATS[name].packages)}"
        ),
    )
    for name, there in INSTALLED.items()
]
pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="exports are written with TensorFlow"
)


def build(architecture, shape, precision="mixed_bfloat16", **values):
    """Return a model whose normalisations have seen some images, as after training."""
    keras.utils.set_random_seed(1)
    model, _ = models.build(architecture, values, shape, len(CLASSES), precision)
    random = np.random.default_rng(1)
    for weights in model.weights:
        if "moving" in weights.path:
            weights.assign(random.uniform(0.5, 1.0, weights.shape))
    return models.plain(model)


def images_of(folder, shape, count=12):
    pixels = np.random.default_rng(2).integers(0, 256, (count, *shape), dtype=np.uint8)
    return SplitFolder.write(folder, pixels, np.zeros(count, int), CLASSES)


def check(model, name, folder):
    """Export and compare; return how far it is apart."""
    split = images_of(folder / "split", model.input_shape[1:])
    exact, file = portable(model), folder / FORMATS[name].file
    with formats.quiet():
        FORMATS[name].write(exact, CLASSES, file)
        run = FORMATS[name].open(file)
        released = parity.probabilities(model, split)
        return parity.compare(run, released, parity.probabilities(exact, split), split)


@pytest.mark.parametrize("name", ALL)
def test_a_mirrored_model_with_16_bits(tmp_path, name):
    values = {"normalisation": "batch", "convolutions": 1, "filters": 8}
    model = models.mirrored(build("compact_cnn", (14, 14, 1), **values))
    found = check(model, name, tmp_path)
    assert found.apart_in_float32 < 1e-5
    assert found.apart < 0.05
    assert found.images == 12


@pytest.mark.parametrize("name", ALL)
def test_a_network_that_brings_its_own_mean_and_variance(tmp_path, name):
    """As those of keras.applications do."""
    images = keras.Input((8, 8, 3), dtype="uint8", name="images")
    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.04, 0.05, 0.06]),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    features = images
    for layer in layers:
        features = layer(features)
    found = check(keras.Model(images, features), name, tmp_path)
    assert found.apart < 1e-5
    assert found.same == 12


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("airbench", (32, 32, 3)),
        ("lenet5", (28, 28, 1)),
        ("mlp", (28, 28, 1)),
        ("picture_cnn", (64, 64, 3)),
        ("resnet", (32, 32, 3)),
        ("simple_cnn", (28, 28, 1)),
        ("vgg", (32, 32, 3)),
    ],
)
def test_every_architecture(tmp_path, name, architecture, shape):
    assert check(build(architecture, shape), name, tmp_path).apart_in_float32 < 1e-4


@pytest.mark.parametrize("name", ["keras", "litert"])
def test_the_names_of_the_classes_are_in_the_file(tmp_path, name):
    model = build("mlp", (8, 8, 1))
    with formats.quiet():
        FORMATS[name].write(portable(model), CLASSES, tmp_path / FORMATS[name].file)
    with zipfile.ZipFile(tmp_path / FORMATS[name].file) as archive:
        assert json.loads(archive.read("classes.json")) == CLASSES


def test_a_wrong_export_is_refused(tmp_path):
    split = images_of(tmp_path / "split", (8, 8, 1))
    right = np.full((12, 3), 1 / 3, np.float32)
    wrong = np.tile(np.array([[0.4, 0.3, 0.3]], np.float32), (12, 1))
    with pytest.raises(ConvoyError, match=r"differs by 0\.067"):
        parity.compare(lambda images: wrong[: len(images)], right, right, split)
    broken = np.full((12, 3), np.nan, np.float32)
    with pytest.raises(ConvoyError, match="differs by nan"):
        parity.compare(lambda images: broken[: len(images)], right, right, split)


def test_a_missing_package_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConvoyError, match=r"onnxruntime.*requirements-export.lock"):
        formats.check_installed("onnx")


@pytest.mark.parametrize("value", [0.0301, 0.0086, 1e-9, 0.5])
def test_a_stated_difference_is_an_upper_bound(value):
    assert value <= float(parity.at_most(value)) < value * 1.2
