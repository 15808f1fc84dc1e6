"""The one-word verdict on a difference."""

from typing import Literal

Word = Literal["better", "worse", "equivalent", "undecided", "not comparable"]

LEVEL = 0.05


def word(difference: float, low: float, high: float, p_value: float, margin: float) -> Word:
    """Return the word for a difference with its 95 % interval and its p-value.

    *Equivalent* comes first: a difference that is certainly smaller than the margin does not
    matter, even if it is significant. A 95 % interval with both ends inside the margin is the same
    as two one-sided tests at 2.5 % each (Schuirmann 1987, Journal of Pharmacokinetics and
    Biopharmaceutics 15, 657-680).
    """
    if -margin < low and high < margin:
        return "equivalent"
    if p_value <= LEVEL:
        return "better" if difference > 0 else "worse"
    return "undecided"
