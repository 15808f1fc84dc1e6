"""The kinds of values that params.yaml holds, with what is allowed for each."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from pipeline.base import paths
from pipeline.config.fractions import share
from pipeline.config.messages import near_miss


class Section(BaseModel):
    """A section of params.yaml: an unknown key is an error, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def module_names(folder: Path) -> list[str]:
    """Return the names of the modules in a room: each file is one data set or architecture."""
    here = Path(__file__).parent.parent / folder.name
    return sorted(file.stem for file in here.glob("*.py") if not file.stem.startswith("_"))


def _one_of(folder: Path, noun: str) -> AfterValidator:
    def check(name: str) -> str:
        choices = module_names(folder)
        if name not in choices:
            raise ValueError(f"no such {noun}{near_miss(name, choices)}")
        return name

    return AfterValidator(check)


def _fraction(value: object) -> object:
    """Accept "1/6" for a number that has no short decimal form."""
    return share(value) if isinstance(value, str) else value


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
    raise ValueError(f"allowed: auto, or a whole number from {SMALLEST_SIDE} to {LARGEST_SIDE}")


# Smaller images have no perceptual hash (`pipeline/data/hashing.py`).
SMALLEST_SIDE, LARGEST_SIDE = 8, 1024
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
SideOrAuto = Annotated[int | Literal["auto"], PlainValidator(_side)]
Fit = Literal["pad", "crop", "squash"]
FitOrAuto = Literal["auto", "pad", "crop", "squash"]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, BeforeValidator(_fraction), Field(gt=0, lt=1, allow_inf_nan=False)]
Part = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=0, le=180, allow_inf_nan=False)]
Pixels = Annotated[int, Field(strict=True, ge=0, le=512)]
DatasetName = Annotated[str, _one_of(paths.DATASETS, "data set")]
ArchitectureName = Annotated[str, _one_of(paths.ARCHITECTURES, "architecture")]
