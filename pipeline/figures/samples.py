"""The picture of some training images of each class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.gathering import Gathered
from pipeline.figures import rows

COLUMNS = 10
MOST_CLASSES = 25


def draw(gathered: Gathered, chosen: NDArray[np.bool_], classes: Sequence[str], path: Path) -> None:
    """Draw one row for each of the first 25 classes, from the images that `chosen` [n] marks."""
    shown = classes[:MOST_CLASSES]
    images = np.full((len(shown), COLUMNS, *gathered.shape), 255, np.uint8)
    for label in range(len(shown)):
        indices = np.flatnonzero(chosen & (gathered.labels == label))[:COLUMNS]
        images[label, : len(indices)] = gathered.images(indices)
    more = len(classes) - len(shown)
    title = "training images" + (f" (and {more} more classes)" if more else "")
    rows.draw(images, shown, title, path)
