"""The trial table and its columns that are not hyperparameters; stages read it without Keras."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.base.files import FileError, read_csv, remedy
from pipeline.base.parsing import Columns, counted, finite_or_empty

TRIAL_COLUMNS = [
    "trial",
    "status",
    "epochs",
    "val_accuracy",
    "val_loss",
    "parameters",
    "multiply_adds",
    "reason",
]
# What the columns that every version has written must hold.
CHECKS: Columns = {
    "trial": counted,
    "status": str,
    "epochs": counted,
    **dict.fromkeys(("val_accuracy", "val_loss", "parameters"), finite_or_empty),
}


def read_trials(path: Path) -> list[dict[str, str]]:
    """Read the trial table of one search, one dictionary a trial.

    Raises:
        FileError: it is not as `tune` writes it.
    """
    rows = read_csv(path, CHECKS)
    if wrong := misfit(rows):
        raise FileError(f"{path}: {wrong}. {remedy(path)}")
    return rows


def misfit(rows: Sequence[Mapping[str, str]]) -> str:
    """Describe the first trial whose status does not fit its scores; empty if all do."""
    for row in rows:
        cells = [row[name] for name in ("val_accuracy", "val_loss", "parameters")]
        scored = row["status"] in ("completed", "stopped") and all(cells)
        failed = row["status"] == "failed" and not any(cells[:2])
        if not (scored or failed):
            return f"trial {row['trial']}: status {row['status']!r} does not fit its scores"
    return ""
