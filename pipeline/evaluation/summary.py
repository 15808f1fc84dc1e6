"""The table at the end of a run: the winner, its scores, and where to look next."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich import box
from rich.table import Table

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json
from pipeline.config.shapes import MaybePictures, Searched, SelectMetrics
from pipeline.evaluation import choice, parts, sizes
from pipeline.evaluation import curves as curves_file
from pipeline.evaluation import metrics as metrics_file
from pipeline.evaluation.metrics import YARDSTICKS, beside_yardsticks
from pipeline.evaluation.notes import notes
from pipeline.running.terminal import console, plain, say
from pipeline.statistics.by_image import LABELS

# What depends on a file or folder has a column with its digest, which `--drop` leaves out.
COMPARE = "dvc exp show --only-changed --drop '.*/|pipeline'"
# Columns of the whole table.
WIDTH = 80
# The columns that a narrower one leaves out.
WIDE = ("parameters", "95 %\ninterval", "macro\nF1")


def show() -> None:
    """Print the summary of the results in this workspace.

    Raises:
        ConvoyError: there are no results yet.
    """
    if not paths.METRICS.exists():
        raise ConvoyError(f"{paths.METRICS}: no results yet. Run `dvc repro`.")
    metrics = metrics_file.read()
    seeds = len({row["seed"] for row in curves_file.read(paths.LEARNING_CURVES / "tuned.csv")})
    console.print(_table(metrics, seeds, console.width))
    for line in _lines(metrics, seeds):
        say(line)


def _lines(metrics: dict[str, Any], seeds: int) -> Iterator[str]:
    """Yield what is said below the table."""
    yield from _search(metrics["tuned_against_baseline"], seeds)
    yield from choice_lines(metrics, read_json(paths.SELECT / "metrics.json", SelectMetrics))
    if behind := beside_yardsticks(metrics):
        yield behind
    yield from sizes.lines(metrics)
    for note in notes():
        yield f"note: {note}"
    if chosen := _chosen():
        yield f"Chosen for these pictures ({paths.SETTINGS} says why): {chosen}."
    yield f"Look next: {paths.PICTURES}/, {paths.METRICS}, {paths.TRIALS}/"
    yield "  dvc plots show     # charts"
    yield "  make board         # all of it in TensorBoard"
    yield f"  {COMPARE}"


def _table(metrics: dict[str, Any], seeds: int, width: int) -> Table:
    """Lay out one row a model, and below them what costs seconds; narrow ones have less."""
    title = plain(f"{metrics['dataset']}: accuracy on {metrics['test_images']:,} test images")
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    rows: dict[str, Any] = {
        name: metrics[name] for name in ("tuned", "untuned", "baseline") if name in metrics
    }
    yardsticks = metrics.get("yardsticks", {})
    rows |= {YARDSTICKS[name]: yardsticks[name] for name in YARDSTICKS if name in yardsticks}
    columns = {
        "": lambda name, row: name,
        "architecture": lambda name, row: row.get("architecture", ""),
        "parameters": lambda name, row: f"{row['parameters']:,}",
        f"mean of\n{_seeds(seeds)}": lambda name, row: f"{row['accuracy_mean_of_seeds']:.4f}",
        "released\nmodel": lambda name, row: f"{row['accuracy']:.4f}",
        "95 %\ninterval": lambda name, row: "{:.3f}–{:.3f}".format(*row["accuracy_interval"]),
        "macro\nF1": lambda name, row: f"{row['macro_f1']:.4f}",
    }
    if width < WIDTH:
        columns = {name: columns[name] for name in list(columns) if name not in WIDE}
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for name, row in rows.items():
        table.add_row(*(plain(_cell(cell, name, row)) for cell in columns.values()))
    return table


def _cell(cell: Callable[[str, dict[str, Any]], str], name: str, row: dict[str, Any]) -> str:
    """Return the text of a cell; empty where the row has no such value."""
    try:
        return cell(name, row)
    except KeyError:
        return ""


def _chosen() -> str:
    """Return what was chosen for a folder of pictures; empty for a built-in data set."""
    pictures = read_json(paths.DATA_REPORT, MaybePictures).get("pictures")
    if not pictures:
        return ""
    settings = read_json(paths.SETTINGS, Searched)
    searched = [name for name, left_out in settings["left_out"].items() if not left_out]
    said = [f"{pictures['image_size']} pixels a side", f"architectures {', '.join(searched)}"]
    for section, noun in (("tune", "a trial"), ("train", "a training")):
        if epochs := settings[section].get("epochs"):
            of = settings[section].get("epochs_of", {})
            others = [f"{of[name]} of {name}" for name in searched if name in of]
            said.append(f"{', '.join([f'{epochs} epochs', *others])} {noun}")
    return "; ".join(said)


def choice_lines(metrics: Mapping[str, Any], select: Mapping[str, Any]) -> list[str]:
    """Write what came from the architecture and what from the search, and what the score promises.

    Args:
        metrics: results/metrics.json by name.
        select: results/select/metrics.json.
    """
    against, chosen = metrics["tuned_against_baseline"], select.get("chosen", {})
    separated = metrics.get("separated", [])
    found = (
        parts.sentence(separated, LABELS[against["metric"]], against["difference"])
        if separated
        else choice.unseparated(chosen),
        choice.score(chosen),
    )
    return [line for line in found if line]


def _search(verdict: dict[str, Any], seeds: int) -> Iterator[str]:
    """Yield the answer to "was the search worth it?", and what would decide it if nothing does."""
    low, high = verdict["difference_interval"]
    yield (
        f"Was the search worth it? tuned against baseline: {verdict['verdict']}, "
        f"{LABELS[verdict['metric']]} {verdict['difference']:+.4f} in the mean of {_seeds(seeds)} "
        f"(95 % interval {low:+.4f} to {high:+.4f}). "
        f"The released models: {verdict['fixed']} images fixed, {verdict['broken']} broken."
    )
    if worse := verdict["worse_classes"]:
        yield f"Worse than baseline in: {', '.join(worse)} (recall; {paths.CLASSES})."
    if verdict["verdict"] != "undecided" or verdict["detectable"] is None:
        return
    settled = verdict["settled_by"]
    wanted = (
        f"{settled} seeds each would decide it" if settled else "more test images may decide it"
    )
    yield (
        f"Differences from {verdict['detectable']:.4f} are found in four cases of five; if this "
        f"one stays as it is, {wanted}."
    )


def _seeds(count: int) -> str:
    return f"{count} seed{'s' * (count != 1)}"
