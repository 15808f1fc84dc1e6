"""Confirming a choice: the leaders of the searches, retrained with seeds that no trial had.

The best of many trials is partly the luckiest: its score promises more than the same model keeps
with another seed. The optimism gap says how much: the score in the search minus the mean over
fresh seeds. Both are measured on the validation images, so what choosing among many owes to these
images is not in it; the test images alone show that.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from pipeline.search.selection import Candidate, choose
from pipeline.statistics.proportions import standard_error


@dataclass(frozen=True)
class Confirmed:
    """A leader and what became of it.

    Attributes:
        searched: The leader as its search saw it.
        val_accuracy: Validation accuracy of each retrained model that came to its end, 0 to 1.
        val_loss: Validation cross-entropy of each of these in nats.
        failures: Why others did not; a leader with any is not chosen.
        standard_error: Standard error of the mean accuracy, from the number of validation images.
    """

    searched: Candidate
    val_accuracy: Sequence[float]
    val_loss: Sequence[float]
    failures: Sequence[str]
    standard_error: float

    @property
    def name(self) -> str:
        """Architecture and trial, as in `mlp-3`."""
        return f"{self.searched.architecture}-{self.searched.trial}"

    @property
    def sound(self) -> bool:
        """Whether it may be chosen: every retrained model came to its end."""
        return bool(self.val_accuracy and self.val_loss and not self.failures)

    @property
    def candidate(self) -> Candidate:
        """The leader with the means of its retrained models in the place of its own scores."""
        return replace(
            self.searched,
            val_accuracy=fmean(self.val_accuracy),
            val_loss=fmean(self.val_loss),
            standard_error=self.standard_error,
        )

    @property
    def optimism_gap(self) -> float:
        """Accuracy in the search minus the mean accuracy with fresh seeds."""
        return self.searched.val_accuracy - fmean(self.val_accuracy)


@dataclass(frozen=True)
class Leaders:
    """The content of results/confirm.json."""

    leaders: Sequence[Confirmed]


def confirmed(
    searched: Candidate,
    scores: Sequence[tuple[float, float]],
    failures: Sequence[str],
    validation_images: int,
) -> Confirmed:
    """Sum up the retrained models of one leader, given as pairs of accuracy and loss."""
    accuracies, losses = [a for a, _ in scores], [b for _, b in scores]
    error = standard_error(fmean(accuracies), validation_images) if scores else 0.0
    return Confirmed(searched, accuracies, losses, failures, error)


def leaders(candidates: Sequence[Candidate], top: int) -> list[Candidate]:
    """Pick the candidates with the highest validation accuracy, best first.

    Hyperband trains a configuration several times, longer each time: the last one counts.

    Args:
        candidates: The completed trials of each architecture in the order of their proposals.
        top: How many to pick, if there are as many.
    """
    latest = {
        json.dumps([c.architecture, dict(c.hyperparameters)], sort_keys=True): c for c in candidates
    }
    remaining = list(latest.values())
    picked: list[Candidate] = []
    while remaining and len(picked) < top:
        best, _ = choose(remaining, "best")
        remaining.remove(best)
        picked.append(best)
    return picked
