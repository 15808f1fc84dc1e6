"""How a model is fitted: the hyperparameters of training that every architecture shares."""

from dataclasses import dataclass
from typing import Literal

import keras
from keras_tuner import HyperParameters

Optimizer = Literal["sgd", "adam"]

# Where each optimizer is usually at home (Goodfellow et al. 2016, "Deep Learning", 8.3 and 8.5).
LEARNING_RATES: dict[Optimizer, tuple[float, float]] = {"sgd": (3e-2, 3e-1), "adam": (3e-4, 3e-3)}
USUAL_LEARNING_RATE: dict[Optimizer, float] = {"sgd": 1e-1, "adam": 1e-3}
BATCH_SIZES = [32, 64, 128, 256]


@dataclass(frozen=True)
class Recipe:
    """One way to fit a model. Each architecture file states its published one as `RECIPE`.

    Attributes:
        optimizer: Name of the Keras optimizer.
        learning_rate: Step size.
        batch_size: Images a step.
    """

    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    batch_size: int = 128


def declare(hp: HyperParameters, published: Recipe) -> Recipe:
    """Declare the search space of training around a published recipe; return the recipe chosen."""
    optimizer = hp.Choice("optimizer", list(LEARNING_RATES), default=published.optimizer)
    rates: dict[str, float] = {}
    for name, (low, high) in LEARNING_RATES.items():
        usual = USUAL_LEARNING_RATE[name]
        default = published.learning_rate if name == published.optimizer else usual
        with hp.conditional_scope("optimizer", [name]):
            rates[name] = hp.Float(
                f"{name}_learning_rate", low, high, sampling="log", default=default
            )
    batch_size = hp.Choice("batch_size", BATCH_SIZES, default=published.batch_size)
    return Recipe(optimizer, rates[optimizer], batch_size)


def make_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Make the Keras optimizer of a recipe."""
    classes = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    return classes[recipe.optimizer](learning_rate=recipe.learning_rate)
