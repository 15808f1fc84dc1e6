"""The worst mistakes: wrongly classified images, most confident predictions first."""

from pathlib import Path

import numpy as np

from pipeline.evaluation.scoring import Predictions
from pipeline.figures.canvas import caption, path_caption, picture, show_image
from pipeline.training.batches import SplitFolder

ROWS, COLUMNS = 4, 6


def draw(judged: Predictions, test: SplitFolder, title: str, path: Path) -> None:
    """Draw up to 24 mistakes with their class, the predicted class and its probability."""
    worst = worst_mistakes(judged)[: ROWS * COLUMNS]
    images = test.images(worst)
    with picture(path, ROWS, COLUMNS, (1.5 * COLUMNS, 1.75 * ROWS)) as grid:
        grid[0, 0].figure.suptitle(title if len(worst) else f"{title}: none")
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, index, image in zip(grid.flat, worst, images, strict=False):
            show_image(axes, image)
            axes.set_title(_caption(judged, int(index), test), fontsize=7)


def worst_mistakes(judged: Predictions) -> np.ndarray:
    """Return the wrongly classified images, most probable wrong class first, int64 [k]."""
    wrong = np.flatnonzero(~judged.correct)
    return wrong[np.argsort(-judged.probability[wrong], kind="stable")]


def _caption(judged: Predictions, index: int, test: SplitFolder) -> str:
    """Return the path of a picture file, or the index of another image, and the two classes."""
    actual, predicted = (
        caption(test.classes[labels[index]]) for labels in (judged.actual, judged.predicted)
    )
    where = f"{path_caption(test.picture_files[index])}\n" if test.picture_files else f"#{index}: "
    return f"{where}{actual}\nas {predicted} ({judged.probability[index]:.2f})"
