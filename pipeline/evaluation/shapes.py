"""The shape of results/metrics.json, for `read_json`: what its readers need."""

from typing import (
    Annotated,
    Literal,
    NotRequired,  # pydantic cannot use those of Python 3.11
)

from annotated_types import MinLen
from typing_extensions import TypedDict

from pipeline.statistics.by_image import Metric

Interval = tuple[float, float]


class Scores(TypedDict):
    """How good something is on the test images."""

    accuracy: float
    accuracy_interval: Interval
    macro_f1: float


class Weights(TypedDict):
    """What a model's users must know of published weights in it."""

    network: str
    licence: str
    trained_on: str


class Model(Scores):
    """The scores and the size of "tuned" or "baseline", or of "untuned" where it was trained."""

    model: Literal["tuned", "baseline", "untuned"]
    architecture: str
    loss: NotRequired[float]
    accuracy_mean_of_seeds: NotRequired[float]
    parameters: int
    multiply_adds: NotRequired[int | None]
    weights: NotRequired[list[Weights]]


class Yardstick(Scores):
    """The scores of what takes seconds."""

    yardstick: str
    mcnemar_p: NotRequired[float]


class Search(TypedDict):
    """The comparison of "tuned" with "baseline"."""

    verdict: str
    metric: Metric
    baseline: float
    tuned: float
    difference: float
    difference_interval: Interval
    margin: float
    fixed: int
    broken: int
    detectable: float | None
    settled_by: int | None
    worse_classes: list[str]


class Part(TypedDict):
    """What the architecture or the search has added to the baseline's score."""

    part: Literal["architecture", "search"]
    verdict: str
    difference: float
    difference_interval: Interval
    same_as: Literal["tuned", "baseline"] | None


class Metrics(TypedDict):
    """results/metrics.json, as far as it is read."""

    test_images: int
    dataset: Annotated[list[str], MinLen(1)]
    models: list[Model]
    tuned_against_baseline: Annotated[list[Search], MinLen(1)]
    separated: NotRequired[list[Part]]
    yardsticks: list[Yardstick]
    behind_yardsticks: list[str]
