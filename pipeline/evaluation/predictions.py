"""The table of predictions, written by `evaluate` and kept in git: the source of every verdict.

Each row is an image; if it was a picture file, `file` is its path within `dataset.path`, and with
`split.group_by`, `group` is its group. For each
released model the table has the predicted class (`NAME_predicted`), the probability of that class
(`NAME_probability`) and the cross-entropy in nats (`NAME_loss`); for the model of each seed it has
the predicted class (`NAME_seed1`, ...) and the cross-entropy (`NAME_seed1_loss`, ...). This is
enough for accuracy, F1 and log loss, and for 10,000 images and 5 seeds it is about a megabyte.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConvoyError
from pipeline.base.parsing import finite, shortened
from pipeline.evaluation.comparison import Judged

NAMES = ("tuned", "baseline")
FILE, GROUP = "file", "group"


class PredictionsError(ConvoyError):
    """A table of predictions that `evaluate` cannot have written."""


def columns(
    models: Mapping[str, Judged],
    probability: Mapping[str, NDArray[np.float64]],
    seeds: Mapping[str, list[int]],
    files: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> dict[str, list]:
    """Build the table by columns, released models first.

    Args:
        models: The predictions of each configuration.
        probability: Probability of the predicted class, [n], for each released model.
        seeds: The seeds, in the order of the rows of `Judged.seeds`.
        files: Path of each picture file, [n]; None if the images were no files.
        groups: Name of each image's group, [n]; None if there are no groups.
    """
    actual = next(iter(models.values())).actual
    table: dict[str, list] = {"index": list(range(len(actual)))}
    if files is not None:
        table[FILE] = list(files)
    if groups is not None:
        table[GROUP] = list(groups)
    table["actual"] = actual.tolist()
    for name, judged in models.items():
        table[f"{name}_predicted"] = judged.released.tolist()
        table[f"{name}_probability"] = [f"{value:.3g}" for value in probability[name]]
        table[f"{name}_loss"] = [_four_decimals(value) for value in judged.loss]
    for name, judged in models.items():
        for seed, predicted in zip(seeds[name], judged.seeds, strict=True):
            table[f"{name}_seed{seed}"] = predicted.tolist()
        if judged.losses is not None:
            for seed, losses in zip(seeds[name], judged.losses, strict=True):
                table[f"{name}_seed{seed}_loss"] = [_four_decimals(value) for value in losses]
    return table


def parse(text: str, name: str, where: str) -> tuple[Judged, NDArray[np.float64]]:
    """Parse one configuration's predictions, and the probabilities of the predicted classes.

    Args:
        text: The file's content.
        name: "tuned" or "baseline".
        where: The file's name in error messages.

    Raises:
        PredictionsError: a column is missing, there are no rows, a row has too few or too many
            cells, or a value is not a number.
    """
    try:
        header, *rows = list(csv.reader(io.StringIO(text))) or [[]]
    except csv.Error as error:
        raise PredictionsError(f"{where}: {error}") from None
    seeds = [column for column in header if re.fullmatch(rf"{name}_seed\d+", column)]
    needed = ["actual", *(f"{name}_{part}" for part in ("predicted", "probability", "loss"))]
    missing = [column for column in needed if column not in header]
    if missing or not seeds:
        lacking = ", ".join(missing or [f"{name}_seed…"])
        raise PredictionsError(
            f"{where}: no column {lacking}. It was written by another version of the pipeline; "
            "run `dvc repro evaluate` there."
        )
    if not rows or any(len(row) != len(header) for row in rows):
        cells = ", ".join(map(str, sorted({len(row) for row in rows}))) or "no rows"
        raise PredictionsError(f"{where}: cells in a row: {cells}; expected: {len(header)}")
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    groups = numbered(columns[GROUP]) if GROUP in columns else None
    # Older versions wrote the loss of the released model alone.
    of_seeds = [f"{seed}_loss" for seed in seeds if f"{seed}_loss" in columns]
    wanted = [*needed, *seeds, *of_seeds]
    try:
        by_column = {column: np.array([*map(finite, columns[column])]) for column in wanted}
    except ValueError as error:
        raise PredictionsError(f"{where}: {shortened(error)}") from None
    actual, predicted = (by_column[column].astype(np.int64) for column in needed[:2])
    by_seed = np.stack([by_column[column] for column in seeds]).astype(np.int64)
    known = len(of_seeds) == len(seeds)
    losses = np.stack([by_column[column] for column in of_seeds]) if known else None
    numbers = tuple(seed.removeprefix(f"{name}_seed") for seed in seeds)
    judged = Judged(actual, predicted, by_column[f"{name}_loss"], by_seed, losses, groups, numbers)
    return judged, by_column[f"{name}_probability"]


def numbered(groups: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each image's group, [n]."""
    return np.unique(np.array(groups), return_inverse=True)[1].astype(np.int64)


def _four_decimals(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
