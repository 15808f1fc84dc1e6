"""The shapes of a revision's files: what the report needs of each.

Other versions of the pipeline may have written them, so no more is asked for than is read.
"""

from typing import (
    Any,
    NotRequired,  # pydantic cannot use those of Python 3.11
)

from typing_extensions import TypedDict


class Digest(TypedDict):
    """A file or folder as dvc.lock and .dvc files know it."""

    path: str
    md5: str


class Locked(TypedDict, total=False):
    """A stage of dvc.lock."""

    cmd: str
    deps: list[Digest]
    outs: list[Digest]
    params: dict[str, dict[str, Any]]


class Lock(TypedDict, total=False):
    """dvc.lock."""

    stages: dict[str, Locked] | None


class Tracked(TypedDict):
    """A file that `dvc add` wrote."""

    outs: NotRequired[list[Digest]]


class Metrics(TypedDict):
    """results/metrics.json of any version that has lists; what `evaluate` writes now has more."""

    test_images: int
    dataset: list[str]
    models: list[dict[str, Any]]
    tuned_against_baseline: list[dict[str, Any]]
    yardsticks: list[dict[str, Any]]
    behind_yardsticks: list[str]


class Params(TypedDict, total=False):
    """params.yaml."""

    architectures: list[str] | None
    dataset: dict[str, Any]
    evaluate: dict[str, Any] | None


class Part(TypedDict, total=False):
    """What results/data.json holds of one split."""

    images: int
    per_class: list[tuple[str, int]]


class Data(TypedDict, total=False):
    """results/data.json."""

    train: Part
    validation: Part
    test: Part
    duplicates: dict[str, int]


class Specification(TypedDict, total=False):
    """results/select/NAME.json."""

    architecture: str
    hyperparameters: dict[str, Any]


class Outcome(TypedDict):
    """results/tune/ARCHITECTURE.json."""

    trials: int
    failed: int
    val_accuracy: float
    standard_error: float
    optimism: NotRequired[float]
