"""Time and memory of `split`, `train` and `evaluate` for folders of unusual sizes.

    python -m benchmarks.load      # five minutes on 2 cores; a table for docs/reliability.md

Every picture is noise of its own, so that there is nothing to learn. One epoch of a small network
with batches of 256 images, more than some of these folders hold. Stages run as DVC runs them, each
a process of its own.
"""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from ruamel.yaml import YAML

from benchmarks.memory import ROOT, SETTINGS, measure, specify

# Classes, pictures of each, and pixels a side.
SHAPES = ((1, 20, 32), (2, 2, 1), (2, 20, 1), (10, 20, 224), (200, 2, 32), (200, 50, 32))


def main() -> None:
    """Measure and print a table."""
    print("| classes | pictures of each | pixels a side | split | train | evaluate |")
    print("| --- | --- | --- | --- | --- | --- |")
    for classes, each, side in SHAPES:
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name), classes, each, side)
            try:
                cost = _run(Path(name))
            except SystemExit as refused:
                cost = f"refused: {refused} | | "
        print(f"| {classes} | {each} | {side} | {cost} |", flush=True)


def _run(folder: Path) -> str:
    cells = []
    for command in (["split"], ["settings"], ["train", "baseline"], ["evaluate"]):
        peak, seconds = measure(folder, command)
        if command != ["settings"]:
            cells.append(f"{seconds:.0f} s, {peak:.0f} MiB")
        if command[0] == "train":
            shutil.copytree(folder / "models/baseline", folder / "models/tuned")
            curves = folder / "results/train"
            shutil.copy(curves / "baseline.csv", curves / "tuned.csv")
    return " | ".join(cells)


def prepare(folder: Path, classes: int, each: int, side: int) -> None:
    """Make a workspace whose data set is a folder of pictures."""
    (folder / "pipeline").symlink_to(ROOT / "pipeline")
    shutil.copy(ROOT / "dvc.yaml", folder)
    content = YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for section in ("train", "select"):
        content[section] |= SETTINGS[section]
    content["dataset"] |= {"name": "folder", "path": "pictures", "channels": 3}
    YAML(typ="safe").dump(content, folder / "params.yaml")
    specify(folder, content["architectures"])
    rng = np.random.default_rng(0)
    for number in range(classes):
        (folder / f"pictures/{number:03}").mkdir(parents=True)
        for i in range(each):
            noise = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / f"pictures/{number:03}/{i}.png")


if __name__ == "__main__":
    main()
