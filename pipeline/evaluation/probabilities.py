"""The probabilities that `evaluate` sees once and does not keep, and what is made of them."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.scoring import Predictions
from pipeline.statistics import temperature
from pipeline.statistics.calibration import calibration_error
from pipeline.statistics.label_errors import candidates
from pipeline.training.batches import INFERENCE_BATCH, Batches, SplitFolder

Probabilities = NDArray[np.float32]

MOST_CANDIDATES = 500
CANDIDATE_COLUMNS = ("part", "index", "file", "label", "rather", "label_probability", "probability")
DECIMALS = 4


class Seen:
    """The probabilities of one configuration: of the released model, and in the mean of seeds.

    Attributes:
        test: Of the released model for the test images, [n, classes].
        validation: The same for the validation images.
    """

    test: Probabilities
    validation: Probabilities | None = None

    def __init__(self, released: int, validation: SplitFolder | None = None) -> None:
        """Start with nothing seen.

        Args:
            released: The seed of the released model.
            validation: Images to classify as well; None for none.
        """
        self._released, self._images = released, validation
        self._sums: dict[str, Probabilities] = {}
        self._seeds = 0

    def receive(self, seed: int, model: keras.Model, probabilities: Probabilities) -> None:
        """Take the probabilities of one seed's model, as `judging.judge` hands them over."""
        found = {"test": probabilities}
        if self._images:
            found["validation"] = model.predict(Batches(self._images, INFERENCE_BATCH), verbose=0)
            for part, of_seed in found.items():
                self._sums[part] = self._sums.get(part, np.float32(0)) + of_seed
        self._seeds += 1
        if seed == self._released:
            self.test, self.validation = probabilities, found.get("validation")

    def means(self) -> dict[str, Probabilities]:
        """Return the mean probabilities of all seeds, "test" and "validation"."""
        return {part: total / np.float32(self._seeds) for part, total in self._sums.items()}


def calibration(seen: Seen, judged: Predictions, validation: SplitFolder | None) -> dict[str, Any]:
    """Return the calibration error of the released model, and the temperature that lessens it.

    The temperature is fitted on validation images and applied to the test images.
    """
    found = calibration_error(judged.probability, judged.correct, judged.groups)
    facts = {
        "expected_calibration_error": found.estimate,
        "interval": [found.low, found.high],
        "by_chance": found.by_chance,
    }
    if validation is None or seen.validation is None:
        return facts
    fitted, low, high = temperature.fit(validation.labels, seen.validation)
    highest = temperature.scaled(seen.test, fitted).max(axis=1)
    after = calibration_error(highest, judged.correct, judged.groups)
    return facts | {
        "temperature": fitted,
        "temperature_interval": [low, high],
        "error_at_temperature": after.estimate,
    }


def doubtful(means: dict[str, Probabilities], parts: dict[str, SplitFolder]) -> list[list[Any]]:
    """Return the candidates for label errors, the most doubtful first, as rows of a table."""
    rows = []
    for part, probabilities in means.items():
        split = parts[part]
        for index, rather in zip(*candidates(split.labels, probabilities), strict=True):
            label = int(split.labels[index])
            here = probabilities[index]
            rows.append(
                [
                    part,
                    int(index),
                    split.picture_files[index] if split.picture_files else "",
                    split.classes[label],
                    split.classes[rather],
                    round(float(here[label]), DECIMALS),
                    round(float(here[rather]), DECIMALS),
                ]
            )
    return sorted(rows, key=lambda row: row[-2] - row[-1])[:MOST_CANDIDATES]
