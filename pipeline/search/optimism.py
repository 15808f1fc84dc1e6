"""How much too high the score of a chosen trial is, because it was chosen by this score.

The best of many scores on the same validation images is partly the luckiest (Cawley and Talbot
2010, "On over-fitting in model selection and subsequent selection bias in performance evaluation",
JMLR 11, 2079-2107). How much it promises too much is estimated by a parametric bootstrap (Efron and
Tibshirani 1993, "An introduction to the bootstrap", chapters 6 and 10): the choice is repeated
among scores that are drawn from the trials' own. The scores at the top lie further apart than the
accuracies behind them, so these are first drawn together, by empirical Bayes (Efron and Morris
1973, "Stein's estimation rule and its competitors", JASA 68, 117-130).

The mistakes of trials are taken for independent, although they share the validation images. So the
estimate is an upper one where these are few (docs/search.md has a table).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.search.selection import Candidate, Rule, in_order_of_ties
from pipeline.statistics.proportions import standard_error

DRAWS = 2000
SEED = 1
# Trials closer to the best than this many standard errors are drawn together.
LEADERS = 4.0
# So many trials that cannot be told from the best, itself included, are worth a word.
FEWEST_CLOSE = 3


def optimism(candidates: Sequence[Candidate], rule: Rule) -> float:
    """Estimate how much the chosen trial's validation accuracy is above the accuracy it stands for.

    Args:
        candidates: All completed trials that were chosen from, at least one.
        rule: How one of them was chosen.

    Returns:
        A difference of accuracies, 0 to 1; 0 for a single trial. The same for the same trials.
    """
    if len(candidates) < 2:
        return 0.0
    ordered = in_order_of_ties(candidates)
    images = ordered[0].validation_images
    behind = drawn_together(np.array([c.val_accuracy for c in ordered]), images)
    draw = np.random.default_rng(SEED)
    scores = draw.binomial(images, behind, (DRAWS, len(behind))) / images
    chosen = _choose(scores, images, rule)
    gaps = scores[np.arange(DRAWS), chosen] - behind[chosen]
    return round(max(0.0, float(gaps.mean())), 4)


def drawn_together(accuracies: NDArray[np.float64], images: int) -> NDArray[np.float64]:
    """Draw the highest accuracies, [k], towards their mean by the share of chance in them.

    Of the variance among them, sampling `images` images explains a part; where it explains all,
    they become equal.
    """
    errors = np.array([standard_error(float(each), images) for each in accuracies])
    best = int(accuracies.argmax())
    leading = accuracies >= accuracies[best] - LEADERS * errors[best]
    found = np.clip(accuracies, 0.0, 1.0)
    if leading.sum() > 2:
        top = found[leading]
        variance = float(top.var(ddof=1))
        real = max(0.0, 1 - float((errors[leading] ** 2).mean()) / variance) if variance else 0.0
        found[leading] = top.mean() + real * (top - top.mean())
    return found


def _choose(scores: NDArray[np.float64], images: int, rule: Rule) -> NDArray[np.int64]:
    """Choose one column of each row of scores, [draws, k], which are in the order of ties."""
    best = scores.max(axis=1)
    if rule == "one_standard_error":
        errors = {value: standard_error(float(value), images) for value in np.unique(best)}
        best = best - np.array([errors[value] for value in best])
    return (scores >= best[:, None]).argmax(axis=1)


def caution(accuracy: float, images: int, trials: int, too_high: float) -> str:
    """Write a chosen trial's score with what is to be taken off it.

    Args:
        accuracy: Its validation accuracy, 0 to 1.
        images: Number of validation images.
        trials: Number of completed trials that it was chosen from.
        too_high: What `optimism` returned for them.
    """
    score = f"validation accuracy {accuracy:.4f} on {images:,} images"
    if trials < 2:
        return score
    return f"{score}; being chosen among {trials} by it, it is too high by {about(too_high)}"


def about(too_high: float) -> str:
    """Write an estimate of optimism, 0 to 1, in percentage points."""
    points = 100 * too_high
    return "less than 0.1 points" if points < 0.1 else f"about {points:.1f} points"


def resolution(candidates: Sequence[Candidate]) -> str:
    """Write what these validation images cannot tell apart; empty if they can tell the leaders.

    Two accuracies on n images differ by chance by up to 1.96 standard errors of their difference,
    which is sqrt(2) times one's own, in 95 of 100 cases. This takes the mistakes of two trials for
    independent; since they share the images, somewhat smaller differences can be told.
    """
    best = max(candidates, key=lambda c: c.val_accuracy)
    half = 1.96 * math.sqrt(2) * best.standard_error
    closest = [c for c in candidates if c.val_accuracy >= best.val_accuracy - half]
    if len(closest) < FEWEST_CLOSE:
        return ""
    return (
        f"{best.validation_images:,} validation images resolve differences of about "
        f"±{100 * half:.1f} points, and {len(closest)} of {len(candidates)} completed trials are "
        "that close to the best: more trials will not help to choose among them, more validation "
        "images will."
    )
