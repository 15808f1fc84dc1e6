import keras
import numpy as np
import pytest

from pipeline.training import models
from pipeline.training.normalisation import BatchNormalization

IMAGES = np.random.default_rng(1).normal(3, 2, (32, 6, 6, 4)).astype("float32")
LABELS = np.arange(32) % 2


def trained(kind, dtype, channels):
    """Train a layer between two others for two steps; give the model."""
    keras.utils.set_random_seed(1)
    images = keras.Input((6, 6, 4))
    features = keras.layers.Conv2D(channels, 3, dtype=dtype)(images)
    features = kind(momentum=0.9, dtype=dtype)(features)
    features = keras.layers.GlobalMaxPooling2D()(features)
    model = keras.Model(images, keras.layers.Dense(2, activation="softmax")(features))
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.fit(IMAGES, LABELS, batch_size=16, shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 2e-2), ("mixed_float16", 5e-3)]
)
@pytest.mark.parametrize("channels", [8, 16])
def test_training_ends_with_the_weights_and_statistics_of_keras_own(dtype, tolerance, channels):
    ours = trained(BatchNormalization, dtype, channels).get_weights()
    theirs = trained(keras.layers.BatchNormalization, dtype, channels).get_weights()
    for weights, expected in zip(ours, theirs, strict=True):
        assert weights == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a kernel of TensorFlow")
@pytest.mark.parametrize("training", [True, False])
def test_only_training_is_fused(training):
    import tensorflow as tf

    layer = BatchNormalization()
    layer.build(IMAGES.shape)
    traced = tf.function(lambda: layer(IMAGES, training=training)).get_concrete_function()
    fused = [op for op in traced.graph.get_operations() if op.type.startswith("FusedBatchNorm")]
    assert bool(fused) == training


@pytest.mark.parametrize(
    ("settings", "shape"),
    [({}, (8, 5)), ({"axis": 1}, (8, 3, 6, 6)), ({"center": False}, (8, 6, 6, 3))],
)
def test_what_cannot_be_fused_is_as_keras_does_it(settings, shape):
    features = np.random.default_rng(1).normal(3, 2, shape).astype("float32")
    ours, theirs = BatchNormalization(**settings), keras.layers.BatchNormalization(**settings)
    for _ in range(2):
        given, expected = ours(features, training=True), theirs(features, training=True)
    convert = keras.ops.convert_to_numpy
    assert np.array_equal(convert(given), convert(expected))
    for mine, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.array_equal(mine, wanted)


def test_a_model_to_be_saved_holds_keras_own_and_answers_the_same():
    keras.utils.set_random_seed(1)
    model, _ = models.build("resnet", {"blocks_a_stage": 1, "filters": 8}, (8, 8, 3), 4)
    assert any(isinstance(layer, BatchNormalization) for layer in model.layers)
    model.set_weights([weights + 0.1 for weights in model.get_weights()])
    plain = models.plain(model)
    assert "pipeline" not in plain.to_json()
    images = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 3)).astype(np.uint8)
    assert np.array_equal(plain.predict(images, verbose=0), model.predict(images, verbose=0))
