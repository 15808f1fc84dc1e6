"""Settings for tests, with what the test does not care about filled in."""

from pipeline.config.params import Tune


def tune(algorithm="random", trials=12, in_flight=4, seed=0, epochs=9):
    return Tune(
        algorithm=algorithm,
        trials=trials,
        epochs=epochs,
        in_flight=in_flight,
        seed=seed,
        threads=1,
        median_stopping=True,
        trial_seconds=None,
        fixed={},
    )
