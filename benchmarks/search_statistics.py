"""How honest a search is about itself, by simulation: importance, optimism, the choice.

No network is trained. `importance` searches a space of eight hyperparameters at random, in which
none or only the learning rate matters. `optimism` draws searches from a logit-linear model in which
images differ in difficulty (standard deviation 3.5, shared by all trials), trials in skill, and
each trial has images of its own that it finds hard (1).

    python -m benchmarks.search_statistics importance 200
    python -m benchmarks.search_statistics optimism 200
"""

import math
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pipeline.search.importance import importance
from pipeline.search.optimism import optimism
from pipeline.search.selection import Candidate, Rule, choose
from pipeline.statistics.proportions import standard_error, wilson_interval

CHOICES = {
    "batch_size": (32, 64, 128, 256),
    "optimizer": ("adam", "sgd", "muon"),
    "filters": (8, 16, 32, 64),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "kernel": (3, 5),
    "activation": ("relu", "gelu"),
}
BEST_RATE = -2.2
GRID = np.linspace(-10, 20, 301)  # of skills, in logits
DIFFICULTY, OWN, SEED_SKILL = 3.5, 1.0, 0.25
RULES: tuple[Rule, ...] = ("best", "one_standard_error")


def drawn_space(draw: np.random.Generator, trials: int) -> list[dict[str, str]]:
    """Draw the hyperparameters of a random search."""
    return [
        {
            "learning_rate": repr(10 ** draw.uniform(-4, -1)),
            "weight_decay": repr(10 ** draw.uniform(-5, -2)),
            **{name: str(draw.choice(values)) for name, values in CHOICES.items()},
        }
        for _ in range(trials)
    ]


def named(trials: int, share: float, repetition: int) -> set[str]:
    """Search once; return the hyperparameters that are said to stand above noise.

    Args:
        trials: Completed trials.
        share: Of the variance of the scores, what the learning rate explains (a parabola in its
            logarithm); the rest is noise.
        repetition: Seed.
    """
    draw = np.random.default_rng([repetition, trials, round(100 * share)])
    rows = drawn_space(draw, trials)
    effect = np.array(
        [-((math.log10(float(row["learning_rate"])) - BEST_RATE) ** 2) for row in rows]
    )
    effect = (effect - effect.mean()) / effect.std()
    noise = draw.normal(size=trials)
    scores = 0.9 + 0.01 * (math.sqrt(share) * effect + math.sqrt(1 - share) * noise)
    ranked = importance(rows, list(rows[0]), scores.tolist())
    return {row.name for row in ranked if row.above_noise}


def importances(repetitions: int) -> Iterator[str]:
    """Yield one line for each number of trials and size of the effect."""
    for trials in (20, 60):
        for share in (0.0, 0.3, 0.5, 0.7):
            count = repetitions if share == 0 else max(1, repetitions // 4)
            found = [named(trials, share, each) for each in range(count)]
            rate = sum("learning_rate" in names for names in found)
            others = sum(bool(names - {"learning_rate"}) for names in found)
            some = sum(map(bool, found))
            yield (
                f"{trials} trials, learning rate explains {share:.0%}, {count} searches: "
                f"it is named in {_share(rate, count)}, another in {_share(others, count)}, "
                f"any in {_share(some, count)}"
            )


def _share(successes: int, count: int) -> str:
    low, high = wilson_interval(successes, count)
    return f"{successes / count:.1%} ({low:.1%} - {high:.1%})"


def _expected() -> NDArray[np.float64]:
    """Return the accuracy on all images, whatever the seed, of each skill of the grid."""
    spread = math.sqrt(DIFFICULTY**2 + OWN**2 + SEED_SKILL**2)
    others = spread * np.random.default_rng(0).standard_normal(40_000)
    return np.array([expit(each + others).mean() for each in GRID])


def searched(
    draw: np.random.Generator, trials: int, images: int, best: float
) -> tuple[list[Candidate], NDArray[np.float64]]:
    """Draw one search: candidates of random sizes, and the skill of each, [k]."""
    skill = best - draw.gamma(1.0, 1.0, trials)
    own = draw.normal(0, OWN, (trials, images)) + draw.normal(0, DIFFICULTY, images)
    logits = (skill + draw.normal(0, SEED_SKILL, trials))[:, None] + own
    scores = (draw.random((trials, images)) < expit(logits)).mean(axis=1)
    sizes = draw.permutation(trials) + 1
    candidates = [
        Candidate("any", n, a, standard_error(a, images), 0.1, int(size), 1, {}, "", images, 4)
        for n, (a, size) in enumerate(zip(map(float, scores), sizes, strict=True))
    ]
    return candidates, skill


def optimisms(repetitions: int) -> Iterator[str]:
    """Yield one line for each number of images and of trials, and each rule."""
    curve = _expected()
    for level in (6.5, 8.5):
        for images in (240, 1000):
            for trials in (4, 16, 64):
                draw = np.random.default_rng([images, trials, round(10 * level)])
                best = float(np.interp(level, GRID, curve))
                searches = [searched(draw, trials, images, level) for _ in range(repetitions)]
                for rule in RULES:
                    true, told = [], []
                    for candidates, skill in searches:
                        chosen, _ = choose(candidates, rule)
                        expected = float(np.interp(skill[chosen.trial], GRID, curve))
                        true.append(chosen.val_accuracy - expected)
                        told.append(optimism(candidates, rule))
                    error = np.std(true, ddof=1) / math.sqrt(repetitions)
                    yield (
                        f"best skill {best:.1%}, {images} images, {trials} trials, {rule}: true "
                        f"{100 * np.mean(true):.2f} ± {100 * error:.2f} points, estimated "
                        f"{100 * np.mean(told):.2f} (standard deviation {100 * np.std(told):.2f})"
                    )


def main() -> None:
    """Print what was asked for."""
    what, repetitions = sys.argv[1], int(sys.argv[2])
    for line in {"importance": importances, "optimism": optimisms}[what](repetitions):
        print(line, flush=True)


if __name__ == "__main__":
    main()
