"""The import of Keras without its optional dependencies and without TensorFlow's messages."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Harmless messages that TensorFlow writes at every start, whatever its log level.
SAID_AT_START = (b"oneDNN custom operations are on", b"before absl::InitializeLog() is called")


@contextmanager
def slim(bayesian: bool = False) -> Iterator[None]:
    """Hide unused optional packages while the block imports Keras and KerasTuner.

    Keras needs scikit-learn and Matplotlib only for wrappers and image galleries, but importing
    them is a quarter of the time of its import.

    Args:
        bayesian: Whether KerasTuner's Bayesian oracle, which needs scikit-learn, is used.
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
    """Suppress the harmless messages of TensorFlow's start while the block imports it.

    TensorFlow writes to the file descriptor directly, not to `sys.stderr`. All other output is
    written at the end of the block.
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
