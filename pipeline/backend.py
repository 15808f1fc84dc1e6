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
