"""Each class against the rest: sensitivity, specificity, and the ROC curve of its probability."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.scoring import Predictions
from pipeline.statistics import separation
from pipeline.statistics.groups import proportion_interval

# Of more classes, and of more points of one, a table of curves would be large.
MOST_CURVES, MOST_POINTS = 10, 200
DECIMALS = 4


def columns(
    judged: Predictions, probabilities: NDArray[np.floating]
) -> Iterator[dict[str, float | str]]:
    """Yield for each class what it is against the rest; empty where it cannot be measured.

    Sensitivity is the recall; specificity is the share of the other classes' images that are not
    taken for the class; `auc` is the area under the ROC curve of the class's probability. Each has
    its 95 % interval.
    """
    for label in range(probabilities.shape[1]):
        ours, taken = judged.actual == label, judged.predicted == label
        yield {
            **_proportion("sensitivity", taken, ours, judged.groups),
            **_proportion("specificity", ~taken, ~ours, judged.groups),
            **_with_ends("auc", separation.area(ours, probabilities[:, label], judged.groups)),
        }


def curves(
    actual: NDArray[np.int64], probabilities: NDArray[np.floating], classes: list[str]
) -> Iterator[tuple[str, float, float]]:
    """Yield the points of each class's ROC curve: class, false and true positive rate.

    There are no points if there are more than ten classes. Of two classes only the second has a
    curve, since that of the first is its mirror image.
    """
    labels = range(1, 2) if len(classes) == 2 else range(len(classes))
    for label in labels if len(classes) <= MOST_CURVES else ():
        ours = actual == label
        if ours.any() and not ours.all():
            points = separation.curve(ours, probabilities[:, label], MOST_POINTS)
            for false, true in points.round(DECIMALS).tolist():
                yield classes[label], false, true


def _proportion(
    name: str,
    right: NDArray[np.bool_],
    among: NDArray[np.bool_],
    groups: NDArray[np.int64] | None,
) -> dict[str, float | str]:
    if not among.any():
        return _with_ends(name, None)
    chosen = right[among]
    ends = proportion_interval(chosen, None if groups is None else groups[among])
    return _with_ends(name, (float(chosen.mean()), *ends))


def _with_ends(name: str, found: tuple[float, float, float] | None) -> dict[str, float | str]:
    keys = (name, f"{name}_low", f"{name}_high")
    values = ("", "", "") if found is None else tuple(round(value, DECIMALS) for value in found)
    return dict(zip(keys, values, strict=True))
