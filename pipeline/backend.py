"""Setting up the machine under Keras: threads and determinism. The one place for it."""

import ctypes
import platform

import keras

# glibc's names for what `mallopt` sets, and values that fit any batch of ours.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 1 << 30


def start(threads: int) -> None:
    """Prepare Keras for computation whose results do not vary from run to run.

    Call it before anything is computed.

    Args:
        threads: Processor threads an operation uses. Sums are split among them, so their number
            changes the last digits of results.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # It warns of each model after the fifth that is traced, which is what many seeds are.
        tf.get_logger().setLevel("ERROR")
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.experimental.enable_op_determinism()
        _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Undo what TensorFlow does to the memory allocator: half of the time of small models.

    The first data set that reads from Python, as ours do, makes TensorFlow set glibc's
    M_TRIM_THRESHOLD to 128 KiB (tensorflow/core/kernels/data/generator_dataset_op.cc), which also
    fixes M_MMAP_THRESHOLD at 128 KiB: from then on every larger tensor is fetched from the kernel
    and given back, page by page, in every step. So let it, once, and set both higher.
    """
    import tensorflow as tf

    if platform.libc_ver()[0] != "glibc":
        return
    numbers = tf.data.Dataset.from_generator(
        lambda: iter([0]), output_signature=tf.TensorSpec((), tf.int32)
    )
    next(iter(numbers))
    libc = ctypes.CDLL("libc.so.6")
    libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)


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
