"""Shares of a whole as params.yaml may write them: a number, or a fraction such as "1/6".

The report reads them of any revision: nothing here needs pydantic.
"""


def share(text: str) -> float:
    """Give the number that a text such as "1/6" or "0.25" stands for.

    Raises:
        ValueError: it is neither a number nor a fraction.
    """
    try:
        # Not `fractions.Fraction`: it would write out every digit of "1e999999999".
        numerator, denominator = (text if "/" in text else f"{text}/1").split("/")
        return float(numerator) / float(denominator)
    except (ValueError, ZeroDivisionError):
        raise ValueError('allowed: a number or a fraction such as "1/6"') from None
