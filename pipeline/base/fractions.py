"""The fractions in params.yaml: a number, or a text such as "1/6"."""


def share(text: str) -> float:
    """Parse a text such as "1/6" or "0.25" as a number.

    Raises:
        ValueError: the text is neither a number nor a fraction.
    """
    try:
        # `fractions.Fraction` is not used: it would compute every digit of "1e999999999".
        numerator, denominator = (text if "/" in text else f"{text}/1").split("/")
        return float(numerator) / float(denominator)
    except (ValueError, ZeroDivisionError):
        raise ValueError('allowed: a number or a fraction such as "1/6"') from None
