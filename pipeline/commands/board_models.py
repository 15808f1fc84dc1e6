"""What TensorBoard shows of trained models: their graph, their weights, and the test images."""

import json
import math
from pathlib import Path

import keras
import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray
from PIL import Image
from tensorboard.plugins.projector.metadata import PROJECTOR_FILENAME
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.board.runs import Runs
from pipeline.running.terminal import say
from pipeline.training import reports, saving, trained
from pipeline.training.batches import INFERENCE_BATCH, SplitFolder
from pipeline.training.work import Histogram

# As many points as a browser moves smoothly; of more test images some are taken, evenly.
MOST_IMAGES = 1_000
# Pixels a side of a thumbnail, at most.
THUMBNAIL = 48
# The layer of every architecture whose inputs are a model's last features.
LAST = "logits"


def describe(name: str, runs: Runs) -> dict[str, dict[str, Histogram]]:
    """Write the graph of a trained model; return for each seed how its weights are spread."""
    index, weights = trained.read(paths.MODELS / name), {}
    for result in index.seeds:
        model = saving.load_seed(paths.MODELS / name, index, result.seed)
        weights[str(result.seed)] = reports.histograms(model)
        if result.seed == index.released:
            runs.graph("model", json.loads(model.to_json()))
    return weights


def test_images(folder: Path) -> None:
    """Write test images for the projector: their features in the tuned model, and pictures.

    The features are what its last layer reads. Only this and stage `evaluate` open the test
    images, and nothing that decides anything reads what is written here.

    Args:
        folder: Where to.
    """
    models = paths.MODELS / "tuned"
    index = trained.read(models)
    model = saving.load_seed(models, index, index.released)
    test = SplitFolder(paths.TEST)
    saving.check_images(model, trained.model_file(models, index.released), test)
    chosen = np.unique(np.linspace(0, len(test) - 1, MOST_IMAGES).round().astype(np.int64))
    images = test.images(chosen)
    say(f"computing the features of {len(images):,} of {len(test):,} test images")
    features, probabilities = _features(model, images)

    folder.mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "features.tsv", features, fmt="%.5g", delimiter="\t")
    answers = probabilities.argmax(axis=1)
    _classes(test, chosen, answers, folder / "classes.tsv")
    size = _sprites(images, folder / "images.png")
    _configure(folder, size)


def _features(model: keras.Model, images: NDArray[np.uint8]) -> tuple[NDArray, NDArray]:
    """Compute features [n, f] and probabilities [n, classes] of images."""
    # A model that averages over mirror images has the plain one inside.
    inner = next((layer for layer in model.layers if isinstance(layer, keras.Model)), model)
    both = keras.Model(inner.input, [inner.get_layer(LAST).input, inner.output])
    parts = [
        [keras.ops.convert_to_numpy(part) for part in both(images[start : start + INFERENCE_BATCH])]
        for start in range(0, len(images), INFERENCE_BATCH)
    ]
    features, probabilities = (np.concatenate(column) for column in zip(*parts, strict=True))
    return features.astype(np.float32), probabilities


def _classes(test: SplitFolder, chosen: NDArray, answers: NDArray, file: Path) -> None:
    """Write the class of each image and the model's answer."""
    # By a number the projector neither labels nor colours, as long as it can choose.
    numbers = all(name.isdecimal() for name in test.classes)
    names = [f"class {name}" if numbers else " ".join(name.split()) for name in test.classes]
    lines = ["class\tpredicted\tright\tindex"]
    for number, actual, answer in zip(chosen, test.labels[chosen], answers, strict=True):
        right = "yes" if actual == answer else "no"
        lines.append("\t".join([names[actual], names[answer], right, str(number)]))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sprites(images: NDArray[np.uint8], file: Path) -> tuple[int, int]:
    """Write all images as one picture, row by row; return the size of one in pixels."""
    height, width = images.shape[1:3]
    shrunk = min(1.0, THUMBNAIL / max(height, width))
    size = max(round(width * shrunk), 1), max(round(height * shrunk), 1)
    across = math.ceil(math.sqrt(len(images)))
    page = Image.new("RGB", (across * size[0], across * size[1]))
    for number, image in enumerate(images):
        row, column = divmod(number, across)
        thumbnail = Image.fromarray(image.squeeze()).convert("RGB").resize(size)
        page.paste(thumbnail, (column * size[0], row * size[1]))
    page.save(file)
    return size


def _configure(folder: Path, size: tuple[int, int]) -> None:
    config = ProjectorConfig()
    points = config.embeddings.add()
    points.tensor_name = "test images, features of tuned"
    points.tensor_path = f"{folder.name}/features.tsv"
    points.metadata_path = f"{folder.name}/classes.tsv"
    points.sprite.image_path = f"{folder.name}/images.png"
    points.sprite.single_image_dim.extend(size)
    with replacing(folder.parent / PROJECTOR_FILENAME) as scratch:
        scratch.write_text(text_format.MessageToString(config), encoding="utf-8")
