"""The import of Keras without its optional dependencies and without TensorFlow's messages."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Harmless messages that TensorFlow writes at every start, whatever its log level.
SAID_AT_START = (b"oneDNN custom operations are on", b"before absl::InitializeLog() is called")


@contextmanager
def slim(bayesian: bool = False) -> Iterator[None]:
    """Import Keras and KerasTuner without optional packages, then run the block as `quiet` does.

    They need these packages only for what is not used here: wrappers, tables, image galleries. But
    importing them is more than a quarter of the time of their import.

    Args:
        bayesian: Whether KerasTuner's Bayesian oracle, which needs scikit-learn and SciPy, is used.
    """
    with quiet():
        slim_keras()
        # Only now: JAX, which Keras may run on, needs SciPy.
        with _hidden("matplotlib", "pandas", *([] if bayesian else ["sklearn", "scipy"])):
            import keras_tuner  # noqa: F401
        yield


def slim_keras() -> None:
    """Import Keras alone without optional packages."""
    with _hidden("matplotlib", "pandas", "sklearn"):
        import keras  # noqa: F401


def unused_tensorflow() -> bool:
    """Return whether Keras with TensorFlow is imported and not used: without threads, forkable."""
    keras = sys.modules.get("keras")
    if keras is None or keras.backend.backend() != "tensorflow":
        return False
    from tensorflow.python.eager import context

    return context.context_safe() is None


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Make packages that are not imported yet look as if they were not installed."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: not installed
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the harmless messages of TensorFlow's start while the block imports it.

    TensorFlow writes to the file descriptor directly, not to `sys.stderr`. All other output is
    written at the end of the block. The garbage collector rests meanwhile, because what an import
    makes is kept: looking for garbage in it is a quarter of the time of TensorFlow's import.
    """
    sys.stderr.flush()
    collects = gc.isenabled()
    gc.disable()
    usual = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            if collects:
                gc.enable()
            sys.stderr.flush()
            os.dup2(usual, 2)
            os.close(usual)
            caught.seek(0)
            kept = [line for line in caught if not any(text in line for text in SAID_AT_START)]
            os.write(2, b"".join(kept))
