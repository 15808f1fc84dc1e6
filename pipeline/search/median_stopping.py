"""Stopping trials that cannot catch up, by the median rule.

Golovin et al. 2017, "Google Vizier: A Service for Black-Box Optimization", 3.2.1: stop a trial
after an epoch if its best score so far is below the median of the running means, up to the same
epoch, of the trials completed before it. The median is taken when the trial is proposed, from
the trials that the oracle has heard of by then, so the rule is part of the trial's specification
and its effect does not depend on how many workers there are.
"""

import math
from collections.abc import Sequence
from statistics import fmean, median

from pipeline.search.records import Record

# Fewer completed trials make no median worth stopping for.
LEAST_TRIALS = 5
# The first epochs say little: a quarter of them is free.
FREE_SHARE = 1 / 4


def median_rule(records: Sequence[Record], epochs: int) -> tuple[float, ...]:
    """Return the validation accuracy below which to stop after each epoch; empty for never."""
    completed = [record.result for record in records if record.result.status == "completed"]
    curves = [[row.val_accuracy for row in r.curve] for r in completed if len(r.curve) == epochs]
    if len(curves) < LEAST_TRIALS:
        return ()
    free = math.ceil(epochs * FREE_SHARE)
    medians = (median(fmean(curve[:end]) for curve in curves) for end in range(1, epochs + 1))
    return tuple(0.0 if end <= free else bar for end, bar in enumerate(medians, start=1))
