"""Repositories with results that no model had to be trained for."""

import hashlib
import json
import subprocess

import numpy as np
from ruamel.yaml import YAML

from pipeline.base.files import write_csv, write_json
from pipeline.evaluation import predictions
from pipeline.evaluation.comparison import Judged
from pipeline.figures import sheet

N = 400
ACTUAL = np.arange(N) % 10
CLASSES = [*"0123456789"]
PARAMS = {
    "architectures": ["mlp"],
    "tune": {"trials": 2},
    "train": {"epochs": 4},
    "evaluate": {"margin": 0.005},
}
DVC_YAML = """\
stages:
  tune:
    matrix:
      architecture: ${architectures}
    cmd: echo tune@${item.architecture}
    params: [tune]
    deps: ["pipeline/${item.architecture}.py"]
    metrics: ["results/tune/${item.architecture}.json": {cache: false}]
    plots: ["results/trials/${item.architecture}.csv": {cache: false}]
  train:
    cmd: echo train
    params: [train]
    deps: [results/tune]
    outs: [models]
  evaluate:
    cmd: echo evaluate
    params: [evaluate]
    deps: [models, pipeline/evaluate.py]
    metrics: [results/metrics.json: {cache: false}]
    plots: [results/predictions.csv: {cache: false}]
"""


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def new_repository(folder):
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Test")
    git(folder, "config", "user.email", "test@example.org")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder


def commit(folder, message):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


def wrong_models(*wrong):
    """Make one configuration: for each seed, the images it gets wrong."""
    seeds = np.stack([ACTUAL] * len(wrong))
    for row, images in zip(seeds, wrong, strict=True):
        row[list(images)] = (ACTUAL[list(images)] + 1) % 10
    return Judged(ACTUAL, seeds[0], np.where(seeds[0] == ACTUAL, 0.1, 2.0), seeds)


def write_results(
    folder, tuned, baseline=None, *, params=PARAMS, images="images", classes=CLASSES, copies=()
):
    """Write what the stages would have written, dvc.lock included.

    `copies` are the counts of duplicates in results/data.json.
    """
    models = {"tuned": tuned, "baseline": baseline or tuned}
    results = folder / "results"
    probability = {name: np.full(N, 0.75) for name in models}
    seeds = {name: [*range(1, len(judged.seeds) + 1)] for name, judged in models.items()}
    table = predictions.columns(models, probability, seeds)
    write_csv(results / "predictions.csv", list(table), zip(*table.values(), strict=True))
    accuracy = float(tuned.correct.mean())
    write_json(results / "metrics.json", {"test_images": N, "tuned": {"accuracy": accuracy}})
    test = {"images": N, "images_sha256": images, "labels_sha256": "labels"}
    counted = {"exact_test_in_train": 0, "near_test_in_train": 9, **dict(copies)}
    write_json(results / "data.json", {"dataset": "digits", "test": test, "duplicates": counted})
    write_csv(results / "classes.csv", ["model", "class"], [["tuned", name] for name in classes])
    hyperparameters = {"layers": 1, "units": 128}
    content = {"architecture": "mlp", "hyperparameters": hyperparameters, "code_sha256": "c"}
    write_json(results / "select/tuned.json", content)
    found = {"trials": 2, "failed": 0, "val_accuracy": 0.9, "standard_error": 0.01}
    write_json(results / "tune/mlp.json", found)
    write_csv(results / "trials/mlp.csv", ["trial", "epochs"], [[1, 3], [2, 3]])
    wrong = np.flatnonzero(~tuned.correct)
    pictures = np.random.default_rng(0).integers(256, size=(N, 8, 8, 1), dtype=np.uint8)
    sheet.draw(wrong, pictures[wrong], results / "pictures/mistakes_sheet.png")
    (folder / "pipeline").mkdir(exist_ok=True)
    for name in ("mlp", "evaluate"):
        (folder / f"pipeline/{name}.py").write_text(f'"""{name}"""\n')
    (folder / "dvc.yaml").write_text(DVC_YAML)
    for path, text in (("params.yaml", params), ("dvc.lock", lock(folder, params, tuned))):
        YAML().dump(text, folder / path)


def lock(folder, params, tuned):
    """Write down what dvc.lock would hold."""

    def entry(path):
        return {"path": path, "md5": hashlib.md5((folder / path).read_bytes()).hexdigest()}

    tune = entry("results/tune/mlp.json")
    listing = json.dumps([{"md5": tune["md5"], "relpath": "mlp.json"}], sort_keys=True)
    digest = hashlib.md5(listing.encode()).hexdigest()
    models = {"path": "models", "md5": f"{hashlib.md5(tuned.seeds.tobytes()).hexdigest()}.dir"}
    results = [entry("results/metrics.json"), entry("results/predictions.csv")]
    chosen = {key: {"params.yaml": {key: params[key]}} for key in ("tune", "train", "evaluate")}
    stages = {
        "tune@mlp": ([entry("pipeline/mlp.py")], [tune, entry("results/trials/mlp.csv")], "tune"),
        "train": ([{"path": "results/tune", "md5": f"{digest}.dir"}], [models], "train"),
        "evaluate": ([models, entry("pipeline/evaluate.py")], results, "evaluate"),
    }
    return {
        "schema": "2.0",
        "stages": {
            name: {"cmd": f"echo {name}", "deps": deps, "params": chosen[key], "outs": outs}
            for name, (deps, outs, key) in stages.items()
        },
    }
