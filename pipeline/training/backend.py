"""The machine under Keras: threads, determinism, precision, software. The one place for it."""

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

# glibc's names for what `mallopt` sets, and values that fit any batch of ours.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 1 << 30

# XLA's option to choose only operations on the GPU that give the same bits each time.
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
# Settings of the backends' own that change the last digits.
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
    """Prepare Keras for computation whose results do not vary from run to run.

    Call it before anything is computed.

    Args:
        threads: Processor threads an operation uses. Sums are split among them, so their number
            changes the last digits of results. JAX cannot be told; it takes all cores.
    """
    # A keras.json in the user's home may say otherwise, and models would be others.
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

    # It warns of each model after the fifth that is traced, which is what many seeds are.
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    for gpu in tf.config.list_physical_devices("GPU"):
        # Else the first process takes all of its memory, and no second one fits beside it.
        tf.config.experimental.set_memory_growth(gpu, True)
    _keep_freed_memory()


def _start_jax() -> None:
    """Set what JAX reads when it first computes."""
    # As with TensorFlow: memory as it is needed.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if DETERMINISTIC not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{DETERMINISTIC}=true".strip()
    import jax

    if devices.gpu_names() and not jax.config.jax_compilation_cache_dir:
        # Compiling takes a GPU longer than a short training, and the next seed needs the same.
        jax.config.update("jax_compilation_cache_dir", str(paths.COMPILED.absolute()))
        jax.config.update("jax_compilation_cache_max_size", COMPILED_BYTES)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _start_torch(threads: int) -> None:
    import torch

    # Without it cuBLAS refuses to be deterministic.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


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


def resolved(conditions: Conditions) -> Conditions:
    """Replace the precision "auto" by the one that is fastest here."""
    if conditions.precision != "auto":
        return conditions
    return conditions.model_copy(update={"precision": fastest_precision()})


def fastest_precision() -> Precision:
    """Choose the dtype policy that is fastest here at the same accuracy.

    bfloat16 where the device multiplies it in hardware: GPUs, and processors with AMX or
    AVX-512 BF16. Elsewhere it is emulated, and slower than float32.
    """
    if devices.gpu_names() or _processor_flags() & {"amx_bf16", "avx512_bf16"}:
        return "mixed_bfloat16"
    return "float32"


def software() -> dict[str, Any]:
    """Describe software and devices here, as far as they decide what a training gives."""
    # The vector instructions by which libraries choose their kernels.
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
    """Read what the processor can do; only Linux says so in a file."""
    file = Path("/proc/cpuinfo")
    if not file.exists():
        return set()
    lines = file.read_text(encoding="utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def steps_a_call() -> int:
    """Say how many training steps the backend should run at one request.

    Whoever has to ask Python for each step waits for it, most of all with small models. The
    results are the same. Keras allows only 1 with PyTorch; JAX gains nothing on the processor.
    """
    if keras.backend.backend() == "torch":
        return 1
    if devices.gpu_names():
        return STEPS_A_CALL_ON_GPU
    return STEPS_A_CALL_ON_PROCESSOR if keras.backend.backend() == "tensorflow" else 1
