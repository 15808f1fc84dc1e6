"""The training recipe: the hyperparameters of training that all architectures share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras_tuner import HyperParameters

from pipeline.config.conditions import Conditions
from pipeline.training.adam import Adam
from pipeline.training.muon import Muon

Optimizer = Literal["sgd", "nesterov", "adam", "adamw", "muon"]
OPTIMIZERS: dict[Optimizer, tuple[type[keras.optimizers.Optimizer], dict[str, Any]]] = {
    "sgd": (keras.optimizers.SGD, {}),
    "nesterov": (keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    "adam": (Adam, {}),
    # Keras' AdamW is Adam with a weight decay that cannot be left out.
    "adamw": (Adam, {}),
    # The weights that Muon leaves to Adam are not decayed.
    "muon": (Muon, {"ns_steps": 4, "adam_weight_decay": None}),
}
# Muon's steps cost more, which pays only in short trainings, so `tune.fixed` must ask for it.
USUAL: tuple[Optimizer, ...] = ("sgd", "nesterov", "adam", "adamw")

# Lowest, highest and usual values for each optimizer (Goodfellow et al. 2016, "Deep Learning", 8.3
# and 8.5; Loshchilov and Hutter 2019 for weight decay).
LEARNING_RATES: dict[Optimizer, tuple[float, float, float]] = {
    "sgd": (3e-2, 3e-1, 1e-1),
    "nesterov": (5e-3, 2e-1, 5e-2),
    "adam": (3e-4, 1e-2, 1e-3),
    "adamw": (3e-4, 1e-2, 1e-3),
    "muon": (1e-3, 3e-2, 1e-2),
}
# With a momentum of 0.9, a decay in the loss, as in papers, is 1 / (1 - 0.9) = 10 times as strong
# as one that is subtracted from the weights, as here: a paper's 1e-4 is 1e-3 here.
WEIGHT_DECAYS: dict[Optimizer, tuple[float, float, float]] = {
    "nesterov": (1e-4, 2e-2, 1e-3),
    "adamw": (1e-3, 1e-1, 1e-2),
    "muon": (1e-3, 2e-1, 5e-2),
}
BATCH_SIZES = [32, 64, 128, 256, 512]

# One cycle: the learning rate rises for this share of the training, from this share of its peak.
WARM_UP, WARM_UP_FROM = 0.25, 0.04


@dataclass(frozen=True)
class Recipe:
    """The settings to fit a model with. Each architecture has its published ones as `RECIPE`.

    Attributes:
        optimizer: Name of an entry of `OPTIMIZERS`.
        learning_rate: Step size; under a schedule, the largest one.
        batch_size: Images in a step.
        weight_decay: Share of each weight, times the learning rate, that is subtracted in each
            step; biases and the parameters of normalisation do not decay.
        offered: The optimizers that a search draws from; `tune.fixed` may ask for another.
    """

    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    batch_size: int = 128
    weight_decay: float = 0.0
    offered: tuple[Optimizer, ...] = USUAL

    def __post_init__(self) -> None:
        """Check that the optimizer supports a weight decay if there is one.

        Raises:
            ValueError: it does not.
        """
        if self.weight_decay and self.optimizer not in WEIGHT_DECAYS:
            raise ValueError(
                f"weight_decay={self.weight_decay} with optimizer {self.optimizer!r}: only "
                f"{', '.join(WEIGHT_DECAYS)} have one"
            )


def declare(hp: HyperParameters, published: Recipe) -> Recipe:
    """Declare the search space of training, with a recipe as default; return the values chosen."""
    asked = hp.values.get("optimizer")
    offered = [name for name in OPTIMIZERS if name in published.offered or name == asked]
    optimizer = hp.Choice("optimizer", offered, default=published.optimizer)
    rates = _declare_ranges(hp, "learning_rate", offered, LEARNING_RATES, published)
    decays = _declare_ranges(hp, "weight_decay", offered, WEIGHT_DECAYS, published)
    batch_size = hp.Choice("batch_size", BATCH_SIZES, default=published.batch_size)
    return Recipe(optimizer, rates[optimizer], batch_size, decays.get(optimizer, 0.0))


def _declare_ranges(
    hp: HyperParameters,
    name: str,
    offered: Sequence[Optimizer],
    ranges: dict[Optimizer, tuple[float, float, float]],
    published: Recipe,
) -> dict[str, float]:
    """Declare one number for each optimizer in `ranges`, active only with that optimizer."""
    values: dict[str, float] = {}
    for optimizer in (each for each in ranges if each in offered):
        low, high, usual = ranges[optimizer]
        default = getattr(published, name) if optimizer == published.optimizer else usual
        with hp.conditional_scope("optimizer", [optimizer]):
            values[optimizer] = hp.Float(
                f"{optimizer}_{name}", low, high, sampling="log", default=default
            )
    return values


def make_optimizer(
    recipe: Recipe, conditions: Conditions, steps: int
) -> keras.optimizers.Optimizer:
    """Make the Keras optimizer for a training of `steps` steps."""
    kind, settings = OPTIMIZERS[recipe.optimizer]
    if conditions.weight_average:
        settings = settings | {"use_ema": True, "ema_momentum": conditions.weight_average}
    rate = learning_rate(recipe.learning_rate, conditions, steps)
    optimizer = kind(learning_rate=rate, weight_decay=recipe.weight_decay or None, **settings)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def learning_rate(
    peak: float, conditions: Conditions, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate, constant or as a schedule over `steps` steps.

    Source: Loshchilov and Hutter 2017 ("cosine", without restarts); Smith and Topin 2018
    ("one_cycle"; here a linear rise, then half a cosine down to 0).
    """
    decay = keras.optimizers.schedules.CosineDecay
    if conditions.schedule == "cosine":
        return decay(peak, steps)
    if conditions.schedule == "one_cycle":
        climb = round(WARM_UP * steps)
        return decay(WARM_UP_FROM * peak, steps - climb, warmup_target=peak, warmup_steps=climb)
    return peak
