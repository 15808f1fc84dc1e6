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

from pipeline.base import paths
from pipeline.config.fields import Fit
from pipeline.data import listing, pictures
from pipeline.data.decoding import PictureError
from pipeline.running.terminal import complain, remark, say
from pipeline.training import saving, trained
from pipeline.training.batches import INFERENCE_BATCH
from pipeline.training.trained import TrainedModels


@dataclass(frozen=True)
class Answer:
    """The model's answer for one file, or the error that prevented it.

    Attributes:
        file: The file.
        top: The most probable classes, each with its probability, most probable first.
        error: The problem with the file; empty if there is none.
    """

    file: Path
    top: Sequence[tuple[str, float]] = ()
    error: str = ""


def show(files: Sequence[Path], name: str, top: int, *, as_json: bool) -> bool:
    """Print the answers for files and folders; return whether all could be read."""
    model, index = load(name)
    found, passed_over = find(files)
    answers = []
    for answer in predict(model, index.classes, found, top, index.fit or "squash"):
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
    if passed_over:
        remark(
            f"passed over {len(passed_over)} files in folders that are no pictures or are hidden, "
            f"such as {pictures.printable(str(passed_over[0]))}"
        )
    return not any(answer.error for answer in answers)


def load(name: str) -> tuple[keras.Model, TrainedModels]:
    """Load the released model of `models/<name>/`, and the index of that folder."""
    folder = paths.MODELS / name
    index = trained.read(folder)
    return saving.load(trained.model_file(folder, index.released)), index


def predict(
    model: keras.Model, classes: Sequence[str], found: Sequence[Path | Answer], top: int, fit: Fit
) -> Iterator[Answer]:
    """Classify files in the order given, a batch at a time.

    Args:
        model: Takes uint8 [n, height, width, channels] and returns probabilities [n, classes].
        classes: Class names, in the order of the probabilities.
        found: Picture files, and answers that are known already (`find`).
        top: Number of classes to return for each file.
        fit: How a picture is brought to the model's input shape.
    """
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
                yield Answer(item, _best(next(chances), classes, top))


def find(files: Sequence[Path]) -> tuple[list[Path | Answer], list[Path]]:
    """Look into folders at any depth; return the pictures, and the files that are passed over.

    A file that is named itself is never passed over. A folder without pictures is an error, as an
    answer. As in training, dot files are no pictures, and content counts where the name does not
    end like a picture's.
    """
    found: list[Path | Answer] = []
    passed_over: list[Path] = []
    for file in files:
        if not file.is_dir():
            found.append(file)
            continue
        inside: list[Path | Answer] = []
        for entry in sorted(p for p in file.rglob("*") if not p.is_dir()):
            hidden = any(map(listing.is_hidden, entry.relative_to(file).parts))
            wanted = not hidden and listing.is_picture(entry)
            (inside if wanted else passed_over).append(entry)
        found += inside or [Answer(file, error=f"{file}: no pictures in this folder")]
    return found, passed_over


def _read(
    item: Path | Answer, size: tuple[int, int], channels: int, fit: Fit
) -> NDArray[np.uint8] | Answer:
    if isinstance(item, Answer):
        return item
    try:
        return pictures.read(item, size, channels, fit)
    except PictureError as error:
        return Answer(item, error=pictures.printable(str(error)))


def _best(
    chances: NDArray[np.float32], classes: Sequence[str], top: int
) -> list[tuple[str, float]]:
    order = np.argsort(-chances, kind="stable")[:top]
    return [(classes[label], float(chances[label])) for label in order]


def _as_json(answer: Answer) -> dict[str, object]:
    file = pictures.printable(str(answer.file))
    if answer.error:
        return {"file": file, "error": answer.error}
    top = [{"class": label, "probability": round(share, 6)} for label, share in answer.top]
    return {"file": file, **top[0], "top": top}
