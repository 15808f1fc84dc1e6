"""All paths of the project, relative to the repository root, in which it is run."""

import os
from pathlib import Path

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")

CHECKED = Path("data/checked")
SUMMARISED = Path("data/summarised")
RAW = Path("data/raw")
SPLIT = Path("data/split")
TRAIN = SPLIT / "train"
VALIDATION = SPLIT / "validation"
TEST = SPLIT / "test"
WEIGHTS = Path("data/weights")

MODELS = Path("models")

RESULTS = Path("results")
CODE = RESULTS / "code"
ARCHITECTURE_DIGESTS = CODE / "architectures.json"
DATA_REPORT = RESULTS / "data.json"
DATA_PICTURES = RESULTS / "data"
SETTINGS = RESULTS / "settings.json"
TUNE = RESULTS / "tune"
CANDIDATES = RESULTS / "candidates"
TRIALS = RESULTS / "trials"
SEARCH = RESULTS / "search"
CONFIRM = RESULTS / "confirm.json"
SELECT = RESULTS / "select"
LEARNING_CURVES = RESULTS / "train"
METRICS = RESULTS / "metrics.json"
PREDICTIONS = RESULTS / "predictions.csv"
CLASSES = RESULTS / "classes.csv"
ROC = RESULTS / "roc.csv"
LABELS = RESULTS / "labels.csv"
PICTURES = RESULTS / "pictures"
SHEET = PICTURES / "mistakes_sheet.png"

# Inside the workspace: two searches at once would overwrite each other's curves elsewhere.
TENSORBOARD = Path(".state/tensorboard")

ARCHITECTURES = Path("pipeline/architectures")
DATASETS = Path("pipeline/datasets")
EXPERIMENTS = Path("experiments")


def code(stage: str) -> Path:
    """Return the file in which stage `code` records the code of another stage."""
    return CODE / f"{stage}.json"


def repository() -> Path:
    """Return the original repository, also in a queued experiment, which runs in a copy."""
    return Path(os.environ.get("DVC_ROOT", "."))


def written_out(path: Path) -> Path:
    """Return a path with the home folder in the place of `~`; as it is if there is no such user."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def state() -> Path:
    """Return the folder for state that outlives a run but is no result, unseen by DVC and git."""
    return repository() / (os.environ.get("CONVOY_STATE") or ".state")


COMPILED = state() / "compiled"
STORE = state() / "store"
FEATURES = state() / "features"
COSTS = state() / "costs/stages.jsonl"
SPEEDS = state() / "costs/speeds.jsonl"
