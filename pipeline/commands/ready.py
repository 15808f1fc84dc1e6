"""The checks of a command's requirements before TensorFlow, which takes seconds to load."""

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config import params
from pipeline.config.fields import module_names
from pipeline.config.messages import near_miss
from pipeline.evaluation.predictions import NAMES
from pipeline.training import trained


def models(name: str) -> None:
    """Check that there are trained models of this name.

    Raises:
        ConvoyError: there are none.
    """
    folder = paths.MODELS / name
    if not (folder / trained.INDEX).exists():
        raise ConvoyError(f"{folder}: no trained model here. Run `dvc repro`, or `dvc pull`.")


def architecture(name: str | None) -> str:
    """Return the architecture to measure, by default the baseline's, and check for images.

    Raises:
        ConvoyError: there is no such architecture, or no data yet.
    """
    choices = module_names(paths.ARCHITECTURES)
    chosen = name or params.load().select.baseline
    if chosen not in choices:
        problem = f"no such architecture{near_miss(chosen, choices)}"
        raise ConvoyError(f"--architecture {chosen}: {problem}")
    if not paths.TRAIN.exists():
        raise ConvoyError(f"{paths.TRAIN}: no images yet. Run `dvc repro split` first.")
    return chosen


def network(name: str) -> None:
    """Check that the layers of this network can be shown.

    Args:
        name: "tuned", "baseline" or an architecture.

    Raises:
        ConvoyError: there is no such network, no trained model of it, or no data yet.
    """
    choices = [*NAMES, *module_names(paths.ARCHITECTURES)]
    if name not in choices:
        raise ConvoyError(f"{name}: no such network{near_miss(name, choices)}")
    if name in NAMES:
        models(name)
    elif not paths.DATA_REPORT.exists():
        raise ConvoyError(f"{paths.DATA_REPORT}: no data yet. Run `dvc repro split` first.")
