"""False alarms, coverage and power of the verdict, measured on trained networks.

    python -m benchmarks.verdict        (ten minutes on two cores; trained networks are kept)

A/A compares networks that differ only by seed: every "better" or "worse" is a false alarm. A/B
compares networks whose difference is known. No network is in two pairs of a row, so pairs are
independent but for the test images, which all share. Results: docs/statistics.md.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import binom, norm, t

from benchmarks.many_models import digits, predictions
from pipeline.statistics.configurations import difference_of_means
from pipeline.statistics.paired import mcnemar as mcnemar_p
from pipeline.statistics.proportions import wilson_interval
from pipeline.statistics.words import LEVEL

CACHE = Path(".state/verdict")
SEEDS = (2, 3, 5, 10)
FLIPS = (0.01, 0.02, 0.03, 0.05)
console = Console(width=110)
Pairs = Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]


def bootstrap_interval(
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    confidence: float = 0.95,
    resamples: int = 2000,
) -> tuple[float, float]:
    """Compute the percentile interval of a bootstrap that resamples seeds and images separately.

    It is here only for comparison: it counts the interaction of seed and image twice, and with two
    or three seeds it underestimates their spread (docs/statistics.md).

    Source: Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411.

    Args:
        first: Whether each model of the first configuration is right, bool [seeds, n].
        second: The same for the second, bool [seeds, n].
        confidence: Confidence level of the interval.
        resamples: Number of resamples; the generator is seeded.
    """
    generator = np.random.default_rng(0)
    n = first.shape[1]
    drawn = generator.multinomial(n, np.full(n, 1 / n), size=resamples) / n
    differences = np.zeros(resamples)
    for sign, correct in ((-1, first), (1, second)):
        k = len(correct)
        seeds = generator.multinomial(k, np.full(k, 1 / k), size=resamples) / k
        differences += sign * np.einsum("rk,rk->r", seeds, drawn @ correct.T)
    tail = (1 - confidence) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    return float(low), float(high)


def main() -> None:
    """Train, measure, and print four tables."""
    labels = digits()[3]
    small = predictions(16, 15, 1, 3000, CACHE) == labels
    large = predictions(32, 15, 100_001, 1500, CACHE) == labels
    describe("16 units", small)
    describe("32 units", large)
    false_alarms(small)
    many_images()
    known_difference(small[: len(large)], large)
    flipped_images(small)


def describe(name: str, correct: NDArray[np.bool_]) -> None:
    """Print how accurate these networks are and how much that varies."""
    accuracy = correct.mean(axis=1)
    console.print(
        f"{name}: {len(correct)} networks, test accuracy {accuracy.mean():.4f}, standard "
        f"deviation over seeds {accuracy.std(ddof=1):.4f}"
    )


def false_alarms(correct: NDArray[np.bool_]) -> None:
    """Print for A/A the share of pairs for which a difference is claimed."""
    half = len(correct) // 2
    table = Table("seeds a side", "pairs", "verdict", "bootstrap", "McNemar, one model a side")
    single = pairs(correct[:half], correct[half:], 1)
    alarms = [mcnemar(first[0], second[0]) for first, second in single]
    table.add_row("1", str(half), "", "", share(alarms))
    for seeds in SEEDS:
        found = list(pairs(correct[:half], correct[half:], seeds))
        verdicts = [difference_of_means(*pair).p_value <= LEVEL for pair in found]
        bootstraps = [not contains(bootstrap_interval(*pair), 0) for pair in found]
        table.add_row(str(seeds), str(len(found)), share(verdicts), share(bootstraps), "")
    table.title = "A/A: false alarms (95 % Wilson interval)"
    console.print(table)


def many_images() -> None:
    """Print the same, simulated: with many test images most of the difference is the seeds'."""
    generator = np.random.default_rng(1)
    n, spread = 4000, 0.005
    difficulty = -0.6 * generator.beta(0.05, 1, n)
    table = Table("seeds a side", "pairs", "verdict", "bootstrap", "McNemar, one model a side")
    for seeds in SEEDS[:-1]:
        alarms: list[tuple[bool, bool, bool]] = []
        for _ in range(300):
            skill = generator.normal(0.98, spread, (2, seeds, 1))
            first, second = generator.random((2, seeds, n)) < skill + difficulty
            alarms.append(
                (
                    difference_of_means(first, second).p_value <= LEVEL,
                    not contains(bootstrap_interval(first, second, resamples=200), 0),
                    mcnemar(first[0], second[0]),
                )
            )
        shares = (share(list(column)) for column in zip(*alarms, strict=True))
        table.add_row(str(seeds), str(len(alarms)), *shares)
    table.title = f"A/A, simulated: {n:,} images, standard deviation {spread} over seeds"
    console.print(table)


def known_difference(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> None:
    """Print the power for networks of two sizes; the true difference is that of all of them."""
    truth = second.mean() - first.mean()
    variances = [side.mean(axis=1).var(ddof=1) for side in (first, second)]
    error = np.sqrt(sum(variances) / len(first))
    images = (second.mean(axis=0) - first.mean(axis=0)).var(ddof=1) / first.shape[1]
    table = Table("seeds a side", "pairs", "power, observed", "computed", "interval covers truth")
    for seeds in SEEDS:
        found = [difference_of_means(*pair) for pair in pairs(first, second, seeds)]
        table.add_row(
            str(seeds),
            str(len(found)),
            share([one.p_value <= LEVEL for one in found]),
            f"{power(truth, variances, images, seeds):.1%}",
            share([contains((one.low, one.high), truth) for one in found]),
        )
    table.title = f"A/B: 32 units against 16, true difference {truth:+.4f} ± {error:.4f}"
    console.print(table)


def power(difference: float, variances: list[float], images: float, seeds: int) -> float:
    """Compute how often a difference is found, on one test set.

    The claim is made where the estimate exceeds its standard error, over seeds and images, by the
    t quantile; on a given test set the estimate itself varies only with the seeds.
    """
    of_means = [variance / seeds for variance in variances]
    total = sum(of_means) + images
    freedom = total**2 / sum(variance**2 / (seeds - 1) for variance in of_means)
    threshold = t.ppf(1 - LEVEL / 2, freedom) * np.sqrt(total)
    return float(norm.sf((threshold - difference) / np.sqrt(sum(of_means))))


def flipped_images(correct: NDArray[np.bool_]) -> None:
    """Print the power with one model a side; right images are turned wrong at a known rate."""
    generator = np.random.default_rng(1)
    table = Table("images broken", "and fixed", "pairs", "power, observed", "computed")
    right = round(float(correct.sum(axis=1).mean()))
    for rate in FLIPS:
        fixing = 0.05
        draws = generator.random(correct.shape)
        changed = np.where(correct, draws >= rate, draws < fixing)
        observed = [mcnemar(*pair) for pair in zip(correct, changed, strict=True)]
        computed = mcnemar_power(right, correct.shape[1] - right, rate, fixing)
        table.add_row(
            f"{rate:.0%} of the right",
            f"{fixing:.0%} of the wrong",
            str(len(observed)),
            share(observed),
            f"{computed:.1%}",
        )
    table.title = "A/B: McNemar test on images flipped at a known rate"
    console.print(table)


def mcnemar_power(right: int, wrong: int, breaking: float, fixing: float) -> float:
    """Sum the chance of every outcome that the test calls a difference."""
    chance = 0.0
    for broken in range(right + 1):
        for fixed in range(wrong + 1):
            weight = binom.pmf(broken, right, breaking) * binom.pmf(fixed, wrong, fixing)
            if weight > 1e-12 and mcnemar_p(fixed, broken) <= LEVEL:
                chance += float(weight)
    return chance


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> bool:
    """Return whether the test calls two models different."""
    return mcnemar_p(int((second & ~first).sum()), int((first & ~second).sum())) <= LEVEL


def pairs(first: NDArray[np.bool_], second: NDArray[np.bool_], seeds: int) -> Pairs:
    """Deal the networks into pairs of `seeds` against `seeds`, each network once."""
    for start in range(0, min(len(first), len(second)) - seeds + 1, seeds):
        yield first[start : start + seeds], second[start : start + seeds]


def contains(interval: tuple[float, float], value: float) -> bool:
    """Return whether a value is inside an interval."""
    return interval[0] <= value <= interval[1]


def share(outcomes: list[bool]) -> str:
    """Write a share with its interval."""
    count, n = sum(outcomes), len(outcomes)
    low, high = wilson_interval(count, n)
    return f"{count / n:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
