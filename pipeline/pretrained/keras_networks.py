"""EfficientNetB0 and EfficientNetV2B0 as `keras.applications` has them, without the classifier.

Sources: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks"; Tan and Le 2021, "EfficientNetV2: Smaller Models and Faster Training". Keras builds
them and reads their weights. Both take values from 0 to 255, and scale them inside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from pipeline.training.features import marked

# What Keras divides by the root of in EfficientNetB0, after it has normalised the images, if it
# loads the published weights itself (https://github.com/tensorflow/tensorflow/issues/49930).
ROOTS = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class KerasNetwork:
    """One of these networks.

    Attributes:
        make: Builds it with Keras.
        ends: The name of the last layer of each block.
        roots: As `ROOTS`, or None where nothing is divided any further.
    """

    make: Callable[..., keras.Model]
    ends: tuple[str, ...]
    roots: tuple[float, float, float] | None = None

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self.ends)

    def apply(self, images: keras.KerasTensor, frozen: int, path: Path) -> keras.KerasTensor:
        """Build the layers with their published weights, from images to features [n, 1280].

        The normalisations of batches stay as they were published, in training too, because few
        images of another kind would spoil them ("Image classification via fine-tuning with
        EfficientNet" in Keras' guides).

        Args:
            images: [n, h, w, 3], from 0 to 255.
            frozen: After so many blocks, or at the end, a layer `FROZEN_END`, which changes
                nothing, marks where training begins.
            path: The .h5 file of weights.
        """
        published = self.make(include_top=False, weights=None, input_shape=images.shape[1:])
        published.load_weights(path)

        def copied(layer: keras.Layer) -> keras.Layer:
            config = layer.get_config()
            if isinstance(layer, keras.layers.Normalization):
                return self._constant(layer)
            if isinstance(layer, keras.layers.Rescaling):
                # The range of the values needs all digits, whatever the precision.
                config["dtype"] = "float32"
            if isinstance(layer, keras.layers.BatchNormalization):
                config["trainable"] = False
            return type(layer).from_config(config)

        outputs: dict[str, keras.KerasTensor] = {}

        def called(layer: keras.Layer, *inputs: keras.KerasTensor, **more: object) -> object:
            answer = layer(*inputs, **more)
            if frozen <= self.blocks and layer.name == self.ends[frozen - 1]:
                answer = marked(answer)
            outputs[layer.name] = answer
            return answer

        network = keras.models.clone_model(
            published, input_tensors=images, clone_function=copied, call_function=called
        )
        for layer in network.layers:
            if layer.weights:
                layer.set_weights(published.get_layer(layer.name).get_weights())
        # Means over 25 pixels and more need all digits, too.
        pool = keras.layers.GlobalAveragePooling2D(name="pool", dtype="float32")
        # Not `network.output`: Keras gives a model that begins in the midst of another new tensors.
        features = pool(outputs[published.layers[-1].name])
        return marked(features) if frozen > self.blocks else features

    def _constant(self, layer: keras.layers.Normalization) -> keras.layers.Normalization:
        """Return the layer with its mean and variance as constants in the place of weights.

        They are no parameters, and a copy of the model has them without further ado.
        """
        mean, variance = (
            keras.ops.convert_to_numpy(values).ravel() for values in (layer.mean, layer.variance)
        )
        if self.roots:
            variance = variance * np.asarray(self.roots)
        return keras.layers.Normalization(
            mean=mean.tolist(), variance=variance.tolist(), name=layer.name, dtype="float32"
        )


def _ends(repeats: tuple[int, ...], without: str, adding: str) -> tuple[str, ...]:
    """Return the names that Keras gives to the last layers of the blocks of some stages.

    Args:
        repeats: Number of blocks of each stage.
        without: The last layer of the first block of a stage, which adds nothing to its input.
        adding: The last layer of all others.
    """
    return tuple(
        f"block{stage}{chr(ord('a') + repeat)}_{adding if repeat else without}"
        for stage, count in enumerate(repeats, start=1)
        for repeat in range(count)
    )


B0 = KerasNetwork(
    keras.applications.EfficientNetB0, _ends((1, 2, 2, 3, 3, 4, 1), "project_bn", "add"), ROOTS
)
# The first stage has an activation after its last normalisation.
V2B0 = KerasNetwork(
    keras.applications.EfficientNetV2B0,
    ("block1a_project_activation", *_ends((1, 2, 2, 3, 5, 8), "project_bn", "add")[1:]),
)
