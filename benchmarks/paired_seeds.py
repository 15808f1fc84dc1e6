"""What the same seeds on both sides, and a history of earlier runs, would add to the verdict.

    python -m benchmarks.paired_seeds     (15 minutes on one core; trained networks are kept)

Small convolutional networks on the digits (`many_cnns`). A seed decides a network's initial weights
and its order of the images, so two configurations trained with one seed share both. A/A compares
configurations that are equal, or differ by one training image: every claim is a false alarm. A/B
compares configurations that differ. Four rules are compared:

- *now*: the two sides count as independent;
- *moderated*: the variance between seeds is shrunk towards that of earlier runs (`moderated`);
- *paired*: the seeds' part of the variance comes from the differences seed by seed;
- *both*.

Results: docs/statistics.md.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from benchmarks.many_cnns import Variant, predictions
from benchmarks.many_models import digits
from benchmarks.moderated import moderated, parts, ratio
from benchmarks.verdict import pairs, share
from pipeline.commands import settle
from pipeline.statistics.configurations import difference_of_means
from pipeline.statistics.words import LEVEL

CACHE = Path(".state/paired_seeds")
SEEDS = (2, 3, 5)
LOOKS = settle.LOOKS
NAME_OF_LOOKS = ", ".join(map(str, LOOKS))
BASE = Variant("base")
SAME = [Variant("one image replaced", replaced=True), Variant("other order", other_order=True)]
OTHERS = [
    Variant("learning rate x0.7", learning_rate=2.8e-3),
    Variant("learning rate x1.1", learning_rate=4.4e-3),
    Variant("learning rate x2", learning_rate=8e-3),
    Variant("label smoothing 0.1", smoothing=0.1),
    Variant("more filters", filters=(9, 18)),
]
# So many stacks of networks of each.
SAME_STACKS, OTHER_STACKS = 20, 5
# The history: so many runs of so many seeds, and drawn so many runs away from a pair at least.
RUNS, OF_RUN, APART = 8, 3, 10
# Simulated: images, mean accuracy, and on the scale of logits how much images differ for all
# models and for one configuration.
IMAGES, ACCURACY, DIFFICULTY, OF_CONFIGURATION = 359, 0.96, 3.5, 1.0
SIMULATED = 1000
RULES = ("now", "moderated", "paired", "both")
console = Console(width=130)
Scores = NDArray[np.bool_]


def claimed(first: Scores, second: Scores, earlier: float, level: float = LEVEL) -> list[bool]:
    """Return whether each of RULES calls two sides different, from scores [seeds, n]."""
    p_values = [
        difference_of_means(first, second).p_value,
        moderated(first, second, earlier),
        difference_of_means(first, second, paired=True).p_value,
        moderated(first, second, earlier, paired=True),
    ]
    return [p_value <= level for p_value in p_values]


def looked(first: Scores, second: Scores, earlier: float) -> list[bool]:
    """Return the same after the looks of `python -m pipeline settle`, at its level."""
    looks = [claimed(first[:k], second[:k], earlier, settle.LEVEL) for k in LOOKS]
    return np.any(looks, axis=0).tolist()


def main() -> None:
    """Train, measure, and print the tables."""
    labels = digits()[3]

    def correct(variant: Variant, stacks: int) -> Scores:
        return predictions(variant, 1, stacks, CACHE) == labels

    base = correct(BASE, SAME_STACKS)
    equal = {variant.name: correct(variant, SAME_STACKS) for variant in SAME}
    equal["other seeds"] = np.roll(base, len(base) // 2, axis=0)[: len(base) // 2]
    different = {variant.name: correct(variant, OTHER_STACKS) for variant in OTHERS}
    describe(base, equal | different)
    earlier = _earlier(base, different)
    console.print(claims("A/A: claims, all of them false", base, equal, earlier))
    console.print(claims("A/B: claims", base, different, earlier))
    console.print(simulated(ratio([parts(run) for run in np.split(base, len(base) // OF_RUN)])))


def describe(base: Scores, others: dict[str, Scores]) -> None:
    """Print how accurate the networks are, and how much one seed makes two of them alike."""
    table = Table("change", "networks", "accuracy", "sd of seeds", "ratio", "correlation")
    table.add_column("variance of the difference, of the unpaired")
    for name, scores in {"base": base, **others}.items():
        accuracy = scores.mean(axis=1)
        row = [str(len(scores)), f"{accuracy.mean():.4f}", f"{accuracy.std(ddof=1):.4f}"]
        row.append(f"{ratio([parts(run) for run in np.split(scores, len(scores) // OF_RUN)]):.2f}")
        if name != "base":
            same = base[: len(scores)].mean(axis=1)
            unpaired = accuracy.var(ddof=1) + same.var(ddof=1)
            row.append(f"{np.corrcoef(same, accuracy)[0, 1]:.2f}")
            row.append(f"{(accuracy - same).var(ddof=1) / unpaired:.2f}")
        table.add_row(name, *row)
    console.print(table)


def claims(
    title: str, base: Scores, others: dict[str, Scores], earlier: Callable[[int], float]
) -> Table:
    """Return the share of pairs that each rule calls different; no network is in two of a row."""
    table = Table("change", "seeds", "pairs", *RULES, "± now", "± paired", title=title)
    for name, scores in others.items():
        for seeds in SEEDS:
            dealt = list(pairs(base, scores, seeds))
            found = [claimed(*pair, earlier(seeds * n)) for n, pair in enumerate(dealt)]
            widths = [f"{half_width(dealt, paired):.4f}" for paired in (False, True)]
            table.add_row(name, str(seeds), str(len(found)), *_shares(found), *widths)
        dealt = list(pairs(base, scores, LOOKS[-1]))
        found = [looked(*pair, earlier(LOOKS[-1] * n)) for n, pair in enumerate(dealt)]
        table.add_row(name, NAME_OF_LOOKS, str(len(found)), *_shares(found))
    return table


def half_width(dealt: list[tuple[Scores, Scores]], paired: bool) -> float:
    """Return the median half-width of the 95 % interval."""
    found = [difference_of_means(*pair, paired=paired) for pair in dealt]
    return float(np.median([one.high - one.estimate for one in found]))


def _shares(found: list[list[bool]]) -> list[str]:
    return [share(list(column)) for column in zip(*found, strict=True)]


def simulated(usual: float) -> Table:
    """Return false alarms where the seeds scatter more than in the history.

    Args:
        usual: The ratio of both variances that the history has, and usual runs too.
    """
    generator = np.random.default_rng(1)
    as_ever = _level(usual)
    table = Table("standard deviation of the seeds", "seeds", "pairs", *RULES)
    table.title = f"A/A, simulated, {IMAGES} images, history of {RUNS} runs: claims, all false"
    for first, second in ((1, 1), (2, 2), (3, 3), (1, 3)):
        levels = [_level(usual * times**2) for times in (first, second)]
        for seeds in (*SEEDS, LOOKS[-1]):
            judge = looked if seeds == LOOKS[-1] else claimed
            found = []
            for _ in range(SIMULATED):
                difficulty = generator.normal(0, DIFFICULTY, IMAGES)
                history = [_side(generator, difficulty, as_ever, OF_RUN) for _ in range(RUNS)]
                one, other = (_side(generator, difficulty, level, seeds) for level in levels)
                found.append(judge(one, other, ratio([parts(run) for run in history])))
            name = f"{first} and {second} times the history's"
            of = NAME_OF_LOOKS if seeds == LOOKS[-1] else str(seeds)
            table.add_row(name, of, str(len(found)), *_shares(found))
    return table


def _earlier(base: Scores, others: dict[str, Scores]) -> Callable[[int], float]:
    """Return a function that draws a history of various runs without networks near a seed."""
    known = [
        [parts(run) for run in np.split(scores, len(scores) // OF_RUN)]
        for scores in (base, *others.values())
    ]
    generator = np.random.default_rng(2)

    def draw(start: int) -> float:
        runs = []
        for _ in range(RUNS):
            of_one = known[generator.integers(len(known))]
            apart = generator.integers(APART, len(of_one) - APART)
            runs.append(of_one[(start // OF_RUN + apart) % len(of_one)])
        return ratio(runs)

    return draw


def _side(
    generator: np.random.Generator, difficulty: NDArray, level: tuple[float, float], seeds: int
) -> Scores:
    """Simulate which images the seeds of one configuration get right, [seeds, n]."""
    mean, spread = level
    image = mean + difficulty + generator.normal(0, OF_CONFIGURATION, IMAGES)
    skill = generator.normal(0, spread, (seeds, 1))
    return generator.random((seeds, IMAGES)) < expit(image + skill)


def _level(wanted: float) -> tuple[float, float]:
    """Return mean and spread of the seeds, in logits, that give ACCURACY and a ratio of variances.

    Simulated accuracy varies between seeds by their skill and by independent mistakes, so the
    ratio is 1 without any skill.
    """
    grid = norm.ppf((np.arange(200) + 0.5) / 200)
    images = np.hypot(DIFFICULTY, OF_CONFIGURATION) * grid[:, np.newaxis]

    def mean(spread: float) -> float:
        return float(brentq(lambda m: expit(m + images + spread * grid).mean() - ACCURACY, 0, 30))

    def excess(spread: float) -> float:
        right = expit(mean(spread) + images + spread * grid)
        chance = (right * (1 - right)).mean() / IMAGES
        return float(1 + right.mean(axis=0).var() / chance - wanted)

    spread = float(brentq(excess, 0, 10)) if wanted > 1 else 0.0
    return mean(spread), spread


if __name__ == "__main__":
    main()
