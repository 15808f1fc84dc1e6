"""Stages in one process: real MNIST, and what is refused before any work."""

import gzip
import importlib
import itertools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.project import FROM_SPLIT, LEAST, ROOT, TINY, write_params

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv
from pipeline.config import params
from pipeline.config.conditions import PLAIN
from pipeline.config.params import ParamsError
from pipeline.data import idx
from pipeline.evaluation import metrics
from pipeline.training import trained

MNIST = ROOT.parent / "shared/data/mnist"
RUNS = ["code", *FROM_SPLIT]


def run_stage(name):
    stage, *item = name.split("@")
    module = importlib.import_module(f"pipeline.stages.{stage}")
    module.main(params.load(), *item)


def write_idx(path, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def slice_of_mnist(raw):
    """Write the first images of the four official files in the same format."""
    raw.mkdir(parents=True)
    for prefix, count in (("train", 1200), ("t10k", 300)):
        labels, images = first_of_mnist(prefix, count)
        write_idx(raw / f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(raw / f"{prefix}-labels-idx1-ubyte.gz", labels.astype(np.uint8))


def first_of_mnist(prefix, count):
    """Read the first `count` labels and images, [count, 28, 28], of one part."""
    chunks = itertools.islice(idx.read_part(MNIST, prefix, 10).chunks(), count // idx.CHUNK + 1)
    labels, images = zip(*chunks, strict=True)
    return np.concatenate(labels)[:count], np.concatenate(images)[:count, ..., 0]


@pytest.mark.skipif(not MNIST.exists(), reason=f"no MNIST files in {MNIST}")
def test_a_slice_of_real_mnist_goes_through_all_stages(workspace, capsys):
    # Of a cycle of two epochs, little is at a high rate.
    fit = {"schedule": "constant"}
    write_params(workspace, {**LEAST, "fit": fit, "dataset": {"name": "mnist"}})
    slice_of_mnist(workspace / "data/raw")
    for name in RUNS:
        run_stage(name)
    data = json.loads(Path("results/data.json").read_text())
    assert (data["train"]["images"], data["validation"]["images"]) == (1000, 200)
    official, _ = first_of_mnist("t10k", 300)
    assert np.array_equal(np.load("data/split/test/labels.npy"), official)
    scores = metrics.read()
    assert scores["test_images"] == 300
    assert scores["tuned"]["accuracy"] > 0.5
    assert "mnist: accuracy on 300 test images" in capsys.readouterr().out


def test_a_folder_of_pictures_is_named_with_every_file_in_the_results(workspace, capsys):
    for seed in range(80):
        shade = (30, 220)[seed % 2]
        noise = np.random.default_rng(seed).integers(0, 30, (20, 30, 3), dtype=np.uint8)
        path = workspace / "pets" / ("dark", "light")[seed % 2] / f"{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise + np.uint8(shade)).save(path)
    dataset = {"name": "folder", "path": "pets", "image_size": 16, "fit": "pad"}
    write_params(workspace, {**LEAST, "dataset": dataset})
    for name in ["code", "check", "download", "split", "settings", *RUNS[1:]]:
        run_stage(name)
    assert "pets: accuracy on 16 test images" in capsys.readouterr().out
    for row in read_csv(paths.PREDICTIONS):
        assert Path("pets", row["file"]).is_file()
        assert row["actual"] == str(int(row["file"].startswith("light/")))
    assert trained.read(paths.MODELS / "tuned").fit == "pad"


def test_a_fixed_value_that_is_none_is_refused_before_any_search(finished, monkeypatch):
    monkeypatch.chdir(finished)
    before = Path("params.yaml").read_bytes()
    fixed = {"lenet5": {"activation": "rellu"}}
    write_params(finished, TINY | {"tune": {**TINY["tune"], "fixed": fixed}})
    try:
        with pytest.raises(ConvoyError, match=r"tune\.fixed\.lenet5\.activation = 'rellu'"):
            run_stage("tune@mlp")
    finally:
        Path("params.yaml").write_bytes(before)


@pytest.mark.parametrize(
    ("section", "key", "values"),
    [
        ("fit", "augment.flip", {"augment": PLAIN.augment.model_dump() | {"flip": True}}),
        ("train", "mirrored", {"mirrored": True}),
    ],
)
def test_mirrored_images_are_refused_where_they_are_of_another_class(
    workspace, section, key, values
):
    flip = {section: values}
    write_params(workspace, TINY | flip)
    with pytest.raises(ParamsError, match=rf"{section}\.{key} = true: a mirrored .* of digits"):
        run_stage("check")
    write_params(workspace, TINY | flip | {"dataset": {"name": "fashion_mnist"}})
    run_stage("check")
    assert Path("data/checked").exists()
