"""The wording of errors in params.yaml: the key, the value, and what is allowed."""

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from pipeline.base.text import MOST_LETTERS, brief, shown, visible
from pipeline.config import automatic

# Chosen by stage `split`, and by each stage that fits; stage `settings` chooses the others.
AUTO_ELSEWHERE = ("dataset.fit", "dataset.image_size", "fit.precision", "evaluate.metric")
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
    where = tuple(part for part in problem["loc"] if part != "[key]")
    key = dotted(where)
    if problem["type"] == "extra_forbidden":
        if key in MOVED:
            return f"{key}: is {MOVED[key]} now"
        name = str(where[-1])[:MOST_LETTERS]
        return f"{key}: unknown key{near_miss(name, _keys(schema, where[:-1]))}"
    if problem["type"] == "missing":
        needed = ", ".join(_keys(schema, where[:-1]))
        return (
            f"{key}: missing; {f'{dotted(where[:-1])} has' if where[1:] else 'needed are'} {needed}"
        )
    value = problem["input"]
    null = ", or null" if _may_be_null(schema, where) else ""
    return f"{key} = {shown(value)}: {_reason(problem, schema, where)}{null}{_auto(key, value)}"


def _reason(problem: ErrorDetails, schema: type[BaseModel], where: tuple[int | str, ...]) -> str:
    kind = problem["type"]
    if kind == "literal_error":
        return f"allowed: {problem['ctx']['expected'].replace(chr(39), '')}"
    if kind == "model_type":
        return f"allowed: a section with {', '.join(_keys(schema, where))}"
    if kind == "dict_type":
        return "allowed: a section, such as {lenet5: {activation: relu}}; {} for none"
    if kind == "tuple_type":
        return "allowed: a list of at least one entry, such as [1, 2] or [mlp, lenet5]"
    return problem["msg"].removeprefix("Value error, ")


def _auto(key: str, value: object) -> str:
    """Return the end of a message: whether `auto` is allowed here, or else where it is."""
    if key in automatic.FIXED:
        return ", or auto"
    if value == automatic.AUTO:
        section = f"{key.partition('.')[0]}."
        near = [one for one in (*AUTO_ELSEWHERE, *automatic.FIXED) if one.startswith(section)]
        return f"; auto is allowed for {', '.join(near)}" if near else "; auto is no value here"
    return ""


def dotted(where: tuple[int | str, ...]) -> str:
    """Write the place of a value as a dotted key, such as train.seeds[0]."""
    parts = (f"[{p}]" if isinstance(p, int) else f".{brief(visible(p))}" for p in where)
    return "".join(parts)[1:]


def _keys(schema: type[BaseModel], where: tuple[int | str, ...]) -> list[str]:
    """Return the keys that params.yaml may hold in the section at `where`."""
    section: Any = schema
    for part in where:
        annotation = section.model_fields[part].annotation
        # A section that may be null: its own type comes first.
        section = get_args(annotation)[0] if get_args(annotation) else annotation
    return sorted(section.model_fields)


def _may_be_null(schema: type[BaseModel], where: tuple[int | str, ...]) -> bool:
    section: Any = schema
    for part in where:
        fields = getattr(section, "model_fields", {})
        if part not in fields:  # an entry of a list, or a key that the user chooses
            return False
        section = fields[part].annotation
        allowed = get_args(section)
        if type(None) in allowed:
            if part == where[-1]:
                return True
            section = allowed[0]
    return False
