"""Predictions of models that were never trained, as predictions.csv holds them."""

import csv
import io

import numpy as np

from pipeline.evaluation import predictions
from pipeline.evaluation.comparison import Judged


def written(n=50, seeds=3, files=None, groups=None):
    """Return random predictions for `n` images by model, and the table's text."""
    generator = np.random.default_rng(0)
    actual = generator.integers(10, size=n)
    models = {}
    for name in predictions.NAMES:
        by_seed = generator.integers(10, size=(seeds, n))
        models[name] = Judged(actual, by_seed[1], generator.exponential(size=n), by_seed)
    probability = {name: generator.random(n) for name in models}
    seeds_of = {name: [*range(1, seeds + 1)] for name in models}
    table = predictions.columns(models, probability, seeds_of, files, groups)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return models, stream.getvalue()
