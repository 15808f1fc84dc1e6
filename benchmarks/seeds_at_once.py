"""Seeds of one model trained at once by `jax.vmap`, against one after the other: seconds a step.

    KERAS_BACKEND=jax python -m benchmarks.seeds_at_once EXPERIMENT [--seeds 1 2 4 8] [--rounds 5]

The model is the one that the experiment trains, with its batch size, on images of noise. Each seed
has weights, optimizer and batches of its own. The two ways take turns, compiled before.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "folder": (32, 32, 3)}
CLASSES = 10


def main() -> None:
    """Print for each number of seeds how long a step of all of them takes in both ways."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seeds_at_once")
    parser.add_argument("experiment")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for count in given.seeds:
        alone, together = _steps(given.experiment, count)
        alone(), together()
        times = [(_seconds(alone), _seconds(together)) for _ in range(given.rounds)]
        one, all_ = ([1000 * seconds for seconds in each] for each in zip(*times, strict=True))
        print(
            f"{count} seeds: one after the other {_spread(one)} ms, at once {_spread(all_)} ms, "
            f"{_spread([a / b for a, b in times])} times as fast",
            flush=True,
        )


def _steps(experiment: str, count: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return a step of so many seeds one after the other, and at once."""
    import jax
    import keras
    import numpy as np

    from pipeline.commands import experiments
    from pipeline.training import backend, models
    from pipeline.training.recipe import make_optimizer

    settings = experiments.load(experiment)
    backend.start(1)
    conditions = backend.resolved(settings.fit)
    shape, architecture = SHAPES[settings.dataset.name], settings.architectures[0]
    fixed = settings.tune.fixed[architecture]
    model, recipe = models.build(architecture, fixed, shape, CLASSES, conditions.precision)
    optimizer = make_optimizer(recipe, conditions, 1000)
    optimizer.build(model.trainable_variables)

    def step(trained: Any, others: Any, state: Any, images: Any, labels: Any) -> Any:
        def loss(trained: Any) -> Any:
            outputs, now = model.stateless_call(trained, others, images, training=True)
            return keras.losses.sparse_categorical_crossentropy(labels, outputs).mean(), now

        gradients, others_now = jax.grad(loss, has_aux=True)(trained)
        trained_now, state_now = optimizer.stateless_apply(state, gradients, trained)
        return trained_now, others_now, state_now

    draw = np.random.default_rng(1)
    variables = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    own = [[variable.value for variable in each] for each in variables]
    images = draw.random((count, recipe.batch_size, *shape), np.float32)
    labels = draw.integers(0, CLASSES, (count, recipe.batch_size))
    stacked = jax.tree.map(lambda value: jax.numpy.stack([value] * count), own)
    one, all_ = jax.jit(step), jax.jit(jax.vmap(step))
    return (
        lambda: jax.block_until_ready([one(*own, images[n], labels[n]) for n in range(count)]),
        lambda: jax.block_until_ready(all_(*stacked, images, labels)),
    )


def _seconds(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    for _ in range(10):
        run()
    return (time.perf_counter() - begun) / 10


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


if __name__ == "__main__":
    main()
