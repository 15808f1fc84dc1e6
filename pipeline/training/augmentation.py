"""The augmentation of images, which happens only in training."""

import keras
from keras import ops

from pipeline.config.conditions import Conditions


def learner(model: keras.Model, conditions: Conditions) -> keras.Model:
    """Build a model with the augmentation in front of `model`; it is fitted in place of `model`.

    Both share their weights, so `model` itself is saved without the augmentation.
    """
    images = keras.Input(model.input_shape[1:], dtype=model.input.dtype, name="images")
    varied = images
    augment = conditions.augment
    if augment.shift or augment.flip or augment.cutout:
        varied = Augment(augment.shift, augment.flip, augment.cutout)(images)
    return keras.Model(images, model(varied), name="learner")


class Augment(keras.layers.Layer):
    """A layer that shifts, mirrors and blanks a part of each image, [n, h, w, c] of any dtype.

    Each image varies independently. The border that a shift leaves is filled with the image's
    outermost pixels. Shift and mirror are one gather, the blank is one mask. With `training` false,
    images pass unchanged.
    """

    def __init__(self, shift: int, flip: bool, cutout: int):
        """Set the largest shift and the side of the blank, in pixels; 0 and False switch it off."""
        super().__init__(name="augment", autocast=False)
        self.shift, self.flip, self.cutout = shift, flip, cutout
        self.random = keras.random.SeedGenerator()

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Return varied images in training, and unchanged ones otherwise."""
        if not training:
            return images
        if self.shift or self.flip:
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
