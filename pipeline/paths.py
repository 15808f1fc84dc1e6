"""Every path of the project, once, relative to the repository root it is run from."""

from pathlib import Path

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")

CHECKED = Path("data/checked")
RAW = Path("data/raw")
SPLIT = Path("data/split")
TRAIN = SPLIT / "train"
VALIDATION = SPLIT / "validation"
TEST = SPLIT / "test"

MODELS = Path("models")

RESULTS = Path("results")
DATA_REPORT = RESULTS / "data.json"
TUNE = RESULTS / "tune"
TRIALS = RESULTS / "trials"
SELECT = RESULTS / "select"
LEARNING_CURVES = RESULTS / "train"
METRICS = RESULTS / "metrics.json"
PREDICTIONS = RESULTS / "predictions.csv"
CLASSES = RESULTS / "classes.csv"
CONFUSION = RESULTS / "confusion"
PICTURES = RESULTS / "pictures"

ARCHITECTURES = Path("pipeline/architectures")
DATASETS = Path("pipeline/datasets")
