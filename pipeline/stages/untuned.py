"""Stage `untuned`: train the chosen architecture at its recipe, if that is asked for.

Beside the baseline, which has another architecture, and the tuned model, which has other
hyperparameters, it tells what came from the architecture and what from the search.
"""

import shutil

from pipeline.base import paths
from pipeline.base.files import write_csv, write_json
from pipeline.config.params import Params
from pipeline.evaluation.curves import COLUMNS
from pipeline.running import imports
from pipeline.running.terminal import say
from pipeline.training.specification import UNTUNED, read_untuned


def main(settings: Params) -> None:
    """Train like the other models, or write why nothing is trained."""
    model = read_untuned(paths.SELECT / f"{UNTUNED}.json")
    if model.train:
        # Here, because TensorFlow takes seconds that most runs can do without.
        with imports.slim():
            from pipeline.stages import train
        train.main(settings, UNTUNED)
        return
    folder = paths.MODELS / UNTUNED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    reason = f"it is {model.same_as}" if model.same_as else "select.untuned is off"
    write_json(folder / "not_trained.json", {"because": reason})
    write_csv(paths.LEARNING_CURVES / f"{UNTUNED}.csv", list(COLUMNS), [])
    say(f"the chosen architecture at its recipe is not trained: {reason}")
