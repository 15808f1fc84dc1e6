"""How often a model that is no better is called better, if many are judged on the same test images.

    python -m benchmarks.looks [TEAMS]

Simulated, with the project's own rule. All models of a team are equally good, whatever the test
images and the seeds. Two ways of looking are counted:

- *one after the other*: each request is judged against the model that is kept, and takes its place
  if it is called better;
- *the best of many*: one configuration is trained with many sets of seeds, and only the set with
  the best test accuracy is handed in.

Whether the model of seed s of configuration c is right on image i is a coin with the probability
logistic(level + image i + configuration c on image i + seed s), with normal deviates. The images'
standard deviation of 3.5 makes most of them easy or hard for every model, as in real data sets; the
configuration's of 1 makes two configurations differ on single images, but not in the mean.
"""

import sys
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from pipeline.evaluation.comparison import Judged, verdict
from pipeline.statistics.proportions import wilson_interval
from pipeline.statistics.rule import Margin, Rule

LOOKS = (1, 5, 10, 20, 40)
IMAGES = (359, 1000, 10_000)
SEEDS = 3
# They give an accuracy of 0.95, and seeds with a standard deviation of 0.25 points.
LEVEL, BY_IMAGE, BY_CONFIGURATION, BY_SEED = 6.6, 3.5, 1.0, 0.1
RULE = Rule("accuracy", Margin(0.1, relative=True))
console = Console(width=110)


@dataclass
class Team:
    """The models of a team, all equally good, for its own test images."""

    n: int
    generator: np.random.Generator
    image: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.image = LEVEL + self.generator.normal(0, BY_IMAGE, self.n)

    def configuration(self) -> NDArray[np.float64]:
        """Draw how a new configuration sees each image, float64 [n]."""
        return self.image + self.generator.normal(0, BY_CONFIGURATION, self.n)

    def trained(self, configuration: NDArray[np.float64]) -> Judged:
        """Train a configuration with fresh seeds. There are two classes, and every label is 0."""
        seed = self.generator.normal(0, BY_SEED, (SEEDS, 1))
        wrong = self.generator.random((SEEDS, self.n)) >= expit(configuration + seed)
        seeds = wrong.astype(np.int64)
        return Judged(np.zeros(self.n, np.int64), seeds[0], np.zeros(self.n), seeds)


def main() -> None:
    """Print a table for each number of test images."""
    teams = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for n in IMAGES:
        alarms: dict[int, list[tuple[bool, bool]]] = defaultdict(list)
        gains: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for number in range(teams):
            generator = np.random.default_rng([n, number])
            pairs = zip(one_after_the_other(n, generator), best_of_many(n, generator), strict=True)
            for looks, ((first, gained), (second, reported)) in zip(LOOKS, pairs, strict=True):
                alarms[looks].append((first, second))
                gains[looks].append((gained, reported))
        show(n, alarms, gains)


def one_after_the_other(n: int, generator: np.random.Generator) -> list[tuple[bool, float]]:
    """Judge equal configurations, and keep each that is called better.

    Returns:
        For each number of looks: whether any was called better, and how much more accurate on the
        test images the kept one is than the first.
    """
    team = Team(n, generator)
    first = kept = team.trained(team.configuration())
    alarmed, found = False, []
    for look in range(1, max(LOOKS) + 1):
        candidate = team.trained(team.configuration())
        if verdict(kept, candidate, RULE).word == "better":
            kept, alarmed = candidate, True
        if look in LOOKS:
            found.append((alarmed, accuracy(kept) - accuracy(first)))
    return found


def best_of_many(n: int, generator: np.random.Generator) -> list[tuple[bool, float]]:
    """Train one configuration again and again, and judge the luckiest training.

    Returns:
        For each number of trainings: whether it is called better, and by how much.
    """
    team = Team(n, generator)
    configuration = team.configuration()
    first = best = team.trained(configuration)
    found = []
    for look in range(1, max(LOOKS) + 1):
        candidate = team.trained(configuration)
        if look == 1 or accuracy(candidate) > accuracy(best):
            best = candidate
        if look in LOOKS:
            better = verdict(first, best, RULE).word == "better"
            found.append((better, accuracy(best) - accuracy(first)))
    return found


def accuracy(judged: Judged) -> float:
    """Return the test accuracy, mean of the seeds."""
    return float((judged.seeds == judged.actual).mean())


def show(
    n: int, alarms: dict[int, list[tuple[bool, bool]]], gains: dict[int, list[tuple[float, float]]]
) -> None:
    """Print the shares with their intervals, and the gains in points with standard deviations."""
    after, best = "one after the other", "best of many"
    table = Table("looks", "teams", f"better, {after}", "too high by", f"better, {best}", "by")
    table.title = f"{n:,} test images, {SEEDS} seeds (95 % Wilson interval)"
    for looks in LOOKS:
        first, second = zip(*alarms[looks], strict=True)
        gained, reported = 100 * np.array(gains[looks]).T
        table.add_row(
            str(looks),
            str(len(first)),
            share(first),
            f"{gained.mean():+.2f} ± {gained.std(ddof=1):.2f}",
            share(second),
            f"{reported.mean():+.2f} ± {reported.std(ddof=1):.2f}",
        )
    console.print(table)


def share(outcomes: tuple[bool, ...]) -> str:
    """Write a share with its interval."""
    count, n = sum(outcomes), len(outcomes)
    low, high = wilson_interval(count, n)
    return f"{count / n:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
