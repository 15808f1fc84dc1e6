"""The wording of errors in params.yaml: the key, the value, and what is allowed."""

import difflib
import math
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from pipeline.config import automatic

# Chosen by stage `split`, and by each stage that fits; stage `settings` chooses the others.
AUTO_ELSEWHERE = ("dataset.fit", "dataset.image_size", "fit.precision")
# Keys of earlier versions, and their names now.
MOVED = {
    f"train.{name}": f"fit.{name}"
    for name in (
        "precision",
        "schedule",
        "label_smoothing",
        "weight_average",
        "class_weights",
        "augment",
    )
}


def near_miss(name: str, choices: list[str]) -> str:
    """Return the end of a message: the choice that comes closest, and all of them."""
    return f"{did_you_mean(name, choices) or ';'} allowed: {', '.join(choices)}"


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Return the end of a message: the choice that comes closest; empty if none comes close."""
    close = difflib.get_close_matches(name, choices, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def explain(problem: ErrorDetails, schema: type[BaseModel]) -> str:
    """Turn one pydantic error into a sentence of params.yaml: key, value, what is allowed."""
    where = problem["loc"]
    key = _dotted(where)
    if problem["type"] == "extra_forbidden":
        if key in MOVED:
            return f"{key}: is {MOVED[key]} now"
        return f"{key}: unknown key{near_miss(str(where[-1]), _keys(schema, where[:-1]))}"
    if problem["type"] == "missing":
        return f"{key}: missing"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "model_type":
        message = f"a section is expected, with {', '.join(_keys(schema, where))}"
    elif problem["type"] == "tuple_type":
        message = "a list is expected"
    value = problem["input"]
    if isinstance(value, float) and math.isnan(value):
        value = "nan"
    return f"{key} = {value!r}: {message[0].lower()}{message[1:]}{_about_auto(key, value)}"


def _about_auto(key: str, value: object) -> str:
    """Return the end of a message: whether `auto` is allowed here, or else where it is."""
    if key in automatic.FIXED:
        return ", or auto"
    if value == automatic.AUTO:
        return f"; auto is allowed for {', '.join([*AUTO_ELSEWHERE, *automatic.FIXED])}"
    return ""


def _dotted(where: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)[1:]


def _keys(schema: type[BaseModel], where: tuple[int | str, ...]) -> list[str]:
    """Return the keys that params.yaml may hold in the section at `where`."""
    section: Any = schema
    for part in where:
        annotation = section.model_fields[part].annotation
        # A section that may be null: its own type comes first.
        section = get_args(annotation)[0] if get_args(annotation) else annotation
    return sorted(section.model_fields)
