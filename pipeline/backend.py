"""Setting up the machine under Keras: threads and determinism. The one place for it."""

import keras


def start(threads: int) -> None:
    """Prepare Keras for computation whose results do not vary from run to run.

    Call it before anything is computed.

    Args:
        threads: Processor threads an operation uses. Sums are split among them, so their number
            changes the last digits of results.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.experimental.enable_op_determinism()


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error of Python or of the backend means that memory ran out."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in ("ResourceExhaustedError", "OutOfMemoryError")
        or "out of memory" in text
        or "bad_alloc" in text
    )


def device_kinds() -> list[str]:
    """Name the kinds of device that Keras computes on, such as "cpu" or "gpu"."""
    return sorted({name.partition(":")[0] for name in keras.distribution.list_devices()})
