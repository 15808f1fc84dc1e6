"""Augmentation: what happens to the images of a batch in training, and only there."""

import keras
from keras import ops

from pipeline.config.conditions import Conditions


def learner(model: keras.Model, conditions: Conditions) -> keras.Model:
    """Put the augmentation in front of a model, to be fitted in its place.

    Both share their weights, so that the model itself is free of anything but itself when it is
    saved.
    """
    images = keras.Input(model.input_shape[1:], dtype=model.input.dtype, name="images")
    varied = images
    augment = conditions.augment
    if augment.shift or augment.flip or augment.cutout:
        varied = Augment(augment.shift, augment.flip, augment.cutout)(images)
    return keras.Model(images, model(varied), name="learner")


class Augment(keras.layers.Layer):
    """Shift, mirror and blank a part of each image, [n, h, w, c] of any dtype, each on its own.

    Where a shifted image leaves a border, its outermost pixels are repeated. All three are one
    gather and one mask; with `training` false, images pass unchanged.
    """

    def __init__(self, shift: int, flip: bool, cutout: int):
        """Say how far and how large, in pixels; 0 and False leave a part out."""
        super().__init__(name="augment", autocast=False)
        self.shift, self.flip, self.cutout = shift, flip, cutout
        self.random = keras.random.SeedGenerator()

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Vary the images in training."""
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
        """Say for each image which row (or column) each of its own comes from, [n, size]."""
        moved = ops.arange(size)[None, :] + self._draw(count, 2 * self.shift + 1) - self.shift
        return ops.clip(moved, 0, size - 1)

    def _blank(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Put the batch's mean colour over a square; near a border, part of it lies outside."""
        _, height, width, _ = images.shape
        count = ops.shape(images)[0]
        rows, columns = self._covered(height, count), self._covered(width, count)
        mask = ops.logical_and(rows[:, :, None], columns[:, None, :])[..., None]
        mean = ops.mean(ops.cast(images, "float32"), axis=(0, 1, 2), keepdims=True)
        return ops.where(mask, ops.cast(mean, images.dtype), images)

    def _covered(self, size: int, count: keras.KerasTensor) -> keras.KerasTensor:
        """Say which rows (or columns) of each image the square covers, bool [n, size]."""
        start = self._draw(count, size) - self.cutout // 2
        place = ops.arange(size)[None, :]
        return ops.logical_and(place >= start, place < start + self.cutout)

    def _draw(self, count: keras.KerasTensor, end: int) -> keras.KerasTensor:
        """Draw one whole number from 0 to end - 1 for each image, int32 [n, 1]."""
        return keras.random.randint((count, 1), 0, end, seed=self.random)
