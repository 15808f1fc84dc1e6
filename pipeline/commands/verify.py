"""The command `python -m pipeline verify`, which evaluates the models again.

It compares their predictions with the committed ones.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config import dvc_yaml
from pipeline.evaluation import judging, predictions
from pipeline.report.results import Results
from pipeline.report.snapshots import Snapshot
from pipeline.running.terminal import say
from pipeline.training import backend
from pipeline.training.batches import SplitFolder

# Other hardware rounds differently; with 16-bit floats the second decimal changes.
MOST_APART = 0.1


class VerifyError(ConvoyError):
    """Something that is needed is missing, or the verification failed."""


@dataclass(frozen=True)
class Receipt:
    """The result of a second evaluation.

    Attributes:
        exact: Whether the table of predictions equals the committed one, byte for byte.
        agreement: For each column of predicted classes, the share of images that agree, 0 to 1.
        apart: The largest difference of a probability from the committed one.
        images: Number of test images.
        sha256: Digest of the committed table.
    """

    exact: bool
    agreement: Mapping[str, float]
    apart: float
    images: int
    sha256: str


def verify(committed: Snapshot) -> Receipt:
    """Evaluate the models in the workspace and compare with a snapshot's predictions.

    Raises:
        VerifyError: the models or test images are missing or differ from dvc.lock, or the table
            has other rows or columns.
        ConvoyError: the committed table is damaged.
    """
    name = paths.PREDICTIONS.as_posix()
    text = committed.files.get(name)
    if text is None:
        raise VerifyError(f"{name} is not in {committed.label}: run `dvc repro` and commit it.")
    results = Results(committed)
    _check_inputs(results)
    threads = _threads(results)
    _check_table(results)
    backend.start(threads)
    test = SplitFolder(paths.TEST)
    indices = judging.trained_models()
    by_seed = {model: judging.judge(model, index, test) for model, index in indices.items()}
    released = {model: by_seed[model][index.released] for model, index in indices.items()}
    return compare(judging.table(released, by_seed, test), text)


def _threads(results: Results) -> int:
    """Return the number of threads that the models of a revision were evaluated with.

    Raises:
        VerifyError: it is `auto`, and the revision does not hold what was chosen.
    """
    threads = results.settings.get("train.threads")
    if isinstance(threads, int):
        return threads
    raise VerifyError(
        f"train.threads = {threads!r} in {paths.PARAMS}, but {paths.SETTINGS} of "
        f"{results.snapshot.label} has no value for it: run `dvc repro` and commit what it writes."
    )


def compare(table: Mapping[str, list], committed: bytes) -> Receipt:
    """Compare a table of predictions with the committed one.

    Raises:
        VerifyError: they have different columns, numbers of images or actual classes.
    """
    rows = list(csv.reader(io.StringIO(committed.decode())))
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    written = {column: tuple(map(str, values)) for column, values in table.items()}
    if list(columns) != list(written) or any(
        columns[key] != written[key] for key in ("index", "actual")
    ):
        raise VerifyError(
            f"{paths.PREDICTIONS} has other columns, rows or actual classes than these models "
            "give; run `dvc checkout`, or `dvc repro` and commit what it writes."
        )
    classes = [column for column in columns if re.search(r"_(predicted|seed\d+)$", column)]
    agreement = {
        column: sum(map(str.__eq__, columns[column], written[column])) / len(columns[column])
        for column in classes
    }
    apart = max(
        float(np.abs(_probabilities(columns, column) - _probabilities(written, column)).max())
        for column in columns
        if column.endswith(("_probability", "_loss"))
    )
    digest = hashlib.sha256(committed).hexdigest()
    return Receipt(columns == written, agreement, apart, len(columns["index"]), digest)


def _probabilities(columns: Mapping[str, tuple[str, ...]], name: str) -> NDArray[np.float64]:
    values = np.array(columns[name], float)
    return np.exp(-values) if name.endswith("_loss") else values


def show(receipt: Receipt, committed: Snapshot) -> None:
    """Print the receipt.

    Raises:
        VerifyError: the classes or probabilities differ from the committed ones.
    """
    models = sum("_seed" in column for column in receipt.agreement)
    say(
        f"{models} models on {receipt.images:,} test images; committed predictions of "
        f"{committed.label}, sha256 {receipt.sha256[:16]}…"
    )
    if receipt.exact:
        say("verified: the predictions are the committed ones, bit for bit.")
        return
    for column, share in receipt.agreement.items():
        say(f"  {column}: {share:.4%} of the classes agree")
    say(f"  probabilities are at most {receipt.apart:.2g} apart")
    if min(receipt.agreement.values()) == 1 and receipt.apart <= MOST_APART:
        say("verified: every class is the committed one.")
        return
    raise VerifyError(
        "the models here do not give the committed predictions. Other hardware or another version "
        "of TensorFlow may turn a few images; more than that means other models or other images."
    )


def _check_inputs(results: Results) -> None:
    """Check that models and test images here are those of dvc.lock.

    Raises:
        VerifyError: one of their folders is missing or differs.
    """
    for dep in results.lock.get("evaluate", {}).get("deps", []):
        if not str(dep["md5"]).endswith(".dir"):
            continue
        folder = Path(dep["path"])
        if not folder.is_dir():
            raise VerifyError(f"{folder} is missing: run `dvc pull` or `dvc repro`.")
        if dvc_yaml.md5_of(folder) != dep["md5"]:
            raise VerifyError(
                f"{folder} is not the one in dvc.lock of {results.snapshot.label}: "
                "run `dvc checkout`, or `dvc repro` and commit what it writes."
            )


def _check_table(results: Results) -> None:
    """Check that the committed predictions can be read, which takes no time, before the models run.

    Raises:
        ConvoyError: they are damaged, or another version of the pipeline has written them.
    """
    results.csv(paths.PREDICTIONS.as_posix())
    for name in predictions.NAMES:
        results.judged(name)
