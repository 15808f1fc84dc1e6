"""The bootstrap: intervals from the spread over resampled test images."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics.confidence import UPPER

RESAMPLES = 2000
RESAMPLES_AT_ONCE = 100


def bootstrap(
    statistics: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    n: int,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.floating]:
    """Compute 95 % percentile intervals over resampled images, or groups drawn as a whole.

    Where a statistic compares two models, both are judged on the same resampled images, so the
    difficulty of the images cancels. A resample of groups has as many groups as there are, and so
    not always n images: means must divide by the sum of the weights.

    Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", 13.3. For groups:
    Davison and Hinkley (1997), "Bootstrap Methods and their Application", section 3.8; Field and
    Welsh (2007), "Bootstrapping clustered data", Journal of the Royal Statistical Society B 69,
    369-390.

    Args:
        statistics: Takes weights [resamples, n], how often each image is drawn, and returns one or
            several values for each resample, [resamples, ...].
        n: Number of images.
        groups: The group of each image, [n]; None if the images are independent.

    Returns:
        Lower and upper ends, [2, ...]. The generator is seeded, so they are always the same.
    """
    place = None if groups is None else np.unique(groups, return_inverse=True)[1]
    units = n if place is None else int(place.max()) + 1
    generator = np.random.default_rng(0)
    values = []
    for start in range(0, RESAMPLES, RESAMPLES_AT_ONCE):
        count = min(RESAMPLES_AT_ONCE, RESAMPLES - start)
        drawn = generator.integers(units, size=(count, units), dtype=np.int32)
        offsets = np.arange(count, dtype=np.int32)[:, np.newaxis] * units
        times = np.bincount((drawn + offsets).ravel(), minlength=count * units)
        weights = times.reshape(count, units).astype(np.float32)
        values.append(statistics(weights if place is None else weights[:, place]))
    return np.quantile(np.concatenate(values), [1 - UPPER, UPPER], axis=0)
