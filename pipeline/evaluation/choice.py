"""What a reader should know of the choice: how much too high its score is, and what it leaves open.

Both are in results/select/metrics.json, which stage `select` writes.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.search.optimism import caution


def score(chosen: Mapping[str, Any]) -> str:
    """Write the validation score that the chosen model was chosen by, and how much it promises.

    Args:
        chosen: The entry "chosen" of the file.

    Returns:
        A sentence; empty for results of an older version.
    """
    match chosen:
        case {"val_accuracy": float(accuracy), "optimism_gap": float(gap)}:
            return (
                f"Chosen by its validation accuracy with fresh seeds, {accuracy:.4f} in the mean: "
                f"the score in the search was {100 * gap:+.1f} points from it (optimism gap)."
            )
        case {
            "val_accuracy": float(accuracy),
            "optimism": float(estimate),
            "trials": int(trials),
            "validation_images": int(images),
        }:
            return f"Chosen by its {caution(accuracy, images, trials, estimate)}."
    return ""


def unseparated(chosen: Mapping[str, Any]) -> str:
    """Write what the search alone says of architecture and hyperparameters, on validation images.

    Args:
        chosen: As in `score`.

    Returns:
        Sentences for results in which the recipe was not trained; empty if its score is not known.
    """
    match chosen:
        case {"val_accuracy": float(accuracy), "recipe_val_accuracy": float(recipe)}:
            return (
                "Architecture or search? On the validation images the chosen architecture's recipe "
                f"had {recipe:.4f} and the chosen trial has {accuracy:.4f}. "
                "`select.untuned: true` trains the recipe too, and tells on the test images."
            )
    return ""
