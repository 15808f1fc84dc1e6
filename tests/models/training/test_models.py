import keras
import numpy as np
import pytest

from pipeline.base.errors import ConvoyError
from pipeline.training import models, saving
from pipeline.training.normalisation import BatchNormalization
from pipeline.training.recipe import Recipe

IMAGES = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)


def built(architecture="compact_cnn", values=None, **more):
    return models.build(architecture, values or {}, (8, 8, 3), 5, **more)


def test_a_model_reads_bytes_and_gives_probabilities():
    model, _ = built("mlp")
    assert model.name == "mlp"
    assert (model.input_shape, model.input.dtype) == ((None, 8, 8, 3), "uint8")
    probabilities = model.predict(IMAGES, verbose=0)
    assert (probabilities.shape, probabilities.dtype) == ((4, 5), np.float32)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-6)
    # The preprocessing is inside: black and white are not the same.
    black, white = (np.full((1, 8, 8, 3), grey, np.uint8) for grey in (0, 255))
    assert not np.allclose(model.predict(black, verbose=0), model.predict(white, verbose=0))


def test_values_that_are_named_are_taken_and_the_rest_are_the_published_ones():
    model, recipe = built("mlp", {"layers": 2, "units_2": 32, "batch_size": 64})
    assert [model.get_layer(f"dense_{n}").units for n in (1, 2)] == [128, 32]
    assert recipe == Recipe("adam", 1e-3, 64)


@pytest.mark.parametrize(
    "values",
    [
        {"unit_1": 64},  # there is no such hyperparameter
        {"layers": 1, "units_2": 64},  # there is, but not in a model of one layer
        {"optimizer": "sgd", "adam_learning_rate": 0.001},
    ],
)
def test_a_value_that_the_architecture_does_not_declare_is_refused(values):
    wrong = [*values][-1]
    with pytest.raises(
        ConvoyError, match=rf"^mlp: no such hyperparameter here: {wrong}\. .*units_1"
    ):
        built("mlp", values)


def test_a_precision_holds_for_one_model_and_not_for_the_next():
    half, _ = built(precision="mixed_bfloat16")
    assert half.get_layer("logits").compute_dtype == "bfloat16"
    assert half.output.dtype == "float32"
    assert built()[0].get_layer("logits").compute_dtype == "float32"


def test_a_plain_copy_has_layers_of_keras_alone_and_answers_alike():
    model, _ = built(values={"normalisation": "batch"})
    assert any(isinstance(layer, BatchNormalization) for layer in model.layers)
    for layer in model.layers:  # moments of batches, which an untrained model lacks
        if isinstance(layer, BatchNormalization):
            layer.moving_mean.assign(keras.ops.full(layer.moving_mean.shape, 0.1))
    copied = models.plain(model)
    assert {type(layer).__module__.partition(".")[0] for layer in copied.layers} == {"keras"}
    assert [layer.name for layer in copied.layers] == [layer.name for layer in model.layers]
    answers = [each.predict(IMAGES, verbose=0) for each in (model, copied)]
    assert answers[1] == pytest.approx(answers[0], abs=1e-6)


def test_a_mirrored_model_answers_with_the_mean_over_an_image_and_its_mirror_image(tmp_path):
    model, _ = built()
    saving.save(models.mirrored(model), tmp_path / "both.keras")
    both = saving.load(tmp_path / "both.keras")
    assert both.count_params() == model.count_params()
    answers = [model.predict(each, verbose=0) for each in (IMAGES, IMAGES[:, :, ::-1])]
    assert both.predict(IMAGES, verbose=0) == pytest.approx(np.mean(answers, axis=0), abs=1e-6)
