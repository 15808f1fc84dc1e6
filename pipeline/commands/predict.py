"""The command `python -m pipeline predict`, which classifies picture files with a trained model.

A picture is converted as in training (`pipeline/data/pictures.py`) to the model's input shape, with
the `dataset.fit` that models.json records; all other preprocessing is inside the model.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing
from pipeline.config.fields import Fit
from pipeline.data import pictures
from pipeline.evaluation.heat_maps import laid_over, layer_cam
from pipeline.running.terminal import complain, say
from pipeline.training import saving, trained
from pipeline.training.batches import INFERENCE_BATCH
from pipeline.training.trained import TrainedModels

# Smaller images are enlarged to about this many pixels in the pictures of heat maps.
LEAST_SIDE = 224


@dataclass(frozen=True)
class Answer:
    """The model's answer for one file, or the error that prevented it.

    Attributes:
        file: The file.
        top: The most probable classes, each with its probability, most probable first.
        error: The problem with the file; empty if there is none.
        image: What the model was shown, uint8 [height, width, channels].
    """

    file: Path
    top: Sequence[tuple[str, float]] = ()
    error: str = ""
    image: NDArray[np.uint8] | None = None


def show(
    files: Sequence[Path], name: str, top: int, *, as_json: bool, heat_maps: Path | None = None
) -> bool:
    """Print the answers for files and folders; return whether all could be read.

    Args:
        files: Picture files and folders.
        name: "tuned" or "baseline".
        top: Number of classes to print for each file.
        as_json: Whether to print JSON.
        heat_maps: The folder for a heat map of each answer; None for none.
    """
    model, index = load(name)
    answers = []
    drawn: set[Path] = set()
    for answer in predict(model, index.classes, files, top, index.fit or "squash"):
        if heat_maps is not None and answer.image is not None:
            label = index.classes.index(answer.top[0][0])
            path = _other_file(heat_maps, answer.file, drawn)
            _draw_heat_map(model, answer.image, label, path)
            drawn.add(path)
        answers.append(answer)
        if as_json:
            continue
        if answer.error:
            complain(answer.error)
        else:
            guesses = ", ".join(f"{label} {share:.3f}" for label, share in answer.top)
            say(f"{pictures.printable(str(answer.file))}: {guesses}")
    if as_json:
        say(json.dumps([_as_json(answer) for answer in answers], indent=2, ensure_ascii=False))
    return not any(answer.error for answer in answers)


def load(name: str) -> tuple[keras.Model, TrainedModels]:
    """Load the released model of `models/<name>/`, and the index of that folder."""
    folder = paths.MODELS / name
    index = trained.read(folder)
    return saving.load(trained.model_file(folder, index.released)), index


def predict(
    model: keras.Model, classes: Sequence[str], files: Sequence[Path], top: int, fit: Fit
) -> Iterator[Answer]:
    """Classify files, and the pictures in folders, in the order given, a batch at a time.

    Args:
        model: Takes uint8 [n, height, width, channels] and returns probabilities [n, classes].
        classes: Class names, in the order of the probabilities.
        files: Picture files and folders.
        top: Number of classes to return for each file.
        fit: How a picture is brought to the model's input shape.
    """
    found = list(_find(files))
    _, height, width, channels = model.input_shape
    for begin in range(0, len(found), INFERENCE_BATCH):
        batch = found[begin : begin + INFERENCE_BATCH]
        read = [_read(item, (height, width), channels, fit) for item in batch]
        images = [image for image in read if not isinstance(image, Answer)]
        chances = iter(model.predict(np.stack(images), verbose=0) if images else [])
        for item, image in zip(batch, read, strict=True):
            if isinstance(item, Answer):
                yield item
            elif isinstance(image, Answer):
                yield image
            else:
                yield Answer(item, _best(next(chances), classes, top), image=image)


def _find(files: Sequence[Path]) -> Iterator[Path | Answer]:
    for file in files:
        if not file.is_dir():
            yield file
            continue
        inside = sorted(p for p in file.rglob("*") if _is_picture(p.relative_to(file)))
        yield from inside
        if not inside:
            yield Answer(file, error=f"{file}: no pictures in this folder")


def _is_picture(path: Path) -> bool:
    """Check by its name whether a file is a picture; as in training, dot files are not."""
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and path.suffix.lower() in pictures.SUFFIXES


def _read(
    item: Path | Answer, size: tuple[int, int], channels: int, fit: Fit
) -> NDArray[np.uint8] | Answer:
    if isinstance(item, Answer):
        return item
    try:
        return pictures.read(item, size, channels, fit)
    except pictures.PictureError as error:
        return Answer(item, error=pictures.printable(str(error)))


def _best(
    chances: NDArray[np.float32], classes: Sequence[str], top: int
) -> list[tuple[str, float]]:
    order = np.argsort(-chances, kind="stable")[:top]
    return [(classes[label], float(chances[label])) for label in order]


def _draw_heat_map(model: keras.Model, image: NDArray[np.uint8], label: int, path: Path) -> None:
    """Write what the model was shown, and beside it the heat map of its answer, as PNG.

    Raises:
        ConvoyError: the network has no feature maps, or Keras runs without TensorFlow.
    """
    found = layer_cam(model, image[None], [label])
    if found is None:
        raise ConvoyError(
            f"{model.name}: this network has no convolution, so it has no feature maps to draw "
            "heat maps of; leave out --heat-map."
        )
    grey = np.broadcast_to(image, (*image.shape[:2], 3))
    both = Image.fromarray(np.concatenate([grey, laid_over(image, found[0])], axis=1))
    factor = max(1, LEAST_SIDE // max(image.shape[:2]))
    size = (both.width * factor, both.height * factor)
    with replacing(path) as scratch:
        both.resize(size, Image.Resampling.NEAREST).save(scratch, format="PNG")


def _other_file(folder: Path, picture: Path, drawn: set[Path]) -> Path:
    """Return the file for a picture's heat map, another one than those drawn before."""
    path, number = folder / f"{picture.stem}.png", 1
    while path in drawn:
        number += 1
        path = folder / f"{picture.stem}-{number}.png"
    return path


def _as_json(answer: Answer) -> dict[str, object]:
    file = pictures.printable(str(answer.file))
    if answer.error:
        return {"file": file, "error": answer.error}
    top = [{"class": label, "probability": round(share, 6)} for label, share in answer.top]
    return {"file": file, **top[0], "top": top}
