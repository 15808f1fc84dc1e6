"""The command `python -m pipeline classes`: the classification report of a model."""

from rich import box
from rich.table import Table

from pipeline.base import paths
from pipeline.page.run import Run
from pipeline.page.sections.confusion import report
from pipeline.report import snapshots
from pipeline.report.results import Results
from pipeline.running.terminal import console, plain, say


def show(name: str) -> None:
    """Print precision, recall and F1 of each class and their means, from the results here.

    Args:
        name: "tuned" or "baseline"; it is the released model that is judged.

    Raises:
        ConvoyError: there are no results yet, or a file is not as the pipeline writes it.
    """
    run = Run(Results(snapshots.workspace()))
    scores = run.metrics[name]
    judged, _ = run.judged(name)
    table = Table("class", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("precision", "recall", "F1", "images"):
        table.add_column(column, justify="right")
    rows = report(judged.actual, judged.released, run.classes)
    for row, following in zip(rows, [*rows[1:], rows[-1]], strict=True):
        scored = row["support"] > 0
        values = (f"{row[key]:.4f}" if scored else "" for key in ("precision", "recall", "f1"))
        ends = following["average"] and not row["average"]
        table.add_row(plain(row["name"]), *values, f"{row['support']:,}", end_section=ends)
    console.print(table)
    low, high = scores["accuracy_interval"]
    loss = f", loss {scores['loss']:.4f}" if "loss" in scores else ""
    say(
        f"{name}, {scores['architecture']}: accuracy {scores['accuracy']:.4f} (95 % interval "
        f"{low:.3f} to {high:.3f}){loss}, on {run.metrics['test_images']:,} "
        f"test images. Confusion matrix: {paths.PICTURES}/confusion_{name}.png"
    )
