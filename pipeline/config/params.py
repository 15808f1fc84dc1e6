"""The typed, validated view of params.yaml, and its only reader.

A bad value is an error before any work: it names the key, the value and what is allowed.
"""

import difflib
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config.conditions import Conditions, Precision, Schedule
from pipeline.config.fractions import share


class ParamsError(ConvoyError):
    """params.yaml holds something that is not allowed."""


def names(folder: Path) -> list[str]:
    """Name the modules of a room: each file is one data set or one architecture."""
    here = Path(__file__).parent / folder.name
    return sorted(file.stem for file in here.glob("*.py") if not file.stem.startswith("_"))


def _one_of(folder: Path, noun: str) -> AfterValidator:
    def check(name: str) -> str:
        choices = names(folder)
        if name not in choices:
            raise ValueError(f"no such {noun}{near_miss(name, choices)}")
        return name

    return AfterValidator(check)


def near_miss(name: str, choices: list[str]) -> str:
    """Name the choice that comes closest, and all of them, as the end of a message."""
    return f"{did_you_mean(name, choices) or ';'} allowed: {', '.join(choices)}"


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Name the choice that comes closest, as the end of a message; empty if none comes close."""
    close = difflib.get_close_matches(name, choices, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _fraction(value: object) -> object:
    """Accept "1/6" for a number that has no short decimal form."""
    return share(value) if isinstance(value, str) else value


def _distinct(values: tuple) -> tuple:
    if not values or len(set(values)) < len(values):
        raise ValueError("allowed: a list of at least one entry, without repeats")
    return values


Count = Annotated[int, Field(strict=True, ge=1)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
Side = Annotated[int, Field(strict=True, ge=8, le=1024)]
Share = Annotated[float, BeforeValidator(_fraction), Field(gt=0, lt=1, allow_inf_nan=False)]
Part = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Pixels = Annotated[int, Field(strict=True, ge=0, le=512)]
DatasetName = Annotated[str, _one_of(paths.DATASETS, "data set")]
ArchitectureName = Annotated[str, _one_of(paths.ARCHITECTURES, "architecture")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dataset(_Section):
    """Which images, and how a folder of pictures becomes arrays."""

    name: DatasetName
    labels: Literal["fine", "coarse"]
    path: Path
    image_size: Side
    channels: Literal[1, 3]
    skip_unreadable: bool = Field(strict=True)


class Split(_Section):
    """How the images are divided."""

    validation_fraction: Share
    test_fraction: Share
    random_state: Seed
    group_duplicates: bool = Field(strict=True)


class Tune(_Section):
    """How the hyperparameters are searched."""

    algorithm: Literal["random", "bayesian", "hyperband", "grid"]
    trials: Count
    epochs: Count
    in_flight: Count
    seed: Seed
    threads: Count
    median_stopping: Annotated[bool, Field(strict=True)]
    trial_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    # What an architecture offers is known only once it is loaded: `search.space` checks the rest.
    fixed: dict[ArchitectureName, dict[str, bool | int | float | str]]


class Confirm(_Section):
    """How many leaders of the searches are retrained, and with how many fresh seeds each."""

    top: Count
    seeds: Count


class Select(_Section):
    """Which model the search hands on, and what it is compared with."""

    rule: Literal["one_standard_error", "best"]
    confirm: Confirm | None
    baseline: ArchitectureName


class Augment(_Section):
    """How images are varied in training."""

    shift: Pixels
    flip: bool = Field(strict=True)
    cutout: Pixels


class Train(_Section):
    """How the chosen model and the baseline are trained, and under which conditions all are."""

    epochs: Count
    seeds: Annotated[tuple[Seed, ...], AfterValidator(_distinct)]
    threads: Count
    patience: Count | None
    mirrored: bool = Field(strict=True)
    precision: Precision | Literal["auto"]
    schedule: Schedule
    label_smoothing: Part
    weight_average: Part
    class_weights: bool = Field(strict=True)
    augment: Augment

    def conditions(self, choose: Callable[[Precision | Literal["auto"]], Precision]) -> Conditions:
        """Give the conditions of fitting; `choose` says what "auto" stands for on this machine."""
        return Conditions(
            choose(self.precision),
            self.schedule,
            self.label_smoothing,
            self.weight_average,
            self.class_weights,
            **self.augment.model_dump(),
        )


class Evaluate(_Section):
    """How the trained models are judged."""

    margin: Share


class Params(_Section):
    """All of params.yaml."""

    dataset: Dataset
    split: Split
    architectures: Annotated[tuple[ArchitectureName, ...], AfterValidator(_distinct)]
    tune: Tune
    select: Select
    train: Train
    evaluate: Evaluate


def load(path: Path = paths.PARAMS, shown_as: Path | None = None) -> Params:
    """Read and check all of params.yaml.

    Args:
        path: The file.
        shown_as: The file that an error names: of a scratch copy, the one that the user can edit.

    Raises:
        ParamsError: the file is missing or is not YAML, a key is missing or unknown, or a value
            is not allowed. All problems are listed, one a line.
    """
    name = shown_as or path
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{name}: no such file. Run from the repository root.") from None
    except YAMLError as error:
        raise ParamsError(f"{name}: not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise ParamsError(f"{name}: expected sections such as dataset: and tune:, got {content!r}")
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        problems = [f"{name}: {_explain(problem)}" for problem in error.errors()]
        raise ParamsError("\n".join(problems)) from None


def _explain(problem: ErrorDetails) -> str:
    """Say one pydantic error in the words of params.yaml: key, value, what is allowed."""
    where = problem["loc"]
    key = _dotted(where)
    if problem["type"] == "extra_forbidden":
        return f"{key}: unknown key{near_miss(str(where[-1]), _keys(where[:-1]))}"
    if problem["type"] == "missing":
        return f"{key}: missing"
    message = problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    if isinstance(value, float) and math.isnan(value):
        value = "nan"
    return f"{key} = {value!r}: {message[0].lower()}{message[1:]}"


def _dotted(where: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)[1:]


def _keys(where: tuple[int | str, ...]) -> list[str]:
    """Name the keys that params.yaml may hold in the section at `where`."""
    section: Any = Params
    for part in where:
        annotation = section.model_fields[part].annotation
        # A section that may be null: its own type comes first.
        section = get_args(annotation)[0] if get_args(annotation) else annotation
    return sorted(section.model_fields)
