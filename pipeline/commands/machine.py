"""The checks of the machine: Python, packages, the GPU, the mirror, the disk.

Each check is a function that yields the problems it finds.
"""

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import fsspec
import requests

from pipeline.base.text import without_credentials, without_secrets_of
from pipeline.commands.problem import Problem

LEAST_FREE_GIB = 2
MIRROR_SECONDS = 10.0
SERVER_ERRORS = 500


def python() -> Iterator[Problem]:
    """Check that this Python has a supported version and is the one that stages would run."""
    if not (3, 11) <= sys.version_info < (3, 14):
        yield Problem(
            f"this is Python {platform.python_version()}",
            "make clean setup PYTHON=python3.12",
        )
    found = shutil.which("python")
    if found is None or Path(found).parent != Path(sys.executable).parent:
        yield Problem(
            f"stages would run {found or 'no python at all'}, not {sys.executable}",
            "source .venv/bin/activate",
        )


def packages() -> Iterator[Problem]:
    """Check that installed packages have the pinned versions."""
    lock = Path("requirements.lock")
    if not lock.exists():
        yield Problem(f"{lock} is missing here", "cd to the repository root")
        return
    pinned: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.+-]+)", lock.read_text(), re.MULTILINE):
        pinned.setdefault(name, set()).add(version)
    drifted = []
    for name, versions in pinned.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform, or the GPU lock file is in use
        if found not in versions:
            drifted.append(f"{name} is {found}, pinned is {' or '.join(versions)}")
    if drifted:
        yield Problem("; ".join(drifted), "make clean setup")


def gpu() -> Iterator[Problem]:
    """Check that TensorFlow was installed with CUDA if there is a GPU."""
    if shutil.which("nvidia-smi") and not _installed("nvidia-cudnn-cu12"):
        yield Problem(
            "there is an NVIDIA GPU, but TensorFlow was installed without CUDA",
            "make setup GPU=1",
        )


def mirror() -> Iterator[Problem]:
    """Check that the mirror can be reached, if one is set."""
    address = os.environ.get("CONVOY_MIRROR")
    if not address:
        return
    trouble = _http_trouble if address.startswith(("http://", "https://")) else _file_trouble
    if problem := trouble(address):
        shown, reason = without_credentials(address), without_secrets_of(address, problem)
        yield Problem(f"CONVOY_MIRROR={shown}: {reason}", "correct or unset CONVOY_MIRROR")


def _http_trouble(address: str) -> str:
    """Return the reason why a web server cannot be reached; empty if it can.

    Only server errors count: most servers list no folders and answer "403" or "404" for them, but
    still serve the files.
    """
    try:
        with requests.get(address, stream=True, timeout=MIRROR_SECONDS) as answer:
            status, reason = answer.status_code, answer.reason
    except requests.RequestException as error:
        return f"{type(error).__name__}: {error}"
    return f"HTTP {status} {reason}" if status >= SERVER_ERRORS else ""


def _file_trouble(address: str) -> str:
    """Return the reason why a folder or bucket cannot be read; empty if it can."""
    try:
        system, path = fsspec.url_to_fs(address)
        return "" if system.exists(path) else "it is not there"
    except (OSError, ValueError, ImportError) as error:
        return str(error)
    except Exception as error:
        # As in pipeline/data/transfers.py: the exceptions of fsspec's plugins (missing credentials,
        # say) share no base class, and Python's own exceptions are bugs in this code.
        if type(error).__module__ == "builtins":
            raise
        return f"{type(error).__name__}: {error}"


def disk() -> Iterator[Problem]:
    """Check that enough disk space is free."""
    free = shutil.disk_usage(".").free / 2**30
    if free < LEAST_FREE_GIB:
        yield Problem(
            f"{free:.1f} GiB are free",
            "dvc gc --all-commits --all-experiments  (drops what nothing uses), or make other room",
        )


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
