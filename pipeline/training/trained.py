"""The folder of trained models that `train` writes to `models/NAME/`, with one file for each seed.

`models.json` in the same folder has the seed of the released model: the one with the lowest
validation loss. Test images play no part in this choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.base.files import FileError, read_json, reading, remedy, sha256, write_json
from pipeline.config.fields import Fit

INDEX = "models.json"


@dataclass(frozen=True)
class SeedResult:
    """The final validation scores of one seed's model, and the SHA-256 of its file.

    The digest is empty until `write` has filled it in.
    """

    seed: int
    val_accuracy: float
    val_loss: float
    sha256: str = ""


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
    """Write the index, with the digest of each seed's file, which must be there."""
    seeds = [replace(s, sha256=sha256(model_file(folder, s.seed))) for s in trained.seeds]
    whole = asdict(replace(trained, seeds=seeds))
    content = {name: value for name, value in whole.items() if value is not None}
    write_json(folder / INDEX, {**content, "released": trained.released})


def read(folder: Path) -> TrainedModels:
    """Read the index.

    Raises:
        FileError: it is not as `train` writes it.
    """
    index = read_json(folder / INDEX, TrainedModels)
    if not index.seeds or not index.classes:
        raise FileError(f"{folder / INDEX}: no seeds or no classes. {remedy(folder)}")
    return index


def check_file(folder: Path, index: TrainedModels, seed: int) -> Path:
    """Return the file of one seed's model, which must be the one that the index names.

    Raises:
        FileError: it is missing, or another file: by its digest.
    """
    file = model_file(folder, seed)
    known = {result.seed: result.sha256 for result in index.seeds}[seed]
    with reading(file):
        found = sha256(file)
    if found != known:
        named = f"sha256 {known[:16]}…" if known else "no digest, as an older version wrote it"
        raise FileError(
            f"{file}: not the model that {folder / INDEX} names: sha256 {found[:16]}…, there "
            f"{named}. {remedy(file)}"
        )
    return file
