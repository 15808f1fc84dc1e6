"""The GPUs of Keras' backend: their names, their memory, and errors that mean it ran out."""

import keras

from pipeline.base.files import FileError

# In the words of backends, of the operating system, and of NumPy.
NO_MEMORY = ("out of memory", "bad_alloc", "cannot allocate memory", "unable to allocate")


def gpu_names() -> list[str]:
    """Return the names of the backend's GPUs, such as "NVIDIA H100 80GB HBM3"."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            details = tf.config.experimental.get_device_details
            gpus = tf.config.list_physical_devices("GPU")
            return [details(gpu).get("device_name", "GPU") for gpu in gpus]
        case "jax":
            import jax

            return [device.device_kind for device in jax.devices() if device.platform == "gpu"]
        case _:
            import torch

            count = torch.cuda.device_count()
            return [torch.cuda.get_device_name(number) for number in range(count)]


def gpu_peak_bytes() -> int | None:
    """Return the peak memory of the GPU so far, in bytes; None if there is no GPU."""
    if not gpu_names():
        return None
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            return tf.config.experimental.get_memory_info("GPU:0")["peak"]
        case "jax":
            import jax

            return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]
        case _:
            import torch

            return torch.cuda.max_memory_allocated()


def is_out_of_memory(error: Exception) -> bool:
    """Check whether an error of Python or of the backend means that memory ran out."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in ("ResourceExhaustedError", "OutOfMemoryError")
        or any(words in text for words in NO_MEMORY)
    )


def is_of_a_file(error: Exception) -> bool:
    """Check whether an error is that of a file or a disk, and says nothing about the model."""
    return isinstance(error, FileError | OSError) and not is_out_of_memory(error)
