import keras
import numpy as np
import pytest

from pipeline.training.gelu import vectorised

FEATURES = np.linspace(-6, 6, 97, dtype="float32").reshape(1, -1)


def model(dtype):
    """Give GELU as a model of one layer."""
    features = keras.Input((FEATURES.shape[1],), dtype="float32")
    return keras.Model(features, keras.layers.Activation("gelu", dtype=dtype)(features))


def trained(fast):
    """Train a layer with GELU for a few steps; give its weights."""
    keras.utils.set_random_seed(1)
    images = keras.Input((FEATURES.shape[1],))
    hidden = keras.layers.Dense(8, activation="gelu")(images)
    network = keras.Model(images, keras.layers.Dense(1)(hidden))
    network.compile(keras.optimizers.SGD(0.01), "mean_squared_error")

    def fit():
        network.fit(np.tile(FEATURES, (8, 1)), np.ones((8, 1)), epochs=3, verbose=0)

    if fast:
        with vectorised(network):
            fit()
    else:
        fit()
    return network.get_weights()


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("bfloat16", 2e-2)])
def test_it_is_gelu(dtype, tolerance):
    layer = model(dtype)
    expected = FEATURES * 0.5 * (1 + keras.ops.convert_to_numpy(keras.ops.erf(FEATURES / 2**0.5)))
    with vectorised(layer):
        given = keras.ops.convert_to_numpy(keras.ops.cast(layer(FEATURES), "float32"))
    assert given == pytest.approx(expected, rel=tolerance, abs=tolerance)


def test_training_ends_with_the_weights_of_keras_own():
    for weights, expected in zip(trained(fast=True), trained(fast=False), strict=True):
        assert weights == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="operations of TensorFlow")
def test_inside_the_block_alone_it_is_another_operation():
    import tensorflow as tf

    layer = model("float32")

    def operations():
        traced = tf.function(lambda: layer(FEATURES)).get_concrete_function()
        return {operation.type for operation in traced.graph.get_operations()}

    with vectorised(layer):
        assert "Erf" in operations() and "Erfc" not in operations()
    assert "Erfc" in operations()


def test_a_model_is_as_before_when_training_fails():
    layer = model("float32")
    with pytest.raises(RuntimeError), vectorised(layer):
        raise RuntimeError
    assert layer.layers[-1].activation is keras.activations.gelu
