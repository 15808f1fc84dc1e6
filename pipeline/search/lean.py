"""Importing Keras without what it takes along only because it is installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports(bayesian: bool = False) -> Iterator[None]:
    """Hide what a search never uses, while its block imports Keras and KerasTuner.

    Scikit-learn and Matplotlib are for wrappers and image galleries there, and a quarter of the
    time that importing Keras takes.

    Args:
        bayesian: Whether KerasTuner's Bayesian oracle is wanted, which needs scikit-learn.
    """
    extras = ["matplotlib"] if bayesian else ["matplotlib", "sklearn"]
    hidden = [name for name in extras if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: not installed
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
