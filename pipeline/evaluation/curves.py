"""The reader of the learning curves that stage `train` writes."""

from pathlib import Path

from pipeline.base.files import FileError, read_csv, remedy
from pipeline.base.parsing import Columns, counted, finite

COLUMNS: Columns = {
    "seed": int,
    "epoch": counted,
    **dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), finite),
}


def read(path: Path) -> list[dict[str, str]]:
    """Read one row for each seed and epoch.

    Raises:
        FileError: the file is not as `train` writes it.
    """
    rows = read_csv(path, COLUMNS)
    if not rows:
        raise FileError(f"{path}: no rows. {remedy(path)}")
    return rows
