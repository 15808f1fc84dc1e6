"""The command `python -m pipeline predict`, which classifies picture files with a trained model.

A picture is converted as in training (`pipeline/data/pictures.py`) to the model's input shape, with
the `dataset.fit` that models.json records; all other preprocessing is inside the model.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing
from pipeline.base.text import visible
from pipeline.config.fields import Fit
from pipeline.data import decoding, listing, pictures
from pipeline.evaluation.heat_maps import laid_over, layer_cam
from pipeline.running.terminal import command, complain, say, warn
from pipeline.training import looks, saving, trained
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
        unlike: What sets the picture apart from the training images; empty if nothing does.
        image: What the model was shown, uint8 [height, width, channels].
    """

    file: Path
    top: Sequence[tuple[str, float]] = ()
    error: str = ""
    unlike: Sequence[str] = ()
    image: NDArray[np.uint8] | None = None


def show(
    files: Sequence[Path],
    name: str,
    top: int,
    *,
    as_json: bool,
    invert: bool = False,
    precision: float | None = None,
    heat_maps: Path | None = None,
) -> bool:
    """Print the answers for files and folders; return whether all could be read.

    Args:
        files: Picture files and folders.
        name: "tuned" or "baseline".
        top: Number of classes to name for each file.
        as_json: Whether to print one JSON list instead of a line for each file.
        invert: Whether to take the negative of each picture.
        precision: Answer "unsure" where this precision is not kept; None for never.
        heat_maps: The folder for a heat map of each answer; None for none.

    Raises:
        ConvoyError: the validation images could not show that some answers keep `precision`.
    """
    model, index = load(name)
    least = sure_from(index, name, precision)
    if index.looks is None:
        warn(
            f"{paths.MODELS / name / trained.INDEX} does not say how the training images look, so "
            "there is no warning of pictures unlike them. `dvc repro` writes it anew."
        )
    answers = predict(model, index, files, top, invert=invert)
    if heat_maps is not None:
        answers = _drawn(answers, model, index.classes, heat_maps)
    return _print_json(answers, least) if as_json else _say_all(answers, least)


def _drawn(
    answers: Iterable[Answer], model: keras.Model, classes: Sequence[str], folder: Path
) -> Iterator[Answer]:
    """Draw the heat map of each answer before it is passed on."""
    drawn: set[Path] = set()
    for answer in answers:
        if answer.image is not None:
            path = _other_file(folder, answer.file, drawn)
            _draw_heat_map(model, answer.image, classes.index(answer.top[0][0]), path)
            drawn.add(path)
        yield answer


def _say_all(answers: Iterable[Answer], least: float | None) -> bool:
    """Print a line for each answer as it comes; return whether all files could be read."""
    readable = True
    for answer in answers:
        _say(answer, least)
        readable = readable and not answer.error
    return readable


def _print_json(answers: Iterable[Answer], least: float | None) -> bool:
    """Print one JSON list, entry by entry; return whether all files could be read."""
    readable, waiting = True, ""
    for answer in answers:
        # Whether a comma follows an entry is known only when the next one is there.
        command(f"{waiting}," if waiting else "[")
        content = json.dumps(_as_json(answer, least), indent=2, ensure_ascii=False)
        waiting = textwrap.indent(content, "  ")
        readable = readable and not answer.error
    command(f"{waiting}\n]" if waiting else "[]")
    return readable


def sure_from(index: TrainedModels, name: str, precision: float | None) -> float | None:
    """Return from which probability on an answer is sure; None if unsure is no answer.

    Raises:
        ConvoyError: there is no such threshold.
    """
    if precision is None:
        return None
    known = {each.precision: each.probability for each in index.thresholds or ()}
    if precision not in known:
        allowed = f"allowed: {', '.join(f'{each:g}' for each in known)}" if known else "none is"
        raise ConvoyError(
            f"--precision {precision:g}: not among those that the validation images of "
            f"{paths.MODELS / name} show to be kept; {allowed}. More validation images "
            "(split.validation_fraction) can show higher ones."
        )
    return known[precision]


def _say(answer: Answer, least: float | None) -> None:
    if answer.error:
        complain(answer.error)
        return
    file = visible(str(answer.file))
    guesses = ", ".join(f"{label} {share:.3f}" for label, share in answer.top)
    say(f"{file}: unsure ({guesses})" if _unsure(answer, least) else f"{file}: {guesses}")
    if answer.unlike:
        warn(f"{file} looks unlike the training images: {'; '.join(answer.unlike)}")


def _unsure(answer: Answer, least: float | None) -> bool:
    return least is not None and answer.top[0][1] < least


def load(name: str) -> tuple[keras.Model, TrainedModels]:
    """Load the released model of `models/<name>/`, and the index of that folder.

    Raises:
        FileError: the index is damaged, or the model is not the one that it names.
    """
    folder = paths.MODELS / name
    index = trained.read(folder)
    return saving.load_seed(folder, index, index.released), index


def predict(
    model: keras.Model,
    index: TrainedModels,
    files: Sequence[Path],
    top: int,
    *,
    invert: bool = False,
) -> Iterator[Answer]:
    """Classify files, and the pictures in folders, in the order given, a batch at a time.

    Args:
        model: Takes uint8 [n, height, width, channels] and returns probabilities [n, classes].
        index: What is known of the model: the names of its classes, how a picture is brought to
            its input shape, how the training images look.
        files: Picture files and folders.
        top: Number of classes to return for each file.
        invert: Whether to take the negative of each picture.
    """
    found = find(files)
    shape = model.input_shape[1:]
    for begin in range(0, len(found), INFERENCE_BATCH):
        batch = found[begin : begin + INFERENCE_BATCH]
        read = [_read(item, shape, index.fit or "squash", invert) for item in batch]
        images = [image for image in read if not isinstance(image, Answer)]
        chances = iter(model.predict(np.stack(images), verbose=0) if images else [])
        for item, image in zip(batch, read, strict=True):
            if isinstance(item, Answer):
                yield item
            elif isinstance(image, Answer):
                yield image
            else:
                best = _best(next(chances), index.classes, top)
                unlike = [*_small(item, image), *_unlike(image, index.looks or {}, invert)]
                yield Answer(item, best, unlike=unlike, image=image)


def find(files: Sequence[Path]) -> list[Path | Answer]:
    """List the files, and the pictures in folders at any depth; a folder without any is an error.

    What is passed over in folders is counted on standard error.
    """
    found: list[Path | Answer] = []
    passed_over: list[Path] = []
    for file in files:
        if not file.is_dir():
            found.append(file)
            continue
        inside, others = listing.below(file)
        found += inside or [Answer(file, error=f"{file}: no pictures in this folder")]
        passed_over += others
    if passed_over:
        warn(
            f"passed over, as hidden or no pictures: {len(passed_over)} files in folders, such as "
            f"{visible(str(passed_over[0]))}"
        )
    return found


def _small(file: Path, image: NDArray[np.uint8]) -> list[str]:
    """Say so if a picture is enlarged to more than twice its size, which shows no more of it."""
    height, width = decoding.shape(file)
    if 2 * min(height, width) >= min(image.shape[:2]):
        return []
    return [
        f"it has only {width} × {height} pixels, enlarged to {image.shape[1]} × {image.shape[0]}"
    ]


def _unlike(image: NDArray[np.uint8], bounds: looks.Looks, inverted: bool) -> list[str]:
    """Say what sets an image apart, and whether its negative would be nearer."""
    said = looks.differences(image, bounds)
    if said and looks.distance(255 - image, bounds) < looks.distance(image, bounds) / 2:
        said.append("try without --invert" if inverted else "try --invert")
    return said


def _read(
    item: Path | Answer, shape: tuple[int, int, int], fit: Fit, invert: bool
) -> NDArray[np.uint8] | Answer:
    if isinstance(item, Answer):
        return item
    height, width, channels = shape
    try:
        return pictures.read(item, (height, width), channels, fit, invert=invert)
    except decoding.PictureError as error:
        return Answer(item, error=visible(str(error)))


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


def _as_json(answer: Answer, least: float | None) -> dict[str, object]:
    file = visible(str(answer.file))
    if answer.error:
        return {"file": file, "error": answer.error}
    top = [{"class": label, "probability": round(share, 6)} for label, share in answer.top]
    unsure = {} if least is None else {"unsure": _unsure(answer, least)}
    return {"file": file, **top[0], "top": top, **unsure, "unlike": list(answer.unlike)}
