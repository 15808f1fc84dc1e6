import keras
import numpy as np
import pytest

from pipeline.training.gelu import VectorisedGelu, own

FEATURES = np.linspace(-4, 4, 96, dtype="float32").reshape(-1, 1)
TARGETS = np.sin(FEATURES)
tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="with other backends GELU is left as it is"
)


def trained(callbacks=(), dtype="float32"):
    """Fit a small network with GELU inside another model; give it and its learning curve."""
    keras.utils.set_random_seed(1)
    inner = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(16, activation="gelu", dtype=dtype),
            keras.layers.Activation("gelu", dtype=dtype),
            keras.layers.Dense(1, dtype="float32"),
        ]
    )
    number = keras.Input((1,))
    model = keras.Model(number, inner(number))
    model.compile(keras.optimizers.SGD(0.01), "mean_squared_error")
    history = model.fit(
        FEATURES,
        TARGETS,
        validation_data=(FEATURES, TARGETS),
        batch_size=16,
        epochs=3,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    ).history
    return model, history


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-4), ("mixed_bfloat16", 3e-2), ("mixed_float16", 5e-3)]
)
def test_training_ends_with_the_weights_of_keras_own(dtype, tolerance):
    ours, theirs = (trained(each, dtype)[0] for each in ([VectorisedGelu()], []))
    for weights, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert weights == pytest.approx(expected, rel=tolerance, abs=tolerance)


class Operations(keras.callbacks.Callback):
    """Notes at each step which operations GELU would be traced to."""

    def __init__(self):
        super().__init__()
        self.learning, self.scoring = set(), set()

    def on_train_batch_begin(self, batch, logs=None):
        self.learning |= operations(self.model)

    def on_test_batch_begin(self, batch, logs=None):
        self.scoring |= operations(self.model)


def operations(model):
    import tensorflow as tf

    traced = tf.function(lambda: model(FEATURES)).get_concrete_function()
    return {operation.type for operation in traced.graph.get_operations()} & {"Erf", "Erfc"}


@tensorflow_only
def test_learning_alone_is_vectorised():
    noted = Operations()
    model, _ = trained([VectorisedGelu(), noted])
    assert (noted.learning, noted.scoring) == ({"Erf"}, {"Erfc"})
    assert operations(model) == {"Erfc"}


def test_what_is_scored_while_fitting_is_what_is_left():
    model, history = trained([VectorisedGelu()], "mixed_bfloat16")
    assert model.evaluate(FEATURES, TARGETS, batch_size=16, verbose=0) == history["val_loss"][-1]


def test_layers_are_left_as_they_were():
    model, _ = trained([VectorisedGelu()])
    inner = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    assert [layer.activation is own for layer in inner.layers] == [True, True, False]
