"""From an interval to the word that a reader acts on."""

from typing import Literal

Word = Literal["better", "worse", "equivalent", "undecided", "not comparable"]

LEVEL = 0.05


def word(difference: float, low: float, high: float, p_value: float, margin: float) -> Word:
    """Say in one word what a difference, its 95 % interval and its p-value mean.

    *Equivalent* comes first: a difference that is certainly smaller than the margin does not
    matter, even where it is certainly there. Both ends of a 95 % interval inside the margin make
    two one-sided tests at 2.5 % each (Schuirmann 1987, Journal of Pharmacokinetics and
    Biopharmaceutics 15, 657-680).
    """
    if -margin < low and high < margin:
        return "equivalent"
    if p_value <= LEVEL:
        return "better" if difference > 0 else "worse"
    return "undecided"
