"""The results of the default run in README.md: a table and the verdict, from results/metrics.json.

`make docs` writes them.
"""

import json
from pathlib import Path

from pipeline.evaluation import metrics as metrics_file
from pipeline.evaluation.summary import YARDSTICKS
from pipeline.statistics.by_image import LABELS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
METRICS = ROOT / "results/metrics.json"
BEGIN, END = "<!-- results, written by make docs -->\n", "<!-- end of results -->\n"
HEAD = """| | architecture | parameters | test accuracy | 95 % interval |
| --- | --- | ---: | ---: | --- |
"""


def results(metrics):
    """Return the table of both models and the verdict as Markdown."""
    metrics = metrics_file.from_json(metrics)
    models = {name: metrics[name] for name in ("tuned", "baseline")}
    # Results from before there were yardsticks have none.
    models |= {YARDSTICKS[name]: score for name, score in metrics.get("yardsticks", {}).items()}
    rows = "".join(_row(name, model) for name, model in models.items())
    search = metrics["tuned_against_baseline"]
    low, high = (_points(value) for value in search["difference_interval"])
    return (
        f"{HEAD}{rows}\nWas the search worth it? **{search['verdict'].capitalize()}**: "
        f"{_points(search['difference'])} points of {LABELS[search['metric']]} in the mean of all "
        "seeds\n"
        f"(95 % interval {low} to {high}), on {metrics['test_images']:,} test images.\n"
    )


def updated(text, metrics):
    """Return README.md with the results of these metrics.

    Raises:
        ValueError: the marks between which they stand are missing.
    """
    return filled(text, results(metrics), README.name)


def filled(text, written, page):
    """Return a page with this between its marks.

    Raises:
        ValueError: the marks are missing.
    """
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{page}: no lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}{written}{END}{after}"


def _row(name, model):
    low, high = model["accuracy_interval"]
    parameters = f"{model['parameters']:,}" if "parameters" in model else ""
    return (
        f"| {name} | {model.get('architecture', '')} | {parameters} | {model['accuracy']:.3f} "
        f"| {low:.3f} – {high:.3f} |\n"
    )


def _points(difference):
    return f"{100 * difference:+.1f}".replace("-", "−")


if __name__ == "__main__":
    metrics = json.loads(METRICS.read_text(encoding="utf-8"))
    README.write_text(updated(README.read_text(encoding="utf-8"), metrics), encoding="utf-8")
