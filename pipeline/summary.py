"""The table that ends a run: what won, how good it is, where to look next."""

from rich.table import Table

from pipeline import paths
from pipeline.errors import ConvoyError
from pipeline.files import read_json
from pipeline.terminal import console, say


def show() -> None:
    """Print the summary of the results in this workspace.

    Raises:
        ConvoyError: there are no results yet.
    """
    if not paths.METRICS.exists():
        raise ConvoyError(f"{paths.METRICS}: no results yet. Run `dvc repro`.")
    metrics = read_json(paths.METRICS)
    table = Table(title=f"{metrics['dataset']}: {metrics['test_images']:,} test images")
    table.add_column("")
    for column in ("architecture", "parameters", "test accuracy", "95 % interval", "macro F1"):
        table.add_column(column, justify="right")
    for name in ("tuned", "baseline"):
        row = metrics[name]
        table.add_row(
            name,
            row["architecture"],
            f"{row['parameters']:,}",
            f"{row['accuracy']:.4f}",
            f"{row['accuracy_low']:.4f} – {row['accuracy_high']:.4f}",
            f"{row['macro_f1']:.4f}",
        )
    console.print(table)
    say(f"Look next: {paths.PICTURES}/, {paths.METRICS}, {paths.TRIALS}/; `dvc exp show`.")
