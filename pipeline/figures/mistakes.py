"""The worst mistakes: wrongly classified images, most confident predictions first."""

from pathlib import Path

import numpy as np

from pipeline.evaluation.scoring import Predictions
from pipeline.figures.canvas import caption, path_caption, show_image, tiles
from pipeline.training.batches import SplitFolder

# Fewer columns have no room for the title.
MOST, COLUMNS, LEAST_COLUMNS = 24, 6, 3


def draw(name: str, judged: Predictions, test: SplitFolder, path: Path) -> None:
    """Draw up to 24 mistakes of a model: actual class, predicted class and its probability."""
    worst = worst_mistakes(judged)
    shown = worst[:MOST]
    columns = min(COLUMNS, max(LEAST_COLUMNS, len(shown)))
    with tiles(path, _title(name, len(worst), len(test)), len(shown), columns, (1.5, 1.9)) as grid:
        for axes, index, image in zip(grid, shown, test.images(shown), strict=False):
            show_image(axes, image)
            axes.set_title(_caption(judged, int(index), test), fontsize=9)


def _title(name: str, wrong: int, n: int) -> str:
    if not wrong:
        return f"{name}: no mistake in {n:,} test images"
    which = f"the {MOST} surest of {wrong:,}" if wrong > MOST else f"all {wrong}"
    which = f"{which} mistakes" if wrong > 1 else "the one mistake"
    return f"{name}: {which} in {n:,} test images\n(actual, predicted, its probability)"


def worst_mistakes(judged: Predictions) -> np.ndarray:
    """Return the wrongly classified images, most probable wrong class first, int64 [k]."""
    wrong = np.flatnonzero(~judged.correct)
    return wrong[np.argsort(-judged.probability[wrong], kind="stable")]


def _caption(judged: Predictions, index: int, test: SplitFolder) -> str:
    """Return the path of a picture file, or the index of another image, and the two classes."""
    actual, predicted = (
        caption(test.classes[labels[index]]) for labels in (judged.actual, judged.predicted)
    )
    where = path_caption(test.picture_files[index], 20) if test.picture_files else f"#{index}"
    # Two short names fit on a line.
    break_or_space = " " if len(actual) + len(predicted) < 12 else "\n"
    predicted = f"as {predicted}, {judged.probability[index]:.2f}"
    return f"{where}\n{actual}{break_or_space}{predicted}"
