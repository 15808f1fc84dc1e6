"""The settings of Keras' backend: threads, determinism, memory, precision, software."""

import ctypes
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from pipeline.base import paths
from pipeline.config.conditions import Conditions, Precision
from pipeline.training import devices

# The parameters of glibc's `mallopt`, and a value larger than any batch of this pipeline.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 1 << 30

# XLA's option to use only GPU operations with reproducible results.
DETERMINISTIC = "xla_gpu_deterministic_ops"
COMPILED_BYTES = 1 << 30

STEPS_A_CALL_ON_GPU, STEPS_A_CALL_ON_PROCESSOR = 16, 8

PACKAGES = (
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "torch",
    "jax",
    "jaxlib",
    "jax-cuda12-plugin",
    "jax-cuda13-plugin",
    "nvidia-cublas-cu12",
    "nvidia-cublas",
    "nvidia-cudnn-cu12",
    "nvidia-cudnn-cu13",
    "numpy",
)
# Environment variables of the backends that change the last digits of results.
VARIABLES = (
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "NVIDIA_TF32_OVERRIDE",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "CUBLAS_WORKSPACE_CONFIG",
)


def start(threads: int) -> None:
    """Set Keras up for reproducible computation. Call this before anything is computed.

    Args:
        threads: Number of processor threads for one operation. Sums are split among them, so their
            number changes the last digits of results. JAX ignores it and uses all cores.
    """
    # A keras.json in the user's home may set other values, which would change the models.
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    match keras.backend.backend():
        case "tensorflow":
            _start_tensorflow(threads)
        case "jax":
            _start_jax()
        case _:
            _start_torch(threads)


def _start_tensorflow(threads: int) -> None:
    import tensorflow as tf

    # TensorFlow warns of each model traced after the fifth, which several seeds soon exceed.
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    for gpu in tf.config.list_physical_devices("GPU"):
        # By default the first process takes all GPU memory, and a second one does not fit.
        tf.config.experimental.set_memory_growth(gpu, True)
    _keep_freed_memory()


def _start_jax() -> None:
    """Set the options that JAX reads at its first computation."""
    # As with TensorFlow, allocate memory only when it is needed.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if DETERMINISTIC not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{DETERMINISTIC}=true".strip()
    import jax

    if devices.gpu_names() and not jax.config.jax_compilation_cache_dir:
        # Compiling for a GPU takes longer than a short training, and the next seed reuses it.
        jax.config.update("jax_compilation_cache_dir", str(paths.COMPILED.absolute()))
        jax.config.update("jax_compilation_cache_max_size", COMPILED_BYTES)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _start_torch(threads: int) -> None:
    import torch

    # cuBLAS needs this setting to be deterministic.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


def _keep_freed_memory() -> None:
    """Undo TensorFlow's change of the memory allocator, which costs small models half of the time.

    The first data set that reads from Python, as those of this pipeline do, makes TensorFlow set
    glibc's M_TRIM_THRESHOLD to 128 KiB (tensorflow/core/kernels/data/generator_dataset_op.cc),
    which also fixes M_MMAP_THRESHOLD at 128 KiB. From then on every larger tensor is requested from
    the kernel and returned, page by page, in every step. So this function triggers that change
    once, and then sets both higher.
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


def resolved(conditions: Conditions) -> Conditions:
    """Return the conditions with the precision "auto" replaced by the fastest one here."""
    if conditions.precision != "auto":
        return conditions
    return conditions.model_copy(update={"precision": fastest_precision()})


def fastest_precision() -> Precision:
    """Choose the dtype policy that is fastest here at the same accuracy.

    That is bfloat16 on devices that multiply it in hardware: GPUs, and processors with AMX or
    AVX-512 BF16. Other devices emulate it, which is slower than float32.
    """
    if devices.gpu_names() or _processor_flags() & {"amx_bf16", "avx512_bf16"}:
        return "mixed_bfloat16"
    return "float32"


def software() -> dict[str, Any]:
    """Return the software and devices here that affect the result of a training."""
    # Libraries choose their kernels by these vector instructions.
    vectors = ("avx", "fma", "amx")
    return {
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "backend": keras.backend.backend(),
        "devices": sorted(set(devices.gpu_names())) or ["cpu"],
        "machine": platform.machine(),
        "processor": sorted(flag for flag in _processor_flags() if flag.startswith(vectors)),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor_flags() -> set[str]:
    """Read the processor's feature flags; empty on systems other than Linux."""
    file = Path("/proc/cpuinfo")
    if not file.exists():
        return set()
    lines = file.read_text(encoding="utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def steps_a_call() -> int:
    """Return the number of training steps that the backend runs in one call from Python.

    Each call costs time, above all with small models. The number does not change the results.
    Keras allows only 1 with PyTorch; JAX gains nothing on the processor.
    """
    if keras.backend.backend() == "torch":
        return 1
    if devices.gpu_names():
        return STEPS_A_CALL_ON_GPU
    return STEPS_A_CALL_ON_PROCESSOR if keras.backend.backend() == "tensorflow" else 1
