"""What would decide a comparison that is undecided: more seeds, or more test images."""

import math

from scipy.special import stdtrit

from pipeline.statistics.confidence import UPPER
from pipeline.statistics.configurations import Difference

# The share of cases in which a difference that is called detectable is found.
POWER = 0.8
# More are hardly ever worth their time.
MOST_SEEDS = 50


def detectable(found: Difference) -> float:
    """Return the smallest true difference that such results call different in most cases.

    The sum of both t quantiles times the standard error, as for any t test (e.g. Bloom 1995,
    "Minimum detectable effects", Evaluation Review 19, 547-556).

    Args:
        found: A comparison; its standard error and degrees of freedom are taken as they are.
    """
    freedom = found.degrees_of_freedom
    return float(stdtrit(freedom, UPPER) + stdtrit(freedom, POWER)) * _error(found)


def seeds_that_settle(
    found: Difference, seeds: int, margin: float, paired: bool = False
) -> int | None:
    """Return how many seeds a side would decide this difference if it stays as it is.

    It is decided where the interval leaves out 0, or lies within the margin: sides that are about
    equal become *equivalent*.

    Args:
        found: A comparison that is undecided.
        seeds: The number of seeds on each side so far.
        margin: Differences smaller than this do not matter.
        paired: Whether the differences seed by seed are compared.

    Returns:
        None if not even 50 would, since the part of the uncertainty that the images make stays.
    """
    for more in range(seeds + 1, MOST_SEEDS + 1):
        error = math.hypot(found.seed_error * math.sqrt(seeds / more), found.image_error)
        # At least (more - 1) degrees for each side, or for the pairs; the images' own are many.
        half = float(stdtrit((1 if paired else 2) * (more - 1), UPPER)) * error
        if half < abs(found.estimate) or abs(found.estimate) + half < margin:
            return more
    return None


def _error(found: Difference) -> float:
    return math.hypot(found.seed_error, found.image_error)
