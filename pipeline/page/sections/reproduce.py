"""How to get the same results again: commit, command, digests, versions, hardware."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from pipeline.base import git
from pipeline.page.run import Run
from pipeline.report import freshness

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "keras-tuner", "numpy", "scikit-learn", "dvc")


def section(run: Run) -> dict[str, Any]:
    """Return what identifies code, parameters and data, and the machine that wrote the page."""
    snapshot = run.results.snapshot
    data = run.results.data
    return {
        "commit": snapshot.commit or git.answer("rev-parse", "HEAD"),
        "changed": "" if snapshot.commit else git.answer("status", "--porcelain", "--", *_TRACKED),
        "stale": freshness.faults(run.results),
        "digests": {
            f"{split} {part}": data[split][f"{part}_sha256"]
            for split in ("train", "validation", "test")
            for part in ("images", "labels")
            if f"{part}_sha256" in data.get(split, {})
        },
        "models": _outputs(run, "models/"),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total / 2**30,
        "precision": run.index.precision if run.index else None,
        "backend": run.index.backend if run.index else None,
        "params": run.results.settings,
    }


_TRACKED = ("params.yaml", "dvc.yaml", "dvc.lock", "pipeline", "results")


def _outputs(run: Run, prefix: str) -> dict[str, str]:
    """Return the digests in dvc.lock of outputs below a folder."""
    return {
        out["path"]: out["md5"]
        for stage in run.results.lock.values()
        for out in stage.get("outs", [])
        if out["path"].startswith(prefix)
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """Return the processor's name, where the system says it."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
