"""The table at the end of a run: the winner, its scores, and where to look next."""

from typing import Any

from rich.table import Table

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json
from pipeline.running.terminal import console, say


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
            "{:.4f} – {:.4f}".format(*row["accuracy_interval"]),
            f"{row['macro_f1']:.4f}",
        )
    console.print(table)
    say(_search(metrics["tuned_against_baseline"]))
    say(f"Look next: {paths.PICTURES}/, {paths.METRICS}, {paths.TRIALS}/; `dvc exp show`.")


def _search(verdict: dict[str, Any]) -> str:
    """Write the answer to "was the search worth it?" in one line."""
    low, high = verdict["difference_interval"]
    return (
        f"Was the search worth it? tuned against baseline: {verdict['verdict']}, accuracy "
        f"{verdict['accuracy_difference']:+.4f} (95 % interval {low:+.4f} to {high:+.4f}); "
        f"{verdict['fixed']} images fixed, "
        f"{verdict['broken']} broken."
    )
