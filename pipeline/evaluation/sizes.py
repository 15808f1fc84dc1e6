"""What a model costs its users, for the summary: effort, time, licence; and smaller models."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.base import paths
from pipeline.base.files import read_json
from pipeline.config.shapes import LeftOut
from pipeline.evaluation.predictions import NAMES
from pipeline.running import speeds
from pipeline.search.selection import Candidate, pareto_front, read_candidates
from pipeline.training import trained

# The best few; results/select/front.csv has them all.
MOST_SHOWN = 5


def lines(metrics: Mapping[str, Any]) -> list[str]:
    """Return the lines of the summary on what each model costs, and on other models to choose."""
    found = [_cost(name, metrics[name]) for name in NAMES]
    return [*filter(None, found), *_front(metrics["tuned"])]


def _cost(name: str, scores: Mapping[str, Any]) -> str:
    """Describe one model; empty if an older version wrote the metrics."""
    if scores.get("multiply_adds") is None:
        return ""
    parts = [f"{_millions(scores['multiply_adds'])} multiply-adds an image"]
    if milliseconds := _milliseconds(name):
        parts.append(f"{milliseconds:.2g} ms here, one at a time")
    for weights in scores.get("weights", ()):
        parts.append(
            f"begins from {weights['network']}, {weights['licence']}, trained on "
            f"{weights['trained_on']}"
        )
    return f"{name}: {'; '.join(parts)}."


def _milliseconds(name: str) -> float | None:
    """Return the time of the released model for one image, if it was measured here."""
    folder = paths.MODELS / name
    if not (folder / trained.INDEX).exists():
        return None
    return speeds.known(trained.model_file(folder, trained.read(folder).released))


def _front(tuned: Mapping[str, Any]) -> list[str]:
    """Describe the Pareto front of all searches, and how to choose a smaller model on it."""
    candidates = read_candidates(sorted(read_json(paths.SETTINGS, LeftOut)["left_out"]))
    front = pareto_front(candidates)
    if len(front) < 2:
        return []
    rows = [
        f"  {c.val_accuracy:.4f} {c.architecture} trial {c.trial}, {c.parameters:,} parameters, "
        f"{_millions(c.multiply_adds)} multiply-adds"
        for c in front[:MOST_SHOWN]
    ]
    if len(front) > MOST_SHOWN:
        rows.append(f"  and {len(front) - MOST_SHOWN} more in {paths.SELECT}/front.csv")
    title = (
        "Pareto front: no other trial is as accurate in validation and as small as one of these:"
    )
    return [title, *rows, *_advice(front, tuned)]


def _advice(front: Sequence[Candidate], tuned: Mapping[str, Any]) -> list[str]:
    """Write the command that chooses the next smaller model; empty if there is none."""
    for key in ("parameters", "multiply_adds"):
        # The tuned model's own count may be for an image and its mirror image.
        own = min((getattr(c, key) for c in front if _same(c, tuned)), default=tuned[key])
        if smaller := [getattr(c, key) for c in front if getattr(c, key) < own]:
            return [f"For a smaller model: `dvc exp run -S select.most_{key}={max(smaller)}`"]
    return []


def _same(candidate: Candidate, tuned: Mapping[str, Any]) -> bool:
    keys = ("architecture", "parameters")
    return all(getattr(candidate, key) == tuned[key] for key in keys)


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f} million" if count >= 100_000 else f"{count:,}"
