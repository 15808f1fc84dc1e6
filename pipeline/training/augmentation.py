"""The augmentation of images, which happens only in training."""

import math

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.config.conditions import Conditions


def learner(model: keras.Model, conditions: Conditions) -> keras.Model:
    """Build a model with the augmentation in front of `model`; it is fitted in place of `model`.

    Both share their weights, so `model` itself is saved without the augmentation.
    """
    images = keras.Input(model.input_shape[1:], dtype=model.input.dtype, name="images")
    varied = images
    if augments(conditions):
        varied = Augment(**conditions.augment.model_dump())(images)
    return keras.Model(images, model(varied), name="learner")


def augments(conditions: Conditions) -> bool:
    """Return whether training images are varied at all."""
    return any(conditions.augment.model_dump().values())


def variations(images: NDArray[np.uint8], conditions: Conditions, count: int) -> NDArray[np.uint8]:
    """Return what a training might see of each image, always the same: [n, count, h, w, c]."""
    keras.utils.set_random_seed(0)
    layer = Augment(**conditions.augment.model_dump())
    seen = [np.asarray(layer(ops.convert_to_tensor(images), training=True)) for _ in range(count)]
    return np.stack(seen, axis=1)


class Augment(keras.layers.Layer):
    """A layer that moves, mirrors, turns, scales and blanks a part of each image, [n, h, w, c].

    Each image varies independently. The border that a movement leaves is filled with the image's
    outermost pixels. Shift and mirror alone are one gather of whole pixels; with rotation or zoom
    all four are one bilinear resampling. The blank is one mask. With `training` false, images pass
    unchanged.
    """

    def __init__(
        self, shift: int, flip: bool, cutout: int, rotation: float = 0.0, zoom: float = 0.0
    ):
        """Set how far each part goes; 0 and False switch it off.

        Args:
            shift: Most pixels along each axis.
            flip: Whether every other image, at random, is mirrored left to right.
            cutout: Side in pixels of the blanked square.
            rotation: Most degrees, either way.
            zoom: Most that an image grows or shrinks by: 0.1 means by a factor of 0.9 to 1.1.
        """
        super().__init__(name="augment", autocast=False)
        self.shift, self.flip, self.cutout = shift, flip, cutout
        self.rotation, self.zoom = rotation, zoom
        self.random = keras.random.SeedGenerator()

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Return varied images in training, and unchanged ones otherwise."""
        if not training:
            return images
        if self.rotation or self.zoom:
            images = self._turn(images)
        elif self.shift or self.flip:
            images = self._move(images)
        return self._blank(images) if self.cutout else images

    def _move(self, images: keras.KerasTensor) -> keras.KerasTensor:
        _, height, width, channels = images.shape
        count = ops.shape(images)[0]
        rows = self._shifted(height, count)
        columns = self._shifted(width, count)
        if self.flip:
            mirrored = self._draw(count, 2) == 1
            columns = ops.where(mirrored, width - 1 - columns, columns)
        first = ops.arange(count)[:, None, None] * (height * width)
        pixels = first + rows[:, :, None] * width + columns[:, None, :]
        flat = ops.reshape(images, (-1, channels))
        return ops.reshape(ops.take(flat, pixels, axis=0), (-1, height, width, channels))

    def _turn(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Turn and scale each image about its centre, shift and mirror it, in one resampling."""
        _, height, width, _ = images.shape
        count = ops.shape(images)[0]
        angle = self._uniform(count, self.rotation * math.pi / 180)
        # The factor from an output pixel to the input pixel it shows: below 1 enlarges.
        scale = 1.0 / (1.0 + self._uniform(count, self.zoom))
        cosine, sine = scale * ops.cos(angle), scale * ops.sin(angle)
        mirror = 1.0
        if self.flip:
            mirror = 1.0 - 2.0 * ops.cast(self._draw(count, 2), "float32")[:, 0]
        x, y = (width - 1) / 2, (height - 1) / 2
        right, down = self._offset(count), self._offset(count)
        a, b, c, d = cosine * mirror, -sine, sine * mirror, cosine
        zero = ops.zeros_like(a)
        rows = [a, b, x + right - a * x - b * y, c, d, y + down - c * x - d * y, zero, zero]
        # In float32, since TensorFlow cuts the fractions of whole-numbered images off.
        turned = ops.image.affine_transform(
            ops.cast(images, "float32"),
            ops.stack(rows, axis=1),
            interpolation="bilinear",
            fill_mode="nearest",
        )
        return ops.cast(ops.round(turned), images.dtype)

    def _uniform(self, count: keras.KerasTensor, most: float) -> keras.KerasTensor:
        """Draw one number from -most to most for each image, float32 [n]."""
        return keras.random.uniform((count,), -most, most, "float32", seed=self.random)

    def _offset(self, count: keras.KerasTensor) -> keras.KerasTensor:
        """Draw one shift in whole pixels for each image, float32 [n]."""
        return ops.cast(self._draw(count, 2 * self.shift + 1) - self.shift, "float32")[:, 0]

    def _shifted(self, size: int, count: keras.KerasTensor) -> keras.KerasTensor:
        """Return for each image the source of each of its rows (or columns), [n, size]."""
        moved = ops.arange(size)[None, :] + self._draw(count, 2 * self.shift + 1) - self.shift
        return ops.clip(moved, 0, size - 1)

    def _blank(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Fill a square with the batch's mean colour; near a border, part of it lies outside."""
        _, height, width, _ = images.shape
        count = ops.shape(images)[0]
        rows, columns = self._covered(height, count), self._covered(width, count)
        mask = ops.logical_and(rows[:, :, None], columns[:, None, :])[..., None]
        mean = ops.mean(ops.cast(images, "float32"), axis=(0, 1, 2), keepdims=True)
        return ops.where(mask, ops.cast(mean, images.dtype), images)

    def _covered(self, size: int, count: keras.KerasTensor) -> keras.KerasTensor:
        """Return whether the square covers each row (or column) of each image, bool [n, size]."""
        start = self._draw(count, size) - self.cutout // 2
        place = ops.arange(size)[None, :]
        return ops.logical_and(place >= start, place < start + self.cutout)

    def _draw(self, count: keras.KerasTensor, end: int) -> keras.KerasTensor:
        """Draw one whole number from 0 to end - 1 for each image, int32 [n, 1]."""
        return keras.random.randint((count, 1), 0, end, seed=self.random)
