"""The shapes of small files in results/, for `read_json`: what their readers need of each."""

from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic cannot use those of Python 3.11
)

from annotated_types import Ge, MinLen
from typing_extensions import TypedDict

Number = Annotated[int, Ge(0)]


class ChosenSection(TypedDict, total=False):
    """A section of results/settings.json."""

    epochs: int | None
    epochs_of: dict[str, int]


class Chosen(TypedDict, total=False):
    """results/settings.json: what stands in the place of `auto`."""

    tune: ChosenSection
    train: ChosenSection
    select: dict[str, Any]
    fit: dict[str, Any]
    because: dict[str, str]


class LeftOut(TypedDict):
    """results/settings.json: which architectures are not searched."""

    left_out: dict[str, bool]


class Searched(LeftOut):
    """results/settings.json: what is searched, and for how long."""

    tune: ChosenSection
    train: ChosenSection


class Reasons(TypedDict):
    """results/settings.json: why each value was chosen."""

    because: dict[str, str]


class SelectMetrics(TypedDict, total=False):
    """results/select/metrics.json."""

    chosen: dict[str, Any]


class Pictures(TypedDict):
    """What results/data.json holds of a folder of pictures."""

    width: float
    height: float
    coloured: bool
    image_size: Number


class Part(TypedDict):
    """What results/data.json holds of one split."""

    images: Number
    per_class: Annotated[list[tuple[str, Number]], MinLen(1)]


class Validated(TypedDict):
    """results/data.json: the validation images."""

    validation: Part


class DataReport(Validated):
    """results/data.json: what values are chosen from."""

    train: Part
    dataset: NotRequired[str]
    pictures: NotRequired[Pictures]


class MaybePictures(TypedDict, total=False):
    """results/data.json, as far as the summary reads it."""

    pictures: Pictures
