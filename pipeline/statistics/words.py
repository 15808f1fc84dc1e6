"""The one-word verdict on a difference."""

from typing import Literal

Word = Literal["better", "worse", "equivalent", "undecided", "not comparable"]
Direction = Literal["better", "worse"]

LEVEL = 0.05


def word(difference: float, low: float, high: float, p_value: float, margin: float) -> Word:
    """Return the word for a difference with its 95 % interval and its p-value; more is better.

    A 95 % interval with both ends inside the margin is the same as two one-sided tests at 2.5 %
    each (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680). Such a
    difference is *equivalent* even if it is certainly there; `direction` says then which way.

    An interval without a width at 0 is that of equal predictions, which are *equivalent* whatever
    the margin: 10 % of the error is 0 where the first makes no mistake.
    """
    if low == high == 0 or (-margin < low and high < margin):
        return "equivalent"
    return direction(difference, p_value) or "undecided"


def direction(difference: float, p_value: float) -> Direction | None:
    """Return which side is better, None if that may be chance."""
    if p_value > LEVEL or not difference:
        return None
    return "better" if difference > 0 else "worse"
