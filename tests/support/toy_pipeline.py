"""A pipeline of three stages that take no time, run by DVC itself: data, pictures, results."""

import shutil

from support.project import ROOT, run
from support.repositories import commit, new_repository

STAGES = """\
stages:
  check:
    cmd: mkdir -p data && echo ok > data/checked
    params:
      - params.yaml:
    outs:
      - data/checked
  download:
    cmd: mkdir -p data/raw && echo raw > data/raw/file
    deps:
      - data/checked
      - pipeline/base/files.py
    outs:
      - data/raw
  train:
    cmd: mkdir -p results && echo 1 > results/a.json && echo 2 > results/b.json
    params:
      - epochs
      - seed
    deps:
      - data/raw
      - ${dataset.path}
      - pipeline/base/errors.py
      - pipeline/base/paths.py
    metrics:
      - results/a.json:
          cache: false
      - results/b.json:
          cache: false
"""


def finished(folder, pictures="data/images", stages=STAGES, parameters="epochs: 1\nseed: 2\n"):
    """Make a repository in which everything has been run and committed, with pictures at a path."""
    new_repository(folder)
    for name in (".github", "pipeline"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc")
    shutil.copy(ROOT / ".gitattributes", folder)
    (folder / ".gitignore").write_text(
        (ROOT / ".gitignore").read_text() + "/.dvc/cache\n/.dvc/tmp\n"
    )
    (folder / "dvc.yaml").write_text(stages)
    (folder / "params.yaml").write_text(f"{parameters}dataset:\n  path: {pictures}\n")
    for name in ("README.md", "cat/1.png"):
        file = folder / pictures / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    run("dvc", "repro", "-q", cwd=folder)
    commit(folder, "results")
    return folder
