"""Stage `select`: choose one model among all searches, and write down the baseline beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json, remedy, write_csv, write_json
from pipeline.config import automatic
from pipeline.config.automatic import nearest
from pipeline.config.params import Params
from pipeline.pretrained import published
from pipeline.running.terminal import say
from pipeline.search.confirmation import Confirmed, Leaders
from pipeline.search.optimism import caution, optimism
from pipeline.search.selection import (
    Candidate,
    choose,
    front,
    pareto_front,
    read_candidates,
    within,
)
from pipeline.training.specification import UNTUNED, Specification, Untuned

SIZES = ["parameters", "multiply_adds"]
COLUMNS = ["architecture", "trial", "val_accuracy", "standard_error", "val_loss", *SIZES]


def main(settings: Params) -> None:
    """Write two model specifications of one format, what was chosen from, and its scores."""
    leaders = read_json(paths.CONFIRM, Leaders).leaders
    sound = {leader.name: leader for leader in leaders if leader.sound}
    # What was confirmed is chosen from by its means; what was not, by its search.
    everything = read_candidates(sorted(settings.architectures))
    allowed = within(everything, settings.select)
    searched = [
        candidate
        for name in sorted(settings.architectures)
        for candidate in front([c for c in allowed if c.architecture == name])
    ]
    candidates = [leader.candidate for leader in sound.values()] or searched
    if not candidates:
        raise ConvoyError(
            f"{paths.CANDIDATES}: no trial of {', '.join(sorted(settings.architectures))} to "
            f"choose from. {remedy(paths.CANDIDATES)}"
        )
    chosen, reason = choose(candidates, settings.select.rule)
    if sound:
        reason += "; by the means of fresh seeds"
    values = dict(chosen.hyperparameters)
    tuned = Specification(chosen.architecture, values, chosen.code_sha256)
    name = settings.select.baseline
    sizes = settings.tune.batch_sizes
    batch = {"batch_size": nearest(automatic.USUAL_BATCH, sizes)} if sizes else {}
    code = _code(name)
    baseline = Specification(name, batch, code)
    recipe = next(
        (c for c in everything if (c.architecture, c.trial) == (chosen.architecture, 1)), None
    )
    untuned = specify_untuned(chosen, recipe, baseline, batch, settings.select.untuned)

    write_json(paths.SELECT / "tuned.json", asdict(tuned))
    write_json(paths.SELECT / "baseline.json", asdict(baseline))
    write_json(paths.SELECT / f"{UNTUNED}.json", asdict(untuned))
    too_high = optimism(allowed, settings.select.rule)
    metrics = _metrics(chosen, too_high, len(allowed), list(sound.values()))
    if recipe and recipe.epochs == chosen.epochs:
        metrics["chosen"]["recipe_val_accuracy"] = recipe.val_accuracy
    write_json(paths.SELECT / "metrics.json", metrics)
    _write_candidates(candidates, chosen, reason)
    _write_front(pareto_front(everything), chosen)
    say(f"chosen: {chosen.architecture} trial {chosen.trial}: {reason}")
    if sound:
        leader = sound[f"{chosen.architecture}-{chosen.trial}"]
        say(
            f"optimism gap: {leader.optimism_gap:+.4f} "
            f"({leader.searched.val_accuracy:.4f} in the search, {chosen.val_accuracy:.4f} on the "
            f"mean of {len(leader.val_accuracy)} fresh seeds)"
        )
    else:
        images = chosen.validation_images
        say(caution(chosen.val_accuracy, images, len(allowed), too_high))


def specify_untuned(
    chosen: Candidate,
    recipe: Candidate | None,
    baseline: Specification,
    batch: Mapping[str, Any],
    wanted: bool,
) -> Untuned:
    """Specify the chosen architecture at its recipe.

    Args:
        chosen: The trial that was chosen.
        recipe: The first trial of its search, which has the recipe; None if it did not complete.
        baseline: The baseline's specification.
        batch: What the recipe is given of `tune.batch_sizes`.
        wanted: Whether it is to be trained where it is neither the baseline nor the tuned model.
    """
    values = dict(recipe.hyperparameters if recipe else batch)
    same_as: Literal["tuned", "baseline"] | None = None
    if chosen.architecture == baseline.architecture:
        same_as, values = "baseline", baseline.hyperparameters
    elif values == dict(chosen.hyperparameters):
        same_as = "tuned"
    train = wanted and same_as is None
    return Untuned(chosen.architecture, values, chosen.code_sha256, same_as, train)


def _code(architecture: str) -> str:
    """Return the digest of an architecture's file, as stage `code` has recorded it.

    Raises:
        ConvoyError: it has recorded none.
    """
    digests = read_json(paths.ARCHITECTURE_DIGESTS, dict[str, str])
    if architecture not in digests:
        raise ConvoyError(
            f"{paths.ARCHITECTURE_DIGESTS}: {architecture} is not in it. "
            f"{remedy(paths.ARCHITECTURE_DIGESTS)}"
        )
    return digests[architecture]


def _metrics(
    chosen: Candidate, too_high: float, trials: int, leaders: Sequence[Confirmed]
) -> dict[str, Any]:
    """Sum up the choice in numbers: its score, and how much too high that is.

    Of a confirmed choice this was measured, of others it is estimated.
    """
    metrics: dict[str, Any] = {
        "chosen": {
            "trial": chosen.trial,
            "val_accuracy": chosen.val_accuracy,
            "standard_error": chosen.standard_error,
            "parameters": chosen.parameters,
        }
    }
    if leaders:
        gaps = {leader.name: leader.optimism_gap for leader in leaders}
        metrics["chosen"]["optimism_gap"] = gaps[f"{chosen.architecture}-{chosen.trial}"]
        metrics["optimism_gap"] = gaps
    else:
        metrics["chosen"] |= {
            "optimism": too_high,
            "trials": trials,
            "validation_images": chosen.validation_images,
        }
    return metrics


def _write_candidates(candidates: list[Candidate], chosen: Candidate, reason: str) -> None:
    rows = [
        [*(getattr(candidate, column) for column in COLUMNS), reason if candidate is chosen else ""]
        for candidate in candidates
    ]
    write_csv(paths.SELECT / "candidates.csv", [*COLUMNS, "chosen_because"], rows)


def _write_front(candidates: Sequence[Candidate], chosen: Candidate) -> None:
    """Write the Pareto front: the models of all searches that none beats in accuracy and size."""
    rows = []
    for candidate in candidates:
        weights = published.described(candidate.architecture)
        rows.append(
            [
                candidate.architecture,
                candidate.trial,
                candidate.val_accuracy,
                candidate.standard_error,
                *(getattr(candidate, size) for size in SIZES),
                f"{weights['network']} ({weights['licence']})" if weights else "",
                (candidate.architecture, candidate.trial) == (chosen.architecture, chosen.trial),
            ]
        )
    columns = ["architecture", "trial", "val_accuracy", "standard_error", *SIZES]
    write_csv(paths.SELECT / "front.csv", [*columns, "weights", "chosen"], rows)
