"""The kinds of values that params.yaml holds, with what is allowed for each.

Each kind refuses all that it does not allow with one sentence, whatever is wrong with the value: a
boolean is no number, and a number in quotation marks is a text.
"""

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator

from pipeline.base import paths
from pipeline.base.fractions import share
from pipeline.base.text import visible
from pipeline.config.messages import near_miss
from pipeline.statistics import rule


class Section(BaseModel):
    """A section of params.yaml: an unknown key is an error, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def module_names(folder: Path) -> list[str]:
    """Return the names of the modules in a room: each file is one data set or architecture."""
    here = Path(__file__).parent.parent / folder.name
    return sorted(file.stem for file in here.glob("*.py") if not file.stem.startswith("_"))


def only(allowed: str, fits: Callable[[Any], bool]) -> BeforeValidator:
    """Refuse a value that does not fit, with the words for what is allowed."""

    def check(value: Any) -> Any:
        if not fits(value):
            raise ValueError(f"allowed: {allowed}")
        return value

    return BeforeValidator(check)


def whole(low: int, high: int) -> BeforeValidator:
    """Allow whole numbers in a range, both ends included."""
    return only(
        f"a whole number from {low:,} to {high:,}",
        lambda value: type(value) is int and low <= value <= high,
    )


def _is_revision(value: Any) -> bool:
    """Check that a value may name a revision: a text, not blank, and all of it to be seen."""
    named = _is_text(value) and value.strip() and len(value) <= MOST_OF_A_TEXT
    return bool(named and visible(value) == value)


def _is_text(value: object) -> bool:
    return type(value) is str  # `yaml_text.Unreadable` is none that can be used


def _is_number(value: object) -> bool:
    # An integer may be too large for the range of floats.
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _one_of(folder: Path, noun: str) -> BeforeValidator:
    def check(name: Any) -> str:
        choices = module_names(folder)
        if not _is_text(name) or name not in choices:
            if not _is_text(name) or not name:
                raise ValueError(f"allowed: {', '.join(choices)}")
            raise ValueError(f"no such {noun}{near_miss(name[:MOST_OF_A_TEXT], choices)}")
        return name

    return BeforeValidator(check)


def _share(value: Any) -> float:
    """Accept a number between 0 and 1, or "1/6" for one that has no short decimal form."""
    if _is_share(value):
        value = share(value)
    if not _is_number(value) or not 0 < value < 1:
        raise ValueError('allowed: more than 0 and less than 1: a number or a fraction as "1/6"')
    return float(value)


def _margin(value: Any) -> rule.Margin:
    """Accept a number or fraction between 0 and 1, or a text such as "10%"."""
    if not (_is_number(value) or (_is_text(value) and value[-1:] == "%") or _is_share(value)):
        raise ValueError(f"allowed: {rule.ALLOWED}")
    return rule.margin(value)


def _is_share(value: Any) -> bool:
    return _is_text(value) and "/" in value


def _short(values: Any) -> Any:
    if isinstance(values, list) and len(values) > MOST_ENTRIES:
        raise ValueError(f"allowed: a list of at most {MOST_ENTRIES:,} entries")
    return values


def distinct(values: tuple) -> tuple:
    """Check that a list has at least one entry, and none twice."""
    if not values or len(set(values)) < len(values):
        raise ValueError("allowed: a list of at least one entry, without repeats")
    return values


def _side(value: object) -> int | str:
    """Accept a number of pixels, or "auto"."""
    if value == "auto":
        return "auto"
    if type(value) is int and SMALLEST_SIDE <= value <= LARGEST_SIDE:
        return value
    raise ValueError(f"allowed: auto, or a whole number from {SMALLEST_SIDE} to {LARGEST_SIDE:,}")


def _folder(value: Any) -> Path:
    """Accept the path of a folder that the pipeline does not write.

    DVC lists the folder among the dependencies of `split`, whatever the data set is, and refuses
    one that overlaps an output.
    """
    if isinstance(value, Path):  # from a program, not from the file
        return value
    if not _is_text(value) or not value.strip() or len(value) > MOST_OF_A_PATH:
        raise ValueError("allowed: the path of a folder, such as data/images")
    if visible(value) != value:
        raise ValueError("allowed: the path of a folder, without characters that cannot be seen")
    found = Path(os.path.normpath(Path.cwd() / value))
    for written in WRITTEN:
        output = written.absolute()
        if found == output or found in output.parents or output in found.parents:
            raise ValueError(
                f"allowed: a folder that neither holds nor lies in {written}, which the pipeline "
                "writes, such as data/images"
            )
    return Path(value)


def _group_by(value: Any) -> str:
    """Accept a regular expression with one group, or the name of a CSV table."""
    if not _is_text(value) or len(value) > MOST_OF_A_TEXT or visible(value) != value:
        raise ValueError(f"allowed: {GROUPS}")
    if value.endswith(TABLE):
        if "/" in value or value == TABLE:
            raise ValueError(f"allowed: {GROUPS}; the table lies at the top of dataset.path")
        return value
    try:
        count = re.compile(value).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no regular expression: {error}; allowed: {GROUPS}") from None
    if count != 1:
        raise ValueError(f"{count} groups in parentheses; allowed: {GROUPS}")
    return value


def _hyperparameter(value: Any) -> Any:
    if isinstance(value, bool) or (_is_text(value) and len(value) <= MOST_OF_A_TEXT):
        return value
    if _is_number(value) and abs(value) <= LARGEST_NUMBER:
        return value
    raise ValueError(
        f"allowed: a number up to {LARGEST_NUMBER:,}, a text of up to {MOST_OF_A_TEXT} characters, "
        "true or false"
    )


# Smaller images have no perceptual hash (`pipeline/data/hashing.py`).
SMALLEST_SIDE, LARGEST_SIDE = 8, 1024
# More is a slip of the hand: years of work, or more threads than any machine has.
MOST, MOST_THREADS, LARGEST_BATCH, MOST_SECONDS = 100_000, 1024, 65_536, 10**7
MOST_ENTRIES = 1000
MOST_OF_A_PATH, MOST_OF_A_TEXT, LARGEST_NUMBER = 1024, 100, 10**15
# What a value of split.group_by ends with if it is no regular expression.
TABLE = ".csv"
GROUPS = (
    "a regular expression with one group in parentheses, such as '([^/_]+)_[^/]*$', or a CSV "
    "table in dataset.path, such as groups.csv"
)
# The outputs of dvc.yaml, and what git and DVC keep.
WRITTEN = (
    *(paths.CHECKED, paths.RAW, paths.SPLIT, paths.WEIGHTS, paths.MODELS, paths.RESULTS),
    *(Path(".state"), Path(".dvc"), Path(".git")),
)

Flag = Annotated[bool, only("true or false", lambda value: isinstance(value, bool))]
Count = Annotated[int, whole(1, MOST)]
Threads = Annotated[int, whole(1, MOST_THREADS)]
BatchSize = Annotated[int, whole(1, LARGEST_BATCH)]
# Of parameters, or of multiplications: the largest models there are have some 10^13.
Size = Annotated[int, whole(1, 10**15)]
Seed = Annotated[int, whole(0, 2**31 - 1)]
SideOrAuto = Annotated[int | Literal["auto"], PlainValidator(_side)]
Fit = Literal["pad", "crop", "squash"]
FitOrAuto = Literal["auto", "pad", "crop", "squash"]
Channels = Annotated[
    Literal[1, 3],
    only("1 or 3", lambda value: type(value) is int and value in (1, 3)),
]
Folder = Annotated[Path, PlainValidator(_folder)]
Seconds = Annotated[
    float,
    only(
        f"a number of seconds, more than 0 and at most {MOST_SECONDS:,}",
        lambda value: _is_number(value) and 0 < value <= MOST_SECONDS,
    ),
]
Share = Annotated[float, PlainValidator(_share)]
Margin = Annotated[rule.Margin, PlainValidator(_margin)]
MetricOrAuto = Literal["auto", "accuracy", "balanced_accuracy", "macro_f1", "log_loss"]
Part = Annotated[
    float,
    only("a number from 0 to less than 1", lambda value: _is_number(value) and 0 <= value < 1),
]
Degrees = Annotated[
    float, only("a number from 0 to 180", lambda value: _is_number(value) and 0 <= value <= 180)
]
GroupBy = Annotated[str, PlainValidator(_group_by)]
Pixels = Annotated[int, whole(0, 512)]
Hyperparameter = Annotated[bool | int | float | str, PlainValidator(_hyperparameter)]
DatasetName = Annotated[str, _one_of(paths.DATASETS, "data set")]
ArchitectureName = Annotated[str, _one_of(paths.ARCHITECTURES, "architecture")]
Architectures = Annotated[
    tuple[ArchitectureName, ...], BeforeValidator(_short), AfterValidator(distinct)
]
Revision = Annotated[
    str,
    only(
        f"null, or the name of a git revision, such as v1.0, of up to {MOST_OF_A_TEXT} characters",
        _is_revision,
    ),
]
BatchSizes = Annotated[tuple[BatchSize, ...], BeforeValidator(_short), AfterValidator(distinct)]
Seeds = Annotated[tuple[Seed, ...], BeforeValidator(_short), AfterValidator(distinct)]
