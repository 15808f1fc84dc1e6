"""The table at the end of a run: the winner, its scores, and where to look next."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import FileError, read_json, remedy
from pipeline.config.shapes import MaybePictures, Searched
from pipeline.evaluation import metrics as metrics_file
from pipeline.evaluation import sizes
from pipeline.evaluation.metrics import YARDSTICKS
from pipeline.evaluation.notes import notes
from pipeline.running.terminal import console, plain, say
from pipeline.statistics.words import LEVEL

# What depends on a file or folder has a column with its digest, which `--drop` leaves out.
COMPARE = "dvc exp show --only-changed --drop '.*/|pipeline'"


def show() -> None:
    """Print the summary of the results in this workspace.

    Raises:
        ConvoyError: there are no results yet.
    """
    if not paths.METRICS.exists():
        raise ConvoyError(f"{paths.METRICS}: no results yet. Run `dvc repro`.")
    metrics = metrics_file.read()
    console.print(_table(metrics))
    say(_search(metrics["tuned_against_baseline"]))
    measured = metrics["yardsticks"]
    if behind := [name for name in YARDSTICKS if name in metrics["behind_yardsticks"]]:
        if missing := [name for name in behind if name not in measured]:
            raise FileError(f"{paths.METRICS}: no yardstick {missing[0]}. {remedy(paths.METRICS)}")
        say(beside_yardsticks(behind, metrics))
    for line in sizes.lines(metrics):
        say(line)
    for note in notes():
        say(f"note: {note}")
    if chosen := _chosen():
        say(f"Chosen for these pictures ({paths.SETTINGS} says why): {chosen}.")
    say(f"Look next: {paths.PICTURES}/, {paths.METRICS}, {paths.TRIALS}/; `dvc plots show`;")
    say(f"beside other runs: {COMPARE}")


def _table(metrics: dict[str, Any]) -> Table:
    """Lay out one row a model, and below them what costs seconds. It fits into 80 columns."""
    title = plain(f"{metrics['dataset']}: {metrics['test_images']:,} test images")
    table = Table("", title=title, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("architecture", "parameters", "accuracy", "95 % interval", "macro F1"):
        table.add_column(column, justify="right", no_wrap=True)
    rows = {name: metrics[name] for name in ("tuned", "baseline")}
    yardsticks = metrics.get("yardsticks", {})
    rows |= {YARDSTICKS[name]: yardsticks[name] for name in YARDSTICKS if name in yardsticks}
    for name, row in rows.items():
        table.add_row(
            name,
            plain(row.get("architecture", "")),
            f"{row['parameters']:,}" if "parameters" in row else "",
            f"{row['accuracy']:.4f}",
            "{:.3f}–{:.3f}".format(*row["accuracy_interval"]),
            f"{row['macro_f1']:.4f}",
        )
    return table


def _chosen() -> str:
    """Return what was chosen for a folder of pictures; empty for a built-in data set."""
    pictures = read_json(paths.DATA_REPORT, MaybePictures).get("pictures")
    if not pictures:
        return ""
    settings = read_json(paths.SETTINGS, Searched)
    searched = [name for name, left_out in settings["left_out"].items() if not left_out]
    parts = [f"{pictures['image_size']} pixels a side", f"architectures {', '.join(searched)}"]
    for section, noun in (("tune", "a trial"), ("train", "a training")):
        if epochs := settings[section].get("epochs"):
            of = settings[section].get("epochs_of", {})
            others = [f"{of[name]} of {name}" for name in searched if name in of]
            parts.append(f"{', '.join([f'{epochs} epochs', *others])} {noun}")
    return "; ".join(parts)


def beside_yardsticks(names: Sequence[str], metrics: dict[str, Any]) -> str:
    """Write how the tuned models stand beside yardsticks that are better."""
    label = " and ".join(YARDSTICKS[name] for name in names)
    p_value = min(metrics["yardsticks"][name].get("mcnemar_p", 0.0) for name in names)
    if p_value < LEVEL:
        return f"Not worth its training: the tuned models are behind {label}, which takes seconds."
    return (
        f"No better than {label}, which takes seconds: on these test images the difference may be "
        f"chance (exact McNemar test, p = {p_value:.2g})."
    )


def _search(verdict: dict[str, Any]) -> str:
    """Write the answer to "was the search worth it?" in one line."""
    low, high = verdict["difference_interval"]
    return (
        f"Was the search worth it? tuned against baseline: {verdict['verdict']}, "
        f"{verdict['accuracy_difference']:+.4f} accuracy in the mean of all seeds (95 % interval "
        f"{low:+.4f} to {high:+.4f}). The released models above: {verdict['fixed']} images fixed, "
        f"{verdict['broken']} broken."
    )
