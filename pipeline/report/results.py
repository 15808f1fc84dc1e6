"""The parsed results of one revision."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.parsing import (
    Columns,
    ContentError,
    checked,
    csv_of,
    finite_or_empty,
    json_of,
    yaml_of,
)
from pipeline.config.automatic import AUTO
from pipeline.config.dvc_yaml import flatten, lookup
from pipeline.config.shapes import Chosen
from pipeline.evaluation import metrics, predictions
from pipeline.evaluation.comparison import Judged
from pipeline.report import shapes
from pipeline.report.snapshots import Snapshot

# The values of an architecture's search that the report shows.
OUTCOME = ("trials", "failed", "val_accuracy", "standard_error")
# The largest file of each kind that is parsed: a revision may be anybody's. A table of predictions
# of 600,000 images has some 60 MiB.
MOST_MIB = {".csv": 64, ".json": 8}
MOST_MIB_OF_OTHERS = 2


class ResultsError(ConvoyError):
    """A committed file that cannot be read."""


@dataclass(frozen=True)
class Results:
    """The results in a snapshot; missing files read as empty, so any revision can be read."""

    snapshot: Snapshot
    _judged: dict[str, tuple[Judged, NDArray[np.float64]]] = field(default_factory=dict)

    @cached_property
    def params(self) -> dict[str, Any]:
        """params.yaml, unchecked, because an older revision may have other keys."""
        return self.yaml(paths.PARAMS.as_posix(), shapes.Params)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Every parameter by its dotted key, with what was chosen in the place of `auto`."""
        written, chosen = flatten(self.params), self.json(paths.SETTINGS.as_posix(), Chosen)
        asked = [key for key in chosen.get("because", {}) if written.get(key) == AUTO]
        return written | {key: lookup(chosen, key) for key in asked}

    @cached_property
    def lock(self) -> dict[str, dict[str, Any]]:
        """The stages of dvc.lock."""
        return self.yaml("dvc.lock", shapes.Lock).get("stages") or {}

    @cached_property
    def tracked(self) -> dict[str, str]:
        """The digest of each folder of data that `dvc add` has put under DVC."""
        files = [path for path in self.snapshot.files if path.endswith(".dvc")]
        outs = [
            (file, out) for file in files for out in self.yaml(file, shapes.Tracked).get("outs", [])
        ]
        return {f"{posixpath.dirname(file)}/{out['path']}": out["md5"] for file, out in outs}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The values of results/metrics.json by name, as `evaluation.metrics.from_json` does.

        Raises:
            ResultsError: the file is not as `evaluate` writes it.
        """
        path = paths.METRICS.as_posix()
        try:
            # Older versions wrote it otherwise.
            shape = shapes.Metrics if "models" in self.json(path) else dict[str, Any]
            return metrics.from_json(self.json(path, shape))
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ResultsError(
                f"{path} at {self.snapshot.label}: {error!r}. Another version of the pipeline "
                "wrote it, or somebody has edited it; run `dvc repro evaluate` there."
            ) from None

    @cached_property
    def data(self) -> dict[str, Any]:
        """results/data.json."""
        return self.json(paths.DATA_REPORT.as_posix(), shapes.Data)

    def specification(self, name: str) -> dict[str, Any]:
        """Return the specification of "tuned" or "baseline", with hyperparameters at top level."""
        content = self.json(f"{paths.SELECT.as_posix()}/{name}.json", shapes.Specification)
        hyperparameters = content.get("hyperparameters", {})
        return {"architecture": content.get("architecture"), **hyperparameters} if content else {}

    @cached_property
    def classes(self) -> list[str]:
        """The class names, in label order."""
        rows = self.csv(paths.CLASSES.as_posix(), ("model", "class"))
        return [row["class"] for row in rows if row["model"] == predictions.NAMES[0]]

    @property
    def missing(self) -> list[str]:
        """The files that a comparison needs and this revision lacks."""
        needed = (paths.PREDICTIONS, paths.DATA_REPORT, paths.CLASSES)
        return [path.as_posix() for path in needed if path.as_posix() not in self.snapshot.files]

    def judged(self, name: str) -> tuple[Judged, NDArray[np.float64]]:
        """Read the predictions of configuration `name`, and its released model's probabilities.

        Raises:
            PredictionsError: the table is not as `evaluate` writes it.
            ResultsError: the table has classes without a name.
        """
        if name not in self._judged:
            path = paths.PREDICTIONS.as_posix()
            where = f"{path} at {self.snapshot.label}"
            judged, probability = predictions.parse(self._text(path), name, where)
            labels = np.concatenate([judged.actual, judged.released, judged.seeds.ravel()])
            if labels.min(initial=0) < 0 or labels.max(initial=0) >= len(self.classes):
                raise ResultsError(
                    f"{where}: classes from {labels.min()} to {labels.max()}, but {paths.CLASSES} "
                    f"names {len(self.classes)}; allowed: 0 to {len(self.classes) - 1}"
                )
            self._judged[name] = judged, probability
        return self._judged[name]

    def searches(self) -> dict[str, dict[str, Any]]:
        """Return the outcome and the cost of each architecture's search.

        Raises:
            ResultsError: a file is not as `tune` writes it.
        """
        found = {}
        for name in self.params.get("architectures") or []:
            outcome = self._outcome(f"{paths.TUNE.as_posix()}/{name}.json")
            trials = f"{paths.TRIALS.as_posix()}/{name}.csv"
            rows = self.csv(trials, {"epochs": finite_or_empty} if outcome else {})
            if outcome:
                epochs = sum(int(float(row["epochs"])) for row in rows if row["epochs"])
                own = {key: outcome[key] for key in OUTCOME}
                found[name] = {**own, "optimism": outcome.get("optimism"), "epochs": epochs}
        return found

    def _outcome(self, path: str) -> dict[str, Any] | None:
        """Read the outcome of a search, a list of one; None if there was none.

        Older versions wrote what is in the list.
        """

        def parse(content: bytes) -> dict[str, Any] | None:
            found = json_of(content)
            if isinstance(found, list) and len(found) == 1:
                found = found[0]
            if found == {} or (isinstance(found, dict) and found.get("trials") == 0):
                return None
            return checked(shapes.Outcome, found)

        return self._parsed(path, parse)

    def json(self, path: str, shape: Any = dict[str, Any]) -> dict[str, Any]:
        """Read a JSON file of some shape; empty if it is not there.

        Raises:
            ResultsError: it is damaged, too large, or has another shape.
        """
        return self._parsed(path, lambda content: json_of(content, shape))

    def csv(self, path: str, columns: Sequence[str] | Columns = ()) -> list[dict[str, str]]:
        """Read a CSV table with some columns; empty if it is not there.

        Raises:
            ResultsError: it is damaged, too large, or lacks a column.
        """
        if path not in self.snapshot.files:
            return []
        checks = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, str)
        return self._parsed(path, lambda content: csv_of(content, checks))

    def yaml(self, path: str, shape: Any = dict[str, Any]) -> dict[str, Any]:
        """Read a YAML file of some shape; empty if it is not there.

        Raises:
            ResultsError: it is damaged, too large, or has another shape.
        """
        return self._parsed(path, lambda content: checked(shape, yaml_of(content) or {}))

    def _parsed(self, path: str, parse: Callable[[bytes], Any]) -> Any:
        content = self.snapshot.files.get(path, b"{}")
        most = MOST_MIB.get(posixpath.splitext(path)[1], MOST_MIB_OF_OTHERS)
        where = f"{path} at {self.snapshot.label}"
        if len(content) > most * 2**20:
            raise ResultsError(
                f"{where}: {len(content) / 2**20:,.0f} MiB; a report reads up to {most} MiB of it"
            )
        try:
            return parse(content)
        except ContentError as error:
            raise ResultsError(
                f"{where}: {error}. Another version of the pipeline wrote it, or somebody has "
                "edited it; run `dvc repro` there."
            ) from None

    def _text(self, path: str) -> str:
        return self.snapshot.files.get(path, b"").decode("utf-8", errors="replace")


def begin_alike(base: Results, head: Results, name: str) -> bool:
    """Return whether models of one seed have the same initial weights in both revisions.

    A seed draws the weights one after another, so this asks for the same architecture, the same
    number of weights and the same shape of the images. It looks at no score.

    Args:
        base: The older revision.
        head: The newer one.
        name: The configuration, "tuned" or "baseline".
    """
    old, new = (
        (
            results.specification(name).get("architecture"),
            lookup(results.metrics, f"{name}.parameters"),
            lookup(results.data, "test.shape"),
        )
        for results in (base, head)
    )
    return old == new and None not in old


def incomparable(base: Results, head: Results) -> list[str]:
    """Return the reasons why the two revisions cannot be compared; empty if they can."""
    for results in (base, head):
        if results.missing:
            return [f"{results.snapshot.label} has no {', '.join(results.missing)}"]
    reasons = []
    old, new = base.data.get("test", {}), head.data.get("test", {})
    for key, what in (
        ("images", "number of test images"),
        ("images_sha256", "test images"),
        ("labels_sha256", "test labels"),
    ):
        if old.get(key) != new.get(key):
            reasons.append(f"the {what} differ" if key != "images" else f"the {what} differs")
    old_labels, new_labels = (
        results.judged(predictions.NAMES[0])[0].actual for results in (base, head)
    )
    if not reasons and not np.array_equal(old_labels, new_labels):
        reasons.append("the labels in the tables of predictions differ")
    if not reasons and base.classes != head.classes:
        reasons.append("the class names differ")
    return reasons
