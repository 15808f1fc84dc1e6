"""Settings for tests, with what the test does not care about filled in."""

from pipeline.config.conditions import PLAIN, Conditions
from pipeline.config.params import Tune
from pipeline.search.records import TrialSpec


def tune(algorithm="random", trials=12, in_flight=4, seed=0, epochs=9):
    return Tune(
        algorithm=algorithm,
        trials=trials,
        epochs=epochs,
        in_flight=in_flight,
        seed=seed,
        threads=1,
        batch_sizes=None,
        median_stopping=True,
        trial_seconds=None,
        fixed={},
    )


def conditions(**changes) -> Conditions:
    """Return the conditions of a plain script with changes, those of `augment` among them."""
    augment = {name: changes.pop(name) for name in PLAIN.augment.model_fields_set & set(changes)}
    content = PLAIN.model_dump() | changes
    return Conditions(**{**content, "augment": content["augment"] | augment})


def trial(architecture, values, epochs, seed, **more) -> TrialSpec:
    """Return a trial under the conditions of a plain script."""
    return TrialSpec(architecture, values, epochs, seed, PLAIN, **more)
