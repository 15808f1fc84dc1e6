"""The parsed results of one revision."""

import json
import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import parse_csv
from pipeline.config.automatic import AUTO
from pipeline.config.dvc_yaml import flatten, lookup
from pipeline.evaluation import metrics, predictions
from pipeline.evaluation.comparison import Judged
from pipeline.report.snapshots import Snapshot

# The values of an architecture's search that the report shows.
OUTCOME = ("trials", "failed", "val_accuracy", "standard_error")


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
        return self.yaml(paths.PARAMS.as_posix())

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Every parameter by its dotted key, with what was chosen in the place of `auto`."""
        written, chosen = flatten(self.params), self.json(paths.SETTINGS.as_posix())
        asked = [key for key in chosen.get("because", {}) if written.get(key) == AUTO]
        return written | {key: lookup(chosen, key) for key in asked}

    @cached_property
    def lock(self) -> dict[str, dict[str, Any]]:
        """The stages of dvc.lock."""
        return self.yaml("dvc.lock").get("stages") or {}

    @cached_property
    def tracked(self) -> dict[str, str]:
        """The digest of each folder of data that `dvc add` has put under DVC."""
        files = [path for path in self.snapshot.files if path.endswith(".dvc")]
        outs = [(file, out) for file in files for out in self.yaml(file).get("outs", [])]
        return {f"{posixpath.dirname(file)}/{out['path']}": out["md5"] for file, out in outs}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The values of results/metrics.json by name, as `evaluation.metrics.from_json` does.

        Raises:
            ResultsError: the file is not as `evaluate` writes it.
        """
        path = paths.METRICS.as_posix()
        try:
            return metrics.from_json(self.json(path))
        except (KeyError, IndexError, TypeError) as error:
            raise ResultsError(
                f"{path} at {self.snapshot.label}: {error!r}. Another version of the pipeline "
                "wrote it, or somebody has edited it; run `dvc repro evaluate` there."
            ) from None

    @cached_property
    def data(self) -> dict[str, Any]:
        """results/data.json."""
        return self.json(paths.DATA_REPORT.as_posix())

    def specification(self, name: str) -> dict[str, Any]:
        """Return the specification of "tuned" or "baseline", with hyperparameters at top level."""
        content = self.json(f"{paths.SELECT.as_posix()}/{name}.json")
        hyperparameters = content.get("hyperparameters", {})
        return {"architecture": content.get("architecture"), **hyperparameters} if content else {}

    @cached_property
    def classes(self) -> list[str]:
        """The class names, in label order."""
        rows = self.csv(paths.CLASSES.as_posix())
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
            path = f"{paths.TUNE.as_posix()}/{name}.json"
            outcome = self._outcome(path)
            trials = self.csv(f"{paths.TRIALS.as_posix()}/{name}.csv")
            if not outcome or outcome.get("trials") == 0:  # not searched
                continue
            try:
                epochs = sum(int(row["epochs"]) for row in trials if row["epochs"])
                found[name] = {**{key: outcome[key] for key in OUTCOME}, "epochs": epochs}
            except (KeyError, ValueError) as error:
                raise ResultsError(
                    f"{path} at {self.snapshot.label}, or its table of trials: {error!r}. Another "
                    f"version of the pipeline wrote it; run `dvc repro tune@{name}` there."
                ) from None
        return found

    def _outcome(self, path: str) -> dict[str, Any]:
        """Read the outcome of a search: a list of one; older versions wrote what is in it."""
        content = self._json(path)
        if isinstance(content, list) and len(content) == 1:
            content = content[0]
        return self._mapping(path, content)

    def json(self, path: str) -> dict[str, Any]:
        """Read a JSON file; empty if it is not there."""
        return self._mapping(path, self._json(path))

    def _json(self, path: str) -> Any:
        try:
            return json.loads(self._text(path) or "{}")
        except json.JSONDecodeError as error:
            raise ResultsError(f"{path} at {self.snapshot.label}: {error}") from None

    def csv(self, path: str) -> list[dict[str, str]]:
        """Read a CSV table; empty if it is not there."""
        return parse_csv(self._text(path))

    def yaml(self, path: str) -> dict[str, Any]:
        """Read a YAML file; empty if it is not there."""
        try:
            return self._mapping(path, YAML(typ="safe").load(self._text(path)) or {})
        except YAMLError as error:
            raise ResultsError(f"{path} at {self.snapshot.label}: {error}") from None

    def _mapping(self, path: str, content: Any) -> dict[str, Any]:
        if not isinstance(content, dict):
            kind = type(content).__name__
            raise ResultsError(f"{path} at {self.snapshot.label}: a {kind}, not keys with values")
        return content

    def _text(self, path: str) -> str:
        return self.snapshot.files.get(path, b"").decode("utf-8", errors="replace")


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
