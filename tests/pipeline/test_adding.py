"""A data set and an architecture of a newcomer's: one file each and its name in params.yaml.

They follow CONTRIBUTING.md ("Add a data set", "Add an architecture") and docs/recipes.md.
"""

import gzip
import hashlib
import json
import re

import numpy as np
import pytest
from support.project import ROOT, TINY, run

DATA_SET = '''"""Mine: noise, laid out like MNIST."""

from pathlib import Path

from pipeline.data.idx import read_mnist_like
from pipeline.data.source import Settings, Source, SourceFile, Spec

DIGESTS = {digests}
SPEC = Spec(tuple(SourceFile(name, digest, ()) for name, digest in DIGESTS.items()))


def read(folder: Path, settings: Settings) -> Source:
    """Read the four files."""
    return read_mnist_like(folder, ("even", "odd"))
'''
ARCHITECTURE = re.compile(r"```python\n(\"\"\"The network of my script.*?)```", re.DOTALL)


@pytest.mark.slow
def test_one_file_each_is_enough(make_clone, tmp_path):
    clone = make_clone(
        TINY
        | {
            "dataset": {"name": "mine"},
            "architectures": ["mine"],
            "tune": {"trials": 1, "epochs": 1},
        }
    )
    digests = write_files(tmp_path / "mine")
    module = clone / "pipeline/datasets/mine.py"
    module.write_text(DATA_SET.format(digests=json.dumps(digests)), encoding="utf-8")
    recipes = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
    network = clone / "pipeline/architectures/mine.py"
    network.write_text(ARCHITECTURE.search(recipes)[1], encoding="utf-8")

    run("dvc", "repro", "tune@mine", cwd=clone, CONVOY_MIRROR=str(tmp_path))

    data = json.loads((clone / "results/data.json").read_text(encoding="utf-8"))
    assert [data[part]["images"] for part in ("train", "validation", "test")] == [100, 20, 30]
    (trial,) = json.loads((clone / "results/candidates/mine.json").read_text(encoding="utf-8"))
    assert trial["hyperparameters"]["filters_1"] == 32


def write_files(folder):
    """Write 120 training and 30 test images, and return the digest of each file."""
    folder.mkdir()
    random = np.random.default_rng(1)
    for prefix, count in (("train", 120), ("t10k", 30)):
        write(folder / f"{prefix}-images-idx3-ubyte.gz", random.integers(0, 256, (count, 28, 28)))
        write(folder / f"{prefix}-labels-idx1-ubyte.gz", np.arange(count) % 2)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def write(file, array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    file.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))
