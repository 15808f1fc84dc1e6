"""What decides a comparison: a score, and the margin below which differences do not matter."""

from dataclasses import dataclass
from typing import Literal

from pipeline.base.fractions import share
from pipeline.statistics.by_image import Metric

ALLOWED = 'more than 0 and less than 1, as 0.005 or "1/200"; or a share of the error, as "10%"'


@dataclass(frozen=True)
class Margin:
    """A margin, absolute or relative.

    Attributes:
        value: From 0 to 1.
        relative: Whether it is a share of the error of what is compared with.
    """

    value: float
    relative: bool

    def of(self, error: float) -> float:
        """Return the margin for a first configuration with some error, such as 1 - accuracy."""
        return self.value * error if self.relative else self.value

    def __str__(self) -> str:
        """Write it as it stands in params.yaml."""
        return f"{100 * self.value:g}%" if self.relative else f"{self.value:g}"


@dataclass(frozen=True)
class Rule:
    """What decides: `evaluate.metric` and `evaluate.margin` of params.yaml.

    Attributes:
        metric: The score that is compared; "auto": the one that suits the labels.
        margin: Differences smaller than this do not matter.
    """

    metric: Metric | Literal["auto"]
    margin: Margin


def margin(written: object) -> Margin:
    """Return the margin that a text or number of params.yaml stands for.

    Raises:
        ValueError: it is none; the message says what is allowed.
    """
    text = str(written).strip()
    relative = text.endswith("%")
    try:
        value = share(text.removesuffix("%")) / (100 if relative else 1)
    except ValueError:
        value = 0.0
    if isinstance(written, bool) or not 0 < value < 1:
        raise ValueError(f"allowed: {ALLOWED}")
    return Margin(value, relative)
