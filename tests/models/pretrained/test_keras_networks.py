"""EfficientNetB0 and V2B0 are the networks that `keras.applications` builds and publishes."""

import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet, efficientnet_v2
from support import keras_weights

from pipeline.base.errors import ConvoyError
from pipeline.pretrained import backbones
from pipeline.pretrained.published import PUBLISHED
from pipeline.training import features

KERAS = {
    "efficientnet_b0": (efficientnet, "b0", keras.applications.EfficientNetB0),
    "efficientnet_v2b0": (efficientnet_v2, "b0", keras.applications.EfficientNetV2B0),
}
# Without the classifier, as in keras.applications.
PARAMETERS = {"efficientnet_b0": 4_049_564, "efficientnet_v2b0": 5_919_312}
IMAGES = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("weights")
    for name in KERAS:
        keras_weights.write(name, made)
    return made


@pytest.fixture
def weights(folder, monkeypatch):
    """Return a folder of files with random weights, whose digests are the stated ones."""
    for name in KERAS:
        keras_weights.stated(name, folder / PUBLISHED[name].file.name, monkeypatch)
    return folder


def network(name, weights, frozen):
    images = keras.Input(IMAGES.shape[1:], dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 255)(images)
    return keras.Model(images, backbones.apply(name, scaled, 64, frozen, weights))


def answers(model):
    """Compute a model's answers without compiling it, which takes seconds."""
    return np.asarray(model(IMAGES, training=False))


@pytest.mark.parametrize("name", KERAS)
def test_address_and_digest_are_those_in_the_installed_keras(name):
    module, size, _ = KERAS[name]
    file = PUBLISHED[name].file
    assert (file.kind, file.digest) == ("md5", module.WEIGHTS_HASHES[size][1])
    assert file.urls == (module.BASE_WEIGHTS_PATH + file.name,)


@pytest.mark.parametrize("name", KERAS)
def test_features_are_those_of_the_model_that_keras_loads_itself(name, weights, monkeypatch):
    module, _, make = KERAS[name]
    path = weights / PUBLISHED[name].file.name
    # In the place of Keras' own download; with "imagenet" it adds a layer of preprocessing.
    monkeypatch.setattr(module.file_utils, "get_file", lambda *_, **__: path)
    published = make(include_top=False, weights="imagenet", pooling="avg", input_shape=(64, 64, 3))
    expected = answers(published)
    found = network(name, weights, backbones.NETWORKS[name].blocks + 1)
    assert expected.std() > 0.01
    assert answers(found) == pytest.approx(expected, abs=1e-4)
    assert found.count_params() == PARAMETERS[name]


@pytest.mark.parametrize("name", KERAS)
def test_only_layers_behind_the_mark_are_trained(name, weights):
    model = network(name, weights, backbones.NETWORKS[name].blocks - 1)
    body, head = features.parted(model)
    assert not body.trainable_variables
    assert len(head.trainable_variables) == len(model.trainable_variables)
    stage = "block7a" if name == "efficientnet_b0" else "block6h"
    assert [layer.name for layer in model.layers if layer.trainable_variables] == [
        f"{stage}_expand_conv",
        f"{stage}_dwconv" + "2" * (name == "efficientnet_v2b0"),
        f"{stage}_se_reduce",
        f"{stage}_se_expand",
        f"{stage}_project_conv",
        "top_conv",
    ]


def test_two_builds_with_one_seed_are_the_same_to_the_last_digit(weights):
    described = []
    for _ in range(2):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(3)
        model = network("efficientnet_b0", weights, 12)
        head = keras.layers.Dense(2, name="logits")
        head.build((None, 1280))
        described.append((model.to_json(), head.get_weights()[0].tobytes()))
    assert described[0] == described[1]


def test_another_file_than_the_published_one_is_refused(tmp_path):
    (tmp_path / "efficientnetb0_notop.h5").write_bytes(b"other")
    with pytest.raises(ConvoyError, match=r"md5 \w+, expected 50bc09e7.*dvc repro download"):
        network("efficientnet_b0", tmp_path, 12)
