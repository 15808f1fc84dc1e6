"""Importing Keras without what it takes along only because it is installed, and without a word."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# What TensorFlow says at every start, whatever it is told about messages; nothing is wrong then.
SAID_AT_START = (b"oneDNN custom operations are on", b"before absl::InitializeLog() is called")


@contextmanager
def slim(bayesian: bool = False) -> Iterator[None]:
    """Hide what training never uses, while its block imports Keras and KerasTuner.

    Scikit-learn and Matplotlib are for wrappers and image galleries there, and a quarter of the
    time that importing Keras takes.

    Args:
        bayesian: Whether KerasTuner's Bayesian oracle is wanted, which needs scikit-learn.
    """
    extras = ["matplotlib"] if bayesian else ["matplotlib", "sklearn"]
    hidden = [name for name in extras if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: not installed
    try:
        with quiet():
            yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what TensorFlow says at every start; the block imports it.

    TensorFlow writes to the file itself, past `sys.stderr`. What else is written there is passed
    on at the end of the block.
    """
    sys.stderr.flush()
    usual = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(usual, 2)
            os.close(usual)
            caught.seek(0)
            kept = [line for line in caught if not any(text in line for text in SAID_AT_START)]
            os.write(2, b"".join(kept))
