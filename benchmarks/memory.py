"""Memory of split, train and evaluate, on 60,000 and on 600,000 generated images.

    python -m benchmarks.memory      # about six minutes on 2 slow cores; a table for docs/data.md

Every stage runs as DVC runs it, a process of its own, in a scratch folder: a data set of idx files
with random 28×28 images, one epoch of a small network, one seed. The peak is the largest resident
set of the process, as the kernel counts it (`ru_maxrss`), mapped pages included.
"""

import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
SIZES = (60_000, 600_000)
CHUNK = 10_000
STAGES = {
    "split": ["split"],
    "settings": ["settings"],  # what `evaluate` shows needs it
    "train": ["train", "baseline"],
    "evaluate": ["evaluate"],
}
SETTINGS = {
    "dataset": {"name": "mnist"},
    "train": {"epochs": 1, "seeds": [1], "threads": 2},
    "select": {"baseline": "mlp"},
}
SPECIFICATION = {"hyperparameters": {"units_1": 32, "batch_size": 256}}


def main() -> None:
    """Measure and print a table."""
    peaks: dict[str, list[float]] = {}
    for images in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder), images)
            for stage, command in STAGES.items():
                peak, seconds = measure(Path(folder), command)
                peaks.setdefault(stage, []).append(peak)
                print(f"{images:,} images, {stage}: {peak:.0f} MiB, {seconds:.0f} s", flush=True)
                if stage == "train":
                    shutil.copytree(Path(folder, "models/baseline"), Path(folder, "models/tuned"))
                    curves = Path(folder, "results/train")
                    shutil.copy(curves / "baseline.csv", curves / "tuned.csv")
    print("\n| stage | " + " | ".join(f"{n:,} images" for n in SIZES) + " | growth |")
    print("| --- | " + "--- | " * len(SIZES) + "--- |")
    for stage, (small, large) in peaks.items():
        print(f"| {stage} | {small:.0f} MiB | {large:.0f} MiB | {large / small:.2f}× |")


def prepare(folder: Path, images: int) -> None:
    """Make a workspace whose data set has `images` training and a sixth as many test images."""
    (folder / "pipeline").symlink_to(ROOT / "pipeline")
    shutil.copy(ROOT / "dvc.yaml", folder)
    content = YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for section, values in SETTINGS.items():
        content[section] |= values
    YAML(typ="safe").dump(content, folder / "params.yaml")
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    write_idx(raw, "train", images, seed=1)
    write_idx(raw, "t10k", images // 6, seed=2)
    specify(folder, content["architectures"])


def specify(folder: Path, architectures: list[str]) -> None:
    """Write what the searches would have found: nothing but a small network, the baseline."""
    code = "pipeline.base.files.sha256(pipeline.base.paths.ARCHITECTURES / 'mlp.py')"
    digest = subprocess.check_output(
        [sys.executable, "-c", f"import pipeline.base.files, pipeline.base.paths; print({code})"],
        cwd=folder,
        text=True,
    ).strip()
    select = folder / "results/select"
    select.mkdir(parents=True)
    candidates = folder / "results/candidates"
    candidates.mkdir()
    for name in architectures:
        (candidates / f"{name}.json").write_text("[]")
    specification = {"architecture": "mlp", "code_sha256": digest, **SPECIFICATION}
    (select / "baseline.json").write_text(json.dumps(specification))


def write_idx(folder: Path, prefix: str, n: int, seed: int) -> None:
    """Write images of a few random strokes, so that no two are alike, and random labels."""
    rng = np.random.default_rng(seed)
    with (
        gzip.open(folder / f"{prefix}-images-idx3-ubyte.gz", "wb", compresslevel=1) as images,
        gzip.open(folder / f"{prefix}-labels-idx1-ubyte.gz", "wb", compresslevel=1) as labels,
    ):
        images.write(struct.pack(">HBBIII", 0, 8, 3, n, 28, 28))
        labels.write(struct.pack(">HBBI", 0, 8, 1, n))
        for start in range(0, n, CHUNK):
            k = min(CHUNK, n - start)
            coarse = rng.integers(0, 256, (k, 7, 7), dtype=np.uint8)
            images.write(coarse.repeat(4, axis=1).repeat(4, axis=2).tobytes())
            labels.write((rng.integers(0, 10, k, dtype=np.uint8)).tobytes())


def measure(folder: Path, command: list[str]) -> tuple[float, float]:
    """Run one stage; return its peak in MiB and its seconds."""
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.stages", *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    # wait4 tells of this process alone; RUSAGE_CHILDREN, of the largest of all so far.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 2**20, time.monotonic() - start


if __name__ == "__main__":
    main()
