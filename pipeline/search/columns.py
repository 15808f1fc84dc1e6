"""The trial table and its columns that are not hyperparameters; stages read it without Keras."""

from pathlib import Path

from pipeline.base.files import FileError, read_csv, remedy
from pipeline.base.parsing import finite_or_empty

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
STATUSES = ("completed", "stopped", "failed")


def read_trials(path: Path) -> list[dict[str, str]]:
    """Read the trial table of one search, one dictionary a trial.

    Raises:
        FileError: it is not as `tune` writes it.
    """
    sizes = dict.fromkeys(("val_accuracy", "val_loss", "parameters"), finite_or_empty)
    rows = read_csv(path, {"trial": int, "status": str, "epochs": int, **sizes})
    for row in rows:
        scored = all(row[name] for name in sizes)
        if row["status"] not in STATUSES or not (scored or row["status"] == "failed"):
            raise FileError(
                f"{path}: trial {row['trial']}: status {row['status']!r} does not fit its scores. "
                f"{remedy(path)}"
            )
    return rows
