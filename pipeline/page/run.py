"""Everything that the sections read: the results in git, and data and models where they are."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.arrays import read_npy
from pipeline.base.errors import ConvoyError
from pipeline.base.files import files_of
from pipeline.config import dvc_yaml
from pipeline.evaluation import metrics, predictions
from pipeline.evaluation.comparison import Judged
from pipeline.evaluation.shapes import Metrics
from pipeline.report.results import Results, ResultsError
from pipeline.running import imports
from pipeline.search.columns import CHECKS, misfit

if TYPE_CHECKING:
    import keras

    from pipeline.training.trained import TrainedModels

NAMES = predictions.NAMES
LARGEST_PIXELATED = 40


@dataclass(frozen=True)
class Run:
    """The results of one revision, read from the present folder.

    Attributes:
        results: The files of the revision, parsed.
    """

    results: Results

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """results/metrics.json by name.

        Raises:
            ConvoyError: there are no results, or the file is not as `evaluate` writes it now.
        """
        where = f"{paths.METRICS} at {self.results.snapshot.label}"
        if not self.results.metrics:
            raise ConvoyError(f"{where}: no results yet. Run `dvc repro`.")
        # The report reads files of any version; the page shows more of them.
        found = metrics.from_json(self.results.json(paths.METRICS.as_posix(), Metrics))
        if missing := metrics.lacking(found):
            raise ResultsError(f"{where}: no {missing}. Run `dvc repro evaluate` there.")
        return found

    @property
    def classes(self) -> list[str]:
        """The class names, in label order."""
        return self.results.classes

    @property
    def photos(self) -> bool:
        """Whether the images are so large that single pixels are not to be seen."""
        shape = str(self.results.data.get("test", {}).get("shape", ""))
        sides = [int(part) for part in shape.split("×") if part.isdigit()]
        return max(sides[:2], default=0) > LARGEST_PIXELATED

    def judged(self, name: str) -> tuple[Judged, NDArray[np.float64]]:
        """Return a configuration's predictions and its released model's probabilities, [n]."""
        return self.results.judged(name)

    @cached_property
    def seeds(self) -> dict[str, int]:
        """The number of seeds of each configuration."""
        return {name: len(self.judged(name)[0].seeds) for name in NAMES}

    @cached_property
    def searched(self) -> dict[str, list[dict[str, str]]]:
        """The trials of each architecture that was searched, as rows of text."""
        tables = {}
        for name in self.results.params.get("architectures") or []:
            path = f"{paths.TRIALS.as_posix()}/{name}.csv"
            tables[name] = self.results.csv(path, CHECKS)
            if wrong := misfit(tables[name]):
                raise ResultsError(f"{path}: {wrong}. Run `dvc repro`.")
        return {name: rows for name, rows in tables.items() if rows}

    @cached_property
    def files(self) -> list[str] | None:
        """The path of each test image; None if they were no picture files."""
        rows = self.results.csv(paths.PREDICTIONS.as_posix())
        return [row[predictions.FILE] for row in rows] if predictions.FILE in rows[0] else None

    def images(self, part: str) -> NDArray[np.uint8] | None:
        """Map the images of "train" or "test", [n, h, w, c]; None if they are not here."""
        path = paths.SPLIT / part / "images.npy"
        return read_npy(path, np.uint8, 4, mapped=True) if path.exists() else None

    def labels(self, part: str) -> NDArray[np.int64]:
        """Read the labels of "train" or "test", [n]."""
        return read_npy(paths.SPLIT / part / "labels.npy", np.int64, 1)

    @cached_property
    def model(self) -> "keras.Model | None":
        """The released tuned model; None if it is not here. Loading Keras takes seconds."""
        if self.index is None:
            return None
        with imports.quiet():
            from pipeline.training import saving
        return saving.load_seed(paths.MODELS / NAMES[0], self.index, self.index.released)

    @cached_property
    def index(self) -> "TrainedModels | None":
        """The index of the tuned models; None if those of these results are not here."""
        from pipeline.training import trained

        folder = paths.MODELS / NAMES[0]
        return trained.read(folder) if (folder / trained.INDEX).exists() and self._ours else None

    @cached_property
    def _ours(self) -> bool:
        """Whether the tuned models are those that dvc.lock names, or it names none."""
        folder = paths.MODELS / NAMES[0]
        recorded = {
            out["path"]: out["md5"]
            for stage in self.results.lock.values()
            for out in stage.get("outs", [])
        }
        digests = {
            file.relative_to(folder).as_posix(): hashlib.md5(file.read_bytes()).hexdigest()
            for file in files_of(folder)
        }
        found = dvc_yaml.folder_md5(digests)
        return recorded.get(folder.as_posix(), found) == found
