"""The check of an exported model against the released one, on the test images."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConvoyError
from pipeline.export.formats import Run
from pipeline.training.batches import INFERENCE_BATCH, Batches, SplitFolder

# Float32 in another order of operations differs by some units of the seventh digit.
MOST_APART = 1e-3


@dataclass(frozen=True)
class Parity:
    """How far an exported model is from `predict`, on the same images.

    Attributes:
        images: Number of images compared.
        same: Number of images with the same most probable class.
        apart: Largest difference of a probability from `predict`, which may compute with 16 bits.
        apart_in_float32: The same, from the released model computed in float32.
    """

    images: int
    same: int
    apart: float
    apart_in_float32: float

    @property
    def sentence(self) -> str:
        """The result as half a sentence."""
        turned = self.images - self.same
        return (
            f"{self.same:,} of {self.images:,} test images have the same class, and no probability "
            f"differs by more than {at_most(self.apart)}"
            + (
                f" ({turned:,} so close between two classes that rounding turns them)"
                * bool(turned)
            )
        )


def at_most(value: float) -> str:
    """Write a number of two digits that is not below `value`."""
    return f"{float(f'{value * 1.05:.1e}'):g}" if value else "0"


def probabilities(model: keras.Model, images: SplitFolder) -> NDArray[np.float32]:
    """Return the probabilities of a Keras model for a split, [n, classes], as `predict` does."""
    return model.predict(Batches(images, INFERENCE_BATCH), verbose=0)


def compare(
    run: Run,
    released: NDArray[np.float32],
    exact: NDArray[np.float32],
    images: SplitFolder,
) -> Parity:
    """Run an exported model on the images and compare its probabilities.

    Args:
        run: The exported model.
        released: Probabilities of the released model, [n, classes].
        exact: Those of the same model in float32.
        images: The test images.

    Raises:
        ConvoyError: it differs from the model in float32 by more than rounding.
    """
    parts = [
        run(images.images(slice(begin, begin + INFERENCE_BATCH)))
        for begin in range(0, len(images), INFERENCE_BATCH)
    ]
    found = np.concatenate(parts)
    apart = float(np.abs(found - exact).max())
    if not apart <= MOST_APART:  # NaN is no number below it
        raise ConvoyError(
            f"The exported model is wrong: a probability differs by {apart:.2g} from the released "
            f"model in float32, at most {MOST_APART:g} is rounding. Nothing was kept. Another "
            "format may do; please report this one."
        )
    same = int((found.argmax(axis=1) == released.argmax(axis=1)).sum())
    return Parity(len(images), same, float(np.abs(found - released).max()), apart)
