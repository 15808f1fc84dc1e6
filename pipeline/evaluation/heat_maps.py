"""Heat maps: which parts of an image made the model choose a class.

LayerCAM: Jiang, Zhang, Hou, Cheng and Wei 2021, "LayerCAM: Exploring Hierarchical Class Activation
Maps for Localization", IEEE Transactions on Image Processing 30, 5875-5888. Each value of a layer's
feature maps is weighted by its own gradient where that is positive (equations 6 to 8). Grad-CAM
(Selvaraju et al. 2017) weights whole maps by their mean gradient, which is wrong where a Dense
layer reads each place with weights of its own, as behind Flatten.
"""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.base.errors import ConvoyError

# The deepest layer that still tells this many places a side apart. Deeper maps tell classes apart,
# but with 3 × 3 places a map says little about where.
LEAST_PLACES = 5
LOGITS = "logits"
MOVING = {"ZeroPadding2D", "Cropping2D", "Permute", "Dropout", "Identity", "Resizing"}


def core(model: keras.Model) -> keras.Model:
    """Return the network itself: of a model that also looks at mirror images, the one inside."""
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return nested[0] if nested else model


def map_layers(model: keras.Model) -> list[keras.Layer]:
    """Return the layers from the first convolution on that make maps, [n, h, w, c].

    Layers that only move or copy values, such as padding, are left out.
    """
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
    names = [layer.name for layer in model.layers if isinstance(layer, kinds)]
    if not names:
        return []
    begin = [layer.name for layer in model.layers].index(names[0])
    return [
        layer
        for layer in model.layers[begin:]
        if len(layer.output.shape) == 4 and type(layer).__name__ not in MOVING
    ]


def layer_for(model: keras.Model) -> keras.Layer | None:
    """Choose the layer whose maps are shown; None for a network without feature maps."""
    found = map_layers(model)
    sides = [min(layer.output.shape[1:3]) for layer in found]
    wanted = min(LEAST_PLACES, max(sides, default=0))
    deep = [layer for layer, side in zip(found, sides, strict=True) if side >= wanted]
    return deep[-1] if deep else None


def layer_cam(
    model: keras.Model, images: NDArray[np.uint8], labels: Sequence[int]
) -> NDArray[np.float32] | None:
    """Compute one heat map an image, float32 [n, height, width] from 0 to 1.

    Args:
        model: As `pipeline/training/models.py` builds it.
        images: uint8 [n, height, width, channels].
        labels: The class that is asked about, for each image.

    Returns:
        The maps, scaled so that each one's largest value is 1, or None if the network has no
        feature maps.

    Raises:
        ConvoyError: Keras runs on another backend than TensorFlow, which computes the gradients.
    """
    network = core(model)
    layer = layer_for(network)
    if layer is None:
        return None
    values, gradients = _values_and_gradients(network, layer, images, labels)
    maps = np.maximum(np.maximum(gradients, 0) * values, 0).sum(axis=-1)
    largest = maps.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)
    return np.stack([_enlarged(one, network, images.shape[1:3]) for one in scaled])


def laid_over(image: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return an image as grey with its heat map in red over it, uint8 [height, width, 3]."""
    grey = image.astype(np.float32).mean(axis=-1, keepdims=True)
    red = np.array([255.0, 64.0, 0.0], np.float32)
    share = 0.8 * heat[..., None]
    return ((1 - share) * grey + share * red).round().astype(np.uint8)


def _values_and_gradients(
    network: keras.Model, layer: keras.Layer, images: NDArray[np.uint8], labels: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a layer's output and the gradient of each image's logit, both [n, h, w, c]."""
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ConvoyError(
            f"KERAS_BACKEND = {backend!r}: heat maps need the gradients of TensorFlow. Unset it, "
            "or leave the heat maps out."
        )
    import tensorflow as tf

    both = keras.Model(network.input, [layer.output, network.get_layer(LOGITS).output])
    with tf.GradientTape() as tape:
        # Frozen weights too, or nothing behind them is recorded.
        tape.watch([weight.value for weight in network.weights if weight.dtype != "uint32"])
        values, logits = both(tf.constant(images), training=False)
        asked = tf.gather(tf.cast(logits, tf.float32), list(labels), axis=1, batch_dims=1)
        total = tf.reduce_sum(asked)
    gradients = tape.gradient(total, values)
    return (tf.cast(values, tf.float32).numpy(), tf.cast(gradients, tf.float32).numpy())


def _enlarged(
    one: NDArray[np.float32], network: keras.Model, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Enlarge a map to the image's size; a border that the network cuts off stays empty."""
    height, width = size
    crops = [layer for layer in network.layers if isinstance(layer, keras.layers.Cropping2D)]
    (top, bottom), (left, right) = crops[0].cropping if crops else ((0, 0), (0, 0))
    inner = (width - left - right, height - top - bottom)
    smooth = Image.fromarray(one.astype(np.float32)).resize(inner, Image.Resampling.BILINEAR)
    return np.pad(np.asarray(smooth), ((top, bottom), (left, right))).clip(0, 1)
