"""The results of committed settings on the standard data sets: the tables in docs/results.md.

`python -m benchmarks.standard` measures them, one file of docs/results/ a run, and `make docs`
writes the page from these files. What was not measured has no row.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from results_table import YARDSTICKS, filled

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/results.md"
RESULTS = ROOT / "docs/results"
HEAD = (
    "data",
    "model",
    "parameters",
    "seeds",
    "mean (lowest – highest), %",
    "released, 95 %",
    "training, wall-clock seconds",
    "NAME",
)
RUNS_HEAD = (
    "NAME",
    "training, test images",
    "wall-clock seconds",
    "CPU seconds",
    "machine",
    "load before",
    "arithmetic",
    "software",
    "commit",
)
NUMBERS = (
    "parameters",
    "seeds",
    "training, wall-clock seconds",
    "wall-clock seconds",
    "CPU seconds",
    "load before",
)
CIFAR_FOLDER = "CIFAR JPEG folder"
FOLDER_ROWS = {"tuned": "ours", "baseline": "our baseline"}
# By name of the run: the data, and the models of it that are rows. Its other model is there for the
# verdict, and is trained under conditions that are no published recipe.
ROWS = {
    "default": ("digits", {"tuned": "ours", "baseline": "the practical's CNN, our schedule"}),
    "digits_practical": ("digits", {"baseline": "perceptron", "tuned": "the practical's CNN"}),
    "mnist_classics": ("MNIST", {"baseline": "perceptron", "tuned": "LeNet-5"}),
    "mnist_practical": ("MNIST", {"tuned": "the practical's CNN"}),
    "mnist_fast": ("MNIST", {"tuned": "ours, fast"}),
    "mnist_small": ("MNIST", {"tuned": "ours, small"}),
    "fashion_mnist_classics": ("Fashion-MNIST", {"baseline": "perceptron", "tuned": "LeNet-5"}),
    "fashion_mnist_practical": ("Fashion-MNIST", {"tuned": "the practical's CNN"}),
    "fashion_mnist_small": ("Fashion-MNIST", {"tuned": "ours, small"}),
    "folder_classics": (CIFAR_FOLDER, {"baseline": "perceptron", "tuned": "LeNet-5"}),
    "folder_practical": (CIFAR_FOLDER, {"tuned": "the practical's CNN"}),
    "cifar_jpeg": (CIFAR_FOLDER, FOLDER_ROWS),
    "folder_small": (CIFAR_FOLDER, {"tuned": "ours, small"}),
}
SOFTWARE = ("tensorflow", "tensorflow-cpu", "keras")
MANY_TEST_IMAGES = 2_000  # from here on a hundredth of a per cent is worth showing


@dataclass(frozen=True)
class Result:
    """One file of docs/results/."""

    name: str
    content: dict

    @property
    def data(self):
        """The data as readers know them."""
        return ROWS[self.name][0] if self.name in ROWS else f"{self.name} (photographs)"

    @property
    def rows(self):
        """The models that are shown, by what readers know them by."""
        return ROWS[self.name][1] if self.name in ROWS else FOLDER_ROWS

    def percent(self, share):
        """Write a share in per cent, with as many decimals as the test images are good for."""
        return f"{share:.{2 if self.content['test_images'] >= MANY_TEST_IMAGES else 1}%}"[:-1]


def tables(folder=RESULTS):
    """Return both tables as Markdown, of the models and of the runs."""
    order = list(ROWS)
    files = sorted(
        folder.glob("*.json"),
        key=lambda file: (order.index(file.stem) if file.stem in ROWS else len(order), file.stem),
    )
    results = [Result(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in files]
    by_data = {}
    for result in results:
        by_data.setdefault(result.data, []).append(result)
    models = [row for group in by_data.values() for row in _group(group)]
    return f"{_table(HEAD, models)}\n{_table(RUNS_HEAD, [_run(result) for result in results])}"


def _table(head, rows):
    lines = [head, ["---:" if cell in NUMBERS else "---" for cell in head], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _group(results):
    """Write the rows of one data set: the yardstick, then every model of every run."""
    first = results[0]
    yardstick = first.content["yardsticks"]["hog_svm"]
    return [
        (
            first.data,
            YARDSTICKS["hog_svm"],
            "",
            "",
            first.percent(yardstick["accuracy"]),
            _interval(first, yardstick["accuracy_interval"]),
            "",
            f"`{first.name}`",
        ),
        *(
            _model(result, result.content["models"][key], label)
            for result in results
            for key, label in result.rows.items()
        ),
    ]


def _model(result, model, label):
    accuracies = list(model["accuracy_by_seed"].values())
    mean = sum(accuracies) / len(accuracies)
    low, high = (result.percent(value) for value in (min(accuracies), max(accuracies)))
    return (
        "",
        f"{label}: `{model['architecture']}`",
        f"{model['parameters']:,}",
        str(len(accuracies)),
        f"{result.percent(mean)} ({low} – {high})",
        _interval(result, model["released_interval"]),
        f"{model['training_wall_seconds']:,.0f}",
        f"`{result.name}`",
    )


def _interval(result, ends):
    return " – ".join(result.percent(end) for end in ends)


def _run(result):
    """Write what one run took, where, and with what."""
    content = result.content
    hardware, software = content["hardware"], content["software"]
    machine = [f"{hardware['cores']} cores of {hardware['processor']}", *hardware["gpus"]]
    models = [content["models"][key] for key in result.rows]
    arithmetic = sorted({f"{model['precision']}, {model['backend']}" for model in models})
    used = content["processor_seconds"]  # not known of a run that was interrupted
    versions = [f"{name} {software[name]}" for name in SOFTWARE if name in software]
    return (
        f"`{result.name}`",
        f"{content['training_images']:,}, {content['test_images']:,}",
        f"{content['wall_seconds']:,.0f}",
        "" if used is None else f"{used:,.0f}",
        ", ".join(machine),
        str(hardware.get("load_before", "")),  # the first runs did not note it
        "; ".join(arithmetic),
        f"Python {software['python']}, {', '.join(versions)}",
        f"`{content['commit'][:7]}`",
    )


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(before, tables(), PAGE.name), encoding="utf-8")
