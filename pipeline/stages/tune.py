"""Stage `tune@ARCH`: search the hyperparameters of one architecture."""

from pipeline.base import paths
from pipeline.base.files import read_json, write_csv, write_json
from pipeline.config.params import Params
from pipeline.config.shapes import LeftOut
from pipeline.running import imports
from pipeline.running.terminal import say
from pipeline.search.columns import TRIAL_COLUMNS
from pipeline.workers.start import start_pool


def main(settings: Params, architecture: str, *later: str) -> None:
    """Search one architecture, unless it does not suit the data.

    Args:
        settings: The parameters.
        architecture: Its name.
        later: Those that this run of DVC searches afterwards. Their trials keep workers busy that
            would idle, and wait in the store.
    """
    tune, searches = settings.tune, 1 + len(later)
    if read_json(paths.SETTINGS, LeftOut)["left_out"].get(architecture):
        _leave_out(architecture)
        return
    # TensorFlow is imported only now, and before the workers are forked, who then have it as well.
    with imports.slim(bayesian=tune.algorithm == "bayesian"):
        from pipeline.search import tuning
    most, epochs = tune.in_flight * searches, searches * tune.trials * tune.epochs
    with start_pool("tune", most, tune.threads, epochs) as pool:
        beside = later if pool.count > tune.in_flight else []
        if beside:
            say(f"beside it, so that no worker idles: {', '.join(beside)}")
        tuning.search(settings, architecture, beside, pool)


def _leave_out(architecture: str) -> None:
    """Write the results of a search that is not worth its time on these data."""
    write_csv(paths.TRIALS / f"{architecture}.csv", TRIAL_COLUMNS, [])
    write_json(paths.CANDIDATES / f"{architecture}.json", [])
    write_json(paths.TUNE / f"{architecture}.json", [{"trials": 0}])
    say(f"{architecture} is not searched; {paths.SETTINGS} says why")
