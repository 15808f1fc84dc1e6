"""The space that a search moves in: what an architecture declares, less what `tune.fixed` pins."""

from collections.abc import Mapping
from typing import Any

from keras_tuner import HyperParameters

from pipeline.errors import ConvoyError
from pipeline.training import models
from pipeline.training.models import Shape


def search_space(
    architecture: str, shape: Shape, classes: int, fixed: Mapping[str, Any]
) -> HyperParameters:
    """Declare every hyperparameter before the search begins.

    KerasTuner draws values for hyperparameters that it meets later without a seed.

    Args:
        architecture: Its name.
        shape: Height, width and channels of an image.
        classes: How many there are.
        fixed: Values of hyperparameters that the search leaves alone.

    Raises:
        ConvoyError: a fixed hyperparameter is not declared, or may not have that value.
    """
    hp = HyperParameters()
    hp.values = dict(fixed)
    models.declare(architecture, hp, shape, classes)
    config = hp.get_config()
    entries = {entry["config"]["name"]: entry for entry in config["space"]}
    for name, value in fixed.items():
        key = f"tune.fixed.{architecture}.{name}"
        if name not in entries:
            raise ConvoyError(
                f"params.yaml: {key}: no such hyperparameter; allowed: {', '.join(sorted(entries))}"
            )
        _check(key, value, entries[name]["config"])
    config["space"] = [_pinned(entry, fixed) for entry in config["space"]]
    return HyperParameters.from_config(config)


def _check(key: str, value: Any, declared: Mapping[str, Any]) -> None:
    """Refuse what the architecture does not offer."""
    if "values" in declared:
        allowed = ", ".join(map(str, declared["values"]))
        fine = value in declared["values"]
    else:
        low, high = declared["min_value"], declared["max_value"]
        allowed = f"{low} to {high}"
        fine = isinstance(value, int | float) and low <= value <= high
    if not fine:
        raise ConvoyError(f"params.yaml: {key} = {value!r}; allowed: {allowed}")


def _pinned(entry: dict[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an entry of KerasTuner's configuration into a constant if it is to be one."""
    name = entry["config"]["name"]
    if name not in fixed:
        return entry
    kept = {key: entry["config"][key] for key in ("name", "conditions")}
    return {"class_name": "Fixed", "config": kept | {"value": fixed[name]}}
