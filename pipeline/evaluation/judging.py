"""The classification of the test images by trained models, for `evaluate` and for `verify`."""

import time
from collections.abc import Callable
from statistics import median

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.files import FileError, remedy
from pipeline.evaluation import predictions, scoring
from pipeline.evaluation.comparison import Judged
from pipeline.evaluation.predictions import NAMES
from pipeline.evaluation.scoring import Predictions
from pipeline.running import speeds
from pipeline.running.terminal import progress
from pipeline.training import saving, trained
from pipeline.training.batches import INFERENCE_BATCH, Batches, SplitFolder
from pipeline.training.specification import UNTUNED
from pipeline.training.trained import TrainedModels

BySeed = dict[int, Predictions]
# Receives the seed, its model, and the probabilities of the test images, [n, classes].
Receiver = Callable[[int, keras.Model, NDArray[np.float32]], None]
# The first calls compile.
WARM_UP, CALLS = 3, 21


def trained_models() -> dict[str, TrainedModels]:
    """Read the index of every trained model; the untuned one is there only if it was trained."""
    folders = {name: paths.MODELS / name for name in (*NAMES, UNTUNED)}
    if not (folders[UNTUNED] / trained.INDEX).exists():
        del folders[UNTUNED]
    return {name: trained.read(folder) for name, folder in folders.items()}


def judge(
    name: str, index: TrainedModels, test: SplitFolder, receive: Receiver | None = None
) -> BySeed:
    """Classify the test images with the model of every seed, a batch at a time.

    Args:
        name: "tuned", "baseline" or "untuned".
        index: The models.
        test: The test images.
        receive: Takes what is not kept: all probabilities.

    Raises:
        FileError: the models or the test images are damaged, or do not belong together.
    """
    folder = paths.MODELS / name
    if list(index.classes) != test.classes:
        raise FileError(
            f"{folder / trained.INDEX}: its classes are not those of {test.folder}. "
            f"{remedy(folder)}"
        )
    groups = grouped(test)
    judged = {}
    with progress("models") as bar:
        task = bar.add_task(f"evaluate {name}", total=len(index.seeds), note="")
        for result in index.seeds:
            file = trained.model_file(folder, result.seed)
            model = saving.load_seed(folder, index, result.seed)
            saving.check_images(model, file, test)
            probabilities = model.predict(Batches(test, INFERENCE_BATCH), verbose=0)
            judged[result.seed] = scoring.predictions(test.labels, probabilities, groups)
            if receive:
                receive(result.seed, model, probabilities)
            if result.seed == index.released:
                speeds.note(file, _milliseconds(model, test.images(slice(0, 1))))
            bar.update(task, advance=1)
    return judged


def grouped(test: SplitFolder) -> NDArray[np.int64] | None:
    """Return the number of each test image's group, [n]; None if there are no groups."""
    if test.groups is None:
        return None
    return predictions.numbered(test.groups)


def _milliseconds(model: keras.Model, image: NDArray[np.uint8]) -> float:
    """Measure the time that a model takes for one image [1, h, w, c]: the median of some calls."""
    for _ in range(WARM_UP):
        model.predict_on_batch(image)
    times = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        model.predict_on_batch(image)
        times.append(time.perf_counter() - begun)
    return 1000 * median(times)


def compared(released: Predictions, by_seed: BySeed) -> Judged:
    """Reduce the predictions of one configuration's models to the parts that a verdict needs."""
    seeds = np.stack([judged.predicted for judged in by_seed.values()])
    losses = np.stack([scoring.losses(judged) for judged in by_seed.values()])
    return Judged(
        released.actual,
        released.predicted,
        scoring.losses(released),
        seeds,
        losses,
        released.groups,
    )


def table(
    released: dict[str, Predictions], by_seed: dict[str, BySeed], test: SplitFolder
) -> dict[str, list]:
    """Build the table of predictions of all configurations."""
    return predictions.columns(
        {name: compared(released[name], by_seed[name]) for name in released},
        {name: released[name].probability for name in released},
        {name: list(by_seed[name]) for name in released},
        test.picture_files,
        test.groups,
    )
