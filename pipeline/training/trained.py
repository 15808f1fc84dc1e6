"""The folder of trained models that `train` writes to `models/NAME/`, with one file for each seed.

`models.json` in the same folder has the seed of the released model: the one with the lowest
validation loss. Test images play no part in this choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.base.files import read_json, write_json
from pipeline.config.fields import Fit

INDEX = "models.json"


@dataclass(frozen=True)
class SeedResult:
    """The final validation scores of one seed's model."""

    seed: int
    val_accuracy: float
    val_loss: float


@dataclass(frozen=True)
class Threshold:
    """From which probability on an answer is sure (`pipeline/statistics/abstaining.py`).

    Attributes:
        precision: Share of sure answers that are correct, as stated.
        probability: Least probability of a sure answer.
        answered: Share of the validation images with a sure answer.
    """

    precision: float
    probability: float
    answered: float


@dataclass(frozen=True)
class TrainedModels:
    """The index of a folder of trained models.

    Attributes:
        architecture: Name of the architecture.
        parameters: Number of parameters.
        precision: Keras dtype policy of the training.
        backend: Keras backend of the training.
        classes: Class names, in the order of the probabilities.
        seeds: The validation scores of each seed.
        fit: How picture files were brought to the images' shape; None if there were no files.
        multiply_adds: Effort of one image (`pipeline/training/effort.py`); None in the index of an
            older version.
        weights: What is known of published weights that it began from; None if there were none.
        looks: Bounds of the training images' looks (`pipeline/training/looks.py`).
        thresholds: Of the released model, as the validation images show; precisions that they
            cannot show are left out.
    """

    architecture: str
    parameters: int
    precision: str
    backend: str
    classes: Sequence[str]
    seeds: Sequence[SeedResult]
    fit: Fit | None = None
    multiply_adds: int | None = None
    weights: Mapping[str, Any] | None = None
    looks: Mapping[str, tuple[float, float]] | None = None
    thresholds: Sequence[Threshold] | None = None

    @property
    def released(self) -> int:
        """The seed whose model is used for predictions."""
        return min(self.seeds, key=lambda result: (result.val_loss, result.seed)).seed


def model_file(folder: Path, seed: int) -> Path:
    """Return the path of one seed's model."""
    return folder / f"seed-{seed}.keras"


def write(trained: TrainedModels, folder: Path) -> None:
    """Write the index."""
    content = {name: value for name, value in asdict(trained).items() if value is not None}
    write_json(folder / INDEX, {**content, "released": trained.released})


def read(folder: Path) -> TrainedModels:
    """Read the index."""
    content = read_json(folder / INDEX)
    content.pop("released")
    seeds = [SeedResult(**entry) for entry in content.pop("seeds")]
    if "thresholds" in content:
        content["thresholds"] = [Threshold(**entry) for entry in content["thresholds"]]
    return TrainedModels(**content, seeds=seeds)
