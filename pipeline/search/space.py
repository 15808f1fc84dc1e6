"""The space that a search moves in: what an architecture declares, less what `tune.fixed` pins."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras_tuner import HyperParameters

from pipeline.base.errors import ConvoyError
from pipeline.base.paths import PARAMS
from pipeline.config.automatic import nearest
from pipeline.training import models, recipe
from pipeline.training.geometry import GeometryError
from pipeline.training.models import Shape


def search_space(
    architecture: str,
    shape: Shape,
    classes: int,
    fixed: Mapping[str, Any],
    batch_sizes: Sequence[int] | None = None,
) -> HyperParameters:
    """Declare every hyperparameter before the search begins.

    KerasTuner draws values for hyperparameters that it meets later without a seed.

    Args:
        architecture: Its name.
        shape: Height, width and channels of an image.
        classes: How many there are.
        fixed: Values of hyperparameters that the search leaves alone.
        batch_sizes: What is offered in place of the usual batch sizes, if anything.

    Raises:
        ConvoyError: the images are too small, or a fixed hyperparameter is not declared, or may
            not have that value.
    """
    # Once with the defaults, to know what may be fixed, before a model is built with what is not.
    asked = {key: value for key, value in fixed.items() if value in recipe.OPTIMIZERS}
    declared = {
        e["config"]["name"]: e for e in _declared(architecture, shape, classes, asked)["space"]
    }
    for name, value in fixed.items():
        key = f"tune.fixed.{architecture}.{name}"
        if name not in declared:
            names = ", ".join(sorted(declared))
            raise ConvoyError(f"params.yaml: {key}: no such hyperparameter; allowed: {names}")
        _check(key, value, declared[name])
    config = _declared(architecture, shape, classes, fixed)
    if batch_sizes:
        _offer(batch_sizes, config["space"])
    config["space"] = [_pinned(entry, fixed) for entry in config["space"]]
    return HyperParameters.from_config(config)


def _declared(
    architecture: str, shape: Shape, classes: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return KerasTuner's description of what the architecture declares."""
    hp = HyperParameters()
    hp.values = dict(values)
    try:
        models.declare(architecture, hp, shape, classes)
    except GeometryError as error:
        raise ConvoyError(
            f"{architecture} cannot be built on images of {shape[0]}×{shape[1]} pixels: {error}. "
            f"{PARAMS}: take it out of architectures, set tune.fixed.{architecture} otherwise, or "
            "for a folder of pictures enlarge dataset.image_size."
        ) from None
    return hp.get_config()


def _offer(batch_sizes: Sequence[int], space: list[dict[str, Any]]) -> None:
    """Put these batch sizes in the place of those that recipes offer; keep the nearest default."""
    (entry,) = (each["config"] for each in space if each["config"]["name"] == "batch_size")
    entry["values"] = list(batch_sizes)
    entry["default"] = nearest(entry["default"], batch_sizes)


def _check(key: str, value: Any, entry: Mapping[str, Any]) -> None:
    """Refuse what the architecture does not offer, `32.0` or `true` for a whole number included."""
    declared = entry["config"]
    match entry["class_name"]:
        case "Choice":
            allowed = ", ".join(map(str, declared["values"]))
            fine = any(value == v and type(value) is type(v) for v in declared["values"])
        case "Boolean":
            allowed = "true, false"
            fine = isinstance(value, bool)
        case kind:
            low, high = declared["min_value"], declared["max_value"]
            allowed = f"{low} to {high}" + ", whole" * (kind == "Int")
            types = (int,) if kind == "Int" else (int, float)
            fine = type(value) in types and low <= value <= high
    if not fine:
        raise ConvoyError(f"params.yaml: {key} = {value!r}; allowed: {allowed}")


def _pinned(entry: dict[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an entry of KerasTuner's configuration into a constant if it is to be one."""
    name = entry["config"]["name"]
    if name not in fixed:
        return entry
    kept = {key: entry["config"][key] for key in ("name", "conditions")}
    return {"class_name": "Fixed", "config": kept | {"value": fixed[name]}}
