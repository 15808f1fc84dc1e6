"""False alarms and power of every metric and of the guardrail, where classes differ in size.

    python -m benchmarks.rare_class        (a few minutes on one core)

Simulated: each image has a difficulty that all models share, each configuration finds some images
easier than the other does, each seed has a skill of its own, and the rest is chance (logistic).
The two sides see the same images, and each pair has fresh ones. Results: docs/statistics.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.optimize import brentq
from scipy.special import expit

from benchmarks.verdict import share
from pipeline.evaluation.by_class import class_differences
from pipeline.evaluation.comparison import Judged, verdict
from pipeline.statistics.by_image import METRICS
from pipeline.statistics.rule import Margin, Rule

PAIRS = 1000
# On the scale of logits: how much images differ for all models, for one configuration, and how
# much a seed does.
DIFFICULTY, OF_CONFIGURATION, OF_SEED = 3.5, 1.0, 0.15
MARGIN = Margin(0.1, relative=True)
console = Console(width=120)


@dataclass(frozen=True)
class Case:
    """Test images of each class, and each side's recall of them."""

    name: str
    images: tuple[int, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    seeds: int = 3


def cases() -> list[Case]:
    """Return what is simulated: equal configurations, then a class that is lost."""
    rare, even = (950, 50), (100,) * 10
    high, usual = (0.97, 0.80), (0.95,) * 10
    return [
        Case("rare class, 950 + 50: equal", rare, high, high),
        Case("rare class, 950 + 50: equal, 5 seeds", rare, high, high, 5),
        Case("rare class, 3,800 + 200: equal", (3800, 200), high, high),
        Case("10 classes of 36: equal", (36,) * 10, usual, usual),
        Case("10 classes of 100: equal", even, usual, usual),
        Case("rare: recall 0.80 to 0.50, other 0.970 to 0.986", rare, high, (0.986, 0.50)),
        Case("10 classes of 100: one from 0.95 to 0.80", even, usual, (0.80, *usual[1:])),
        Case("10 classes of 100: each from 0.95 to 0.97", even, usual, (0.97,) * 10),
    ]


def main() -> None:
    """Simulate every case and print how often which word is said."""
    table = Table("case", *(f"{metric}: better, worse" for metric in METRICS), "a class worse")
    for number, case in enumerate(cases()):
        generator = np.random.default_rng(number)
        said = [words(*pair(case, generator)) for _ in range(PAIRS)]
        columns = zip(*said, strict=True)
        *metrics, guard = columns
        cells = [
            f"{share([w == 'better' for w in column])}, {share([w == 'worse' for w in column])}"
            for column in metrics
        ]
        table.add_row(case.name, *cells, share(list(guard)))
        console.print(f"{case.name}: " + "; ".join([*cells, share(list(guard))]))
    table.title = f"{PAIRS} pairs each (95 % Wilson interval)"
    console.print(table)


def words(first: Judged, second: Judged) -> tuple[str | bool, ...]:
    """Return the word by each metric, and whether the guardrail calls a class worse."""
    rows = class_differences(first, second, Rule("accuracy", MARGIN))
    by_metric = (verdict(first, second, Rule(metric, MARGIN)).word for metric in METRICS)
    return (*by_metric, any(row.worse for row in rows))


def pair(case: Case, generator: np.random.Generator) -> tuple[Judged, Judged]:
    """Draw images, and the answers of two configurations for them."""
    actual = np.repeat(np.arange(len(case.images)), case.images)
    difficulty = generator.normal(0, DIFFICULTY, len(actual))
    ease = generator.normal(0, OF_CONFIGURATION, (2, len(actual)))
    if case.first == case.second:
        ease[1] = ease[0]
    sides = []
    for recall, easier in zip((case.first, case.second), ease, strict=True):
        level = np.array([intercept(share) for share in recall])[actual]
        skill = generator.normal(0, OF_SEED, (case.seeds, 1))
        noise = generator.logistic(size=(case.seeds, len(actual)))
        margins = level + difficulty + easier + skill + noise
        sides.append(_judged(actual, margins, len(case.images), generator))
    return sides[0], sides[1]


def _judged(
    actual: NDArray[np.int64],
    margins: NDArray[np.float64],
    classes: int,
    generator: np.random.Generator,
) -> Judged:
    """Turn the logits of the actual class [seeds, n] into answers and losses."""
    others = (actual + generator.integers(1, classes, margins.shape)) % classes
    answers = np.where(margins > 0, actual, others)
    losses = np.logaddexp(0, -margins)
    return Judged(actual, answers[0], losses[0], answers, losses)


def _of_level(points: int = 20_000) -> Callable[[float], float]:
    drawn = np.random.default_rng(0).normal(0, np.hypot(DIFFICULTY, OF_CONFIGURATION), points)
    known: dict[float, float] = {}

    def level(recall: float) -> float:
        if recall not in known:
            known[recall] = brentq(lambda x: expit(x + drawn).mean() - recall, -30, 30)
        return known[recall]

    return level


# The level of the logits at which a class has some recall.
intercept = _of_level()

if __name__ == "__main__":
    main()
