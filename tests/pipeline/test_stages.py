"""All stages in one process, on both a set without official test images and one with them."""

import gzip
import itertools
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from dvc.repo import Repo
from support.project import ROOT, TINY, write_params

from pipeline.base.errors import ConvoyError
from pipeline.config.params import ParamsError
from pipeline.data import idx
from pipeline.stages import (
    check,
    confirm,
    download,
    evaluate,
    explain,
    select,
    split,
    train,
    tune,
)

MNIST = ROOT.parent / "shared/data/mnist"
MAINS = {
    "check": check,
    "download": download,
    "split": split,
    "tune@mlp": tune,
    "explain": explain,
    "confirm": confirm,
    "select": select,
    "train@baseline": train,
    "train@tuned": train,
    "evaluate": evaluate,
}


class OpenedFiles:
    """Notes which files below the working directory are opened; Python tells of each."""

    def __init__(self):
        self.noted = None
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        if self.noted is None or event != "open" or not isinstance(arguments[0], str | Path):
            return
        path = Path(arguments[0])
        path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        if path.parts[0] in ("data", "models", "results"):
            self.noted.add(str(path))

    def during(self, action):
        self.noted = set()
        action()
        noted, self.noted = self.noted, None
        return noted


OPENED = OpenedFiles()


def run_stage(name, monkeypatch):
    monkeypatch.setattr(sys, "argv", [name, *name.split("@")[1:]])
    return OPENED.during(MAINS[name].main)


# One of each: what is asked here is which files are opened, and that every stage gets through.
LEAST = TINY | {
    "tune": TINY["tune"] | {"trials": 1},
    "select": TINY["select"] | {"confirm": {"top": 1, "seeds": 1}},
    "train": TINY["train"] | {"seeds": [1]},
}


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


@pytest.fixture
def opened(workspace, monkeypatch):
    """Run every stage on digits; give the files each one opened."""
    write_params(workspace, LEAST)
    return {name: run_stage(name, monkeypatch) for name in MAINS}


def test_each_stage_opens_exactly_the_data_it_lists(opened):
    with Repo(str(ROOT)) as repo:
        stages = {stage.name: stage for stage in repo.index.stages}
    for name, files in opened.items():
        listed = {d.def_path for d in stages[name].deps if not d.def_path.startswith("pipeline/")}
        # The folder of the user's own pictures is read by data set `folder` alone.
        listed -= {"params.yaml", "data/checked", "data/images"}
        outs = {out.def_path for out in stages[name].outs}
        inside = {d for d in listed for f in files if Path(f).is_relative_to(d)}
        assert inside == listed, f"{name} lists but does not open {sorted(listed - inside)}"
        unlisted = {f for f in files if not any(Path(f).is_relative_to(d) for d in listed | outs)}
        scratch = {f for f in unlisted if Path(f).name.startswith(".") or "/." in f}
        assert unlisted == scratch, f"{name} opens but does not list {sorted(unlisted - scratch)}"


@pytest.mark.skipif(not MNIST.exists(), reason=f"no MNIST files in {MNIST}")
def test_a_slice_of_real_mnist_goes_through_all_stages(workspace, monkeypatch, capsys):
    write_params(workspace, {**LEAST, "dataset": {"name": "mnist"}})
    slice_of_mnist(workspace / "data/raw")
    for name in list(MAINS)[2:]:
        run_stage(name, monkeypatch)
    data = json.loads(Path("results/data.json").read_text())
    assert (data["train"]["images"], data["validation"]["images"]) == (1000, 200)
    official, _ = first_of_mnist("t10k", 300)
    assert np.array_equal(np.load("data/split/test/labels.npy"), official)
    metrics = json.loads(Path("results/metrics.json").read_text())
    assert metrics["test_images"] == 300
    assert metrics["tuned"]["accuracy"] > 0.5
    assert "mnist: 300 test images" in capsys.readouterr().out


def test_a_fixed_value_that_is_none_is_refused_before_any_search(finished, monkeypatch):
    monkeypatch.chdir(finished)
    monkeypatch.setattr(sys, "argv", ["tune", "mlp"])
    before = Path("params.yaml").read_bytes()
    fixed = {"lenet5": {"activation": "rellu"}}
    write_params(finished, TINY | {"tune": {**TINY["tune"], "fixed": fixed}})
    try:
        with pytest.raises(ConvoyError, match=r"tune\.fixed\.lenet5\.activation = 'rellu'"):
            tune.main()
    finally:
        Path("params.yaml").write_bytes(before)


@pytest.mark.parametrize(
    ("key", "train"),
    [
        ("augment.flip", {"augment": {"shift": 0, "flip": True, "cutout": 0}}),
        ("mirrored", {"mirrored": True}),
    ],
)
def test_mirrored_images_are_refused_where_they_are_of_another_class(workspace, key, train):
    flip = {"train": train}
    write_params(workspace, TINY | flip)
    with pytest.raises(ParamsError, match=rf"train\.{key} = True: a mirrored .* of digits"):
        check.main()
    write_params(workspace, TINY | flip | {"dataset": {"name": "fashion_mnist"}})
    check.main()
    assert Path("data/checked").exists()
