"""The command `python -m pipeline export`, which writes a trained model for other programs."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv
from pipeline.commands.predict import load
from pipeline.export import card, facts, formats, usage, web
from pipeline.export.formats import FORMATS
from pipeline.export.parity import Parity, at_most, compare, probabilities
from pipeline.export.portable import portable
from pipeline.running.terminal import say
from pipeline.training import saving, trained
from pipeline.training.batches import SplitFolder

# How the card says what becomes of a picture that has not the proportions of the images.
FITTINGS = {
    "squash": "resize it, whatever its proportions",
    "crop": "cut off both ends of its longer side and resize it",
    "pad": "resize it with black bars at two sides",
}
# The page to try a model holds it in this format.
INSIDE = {"web": "onnx"}
# Other hardware turns a few images; more than this share means another model.
LEAST_AGREEMENT = 0.99


def export(name: str, form: str, out: Path, licence: str) -> None:
    """Write a model in one format, checked on the test images, and its card.

    Args:
        name: "tuned" or "baseline".
        form: A key of `FORMATS`, or "web" for a page to try the model.
        out: The folder `out/<name>/<form>/` is made, or made anew.
        licence: As `card.write` takes it.

    Raises:
        ConvoyError: something is missing, or the exported model gives other answers.
    """
    inside = INSIDE.get(form, form)
    formats.check_installed(inside)
    if not paths.TEST.exists():
        raise ConvoyError(
            f"{paths.TEST}: no test images to check the export with. Run `dvc pull`, or "
            "`dvc repro`."
        )
    model, index = load(name)
    described = facts.gather(name, index)
    test = SplitFolder(paths.TEST)
    saving.check_images(model, trained.model_file(paths.MODELS / name, index.released), test)
    released = probabilities(model, test)
    _check_results(name, released)
    exact = portable(model)
    target = out / name / form
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{form}.") as scratch:
        file = Path(scratch, FORMATS[inside].file)
        with formats.quiet():
            FORMATS[inside].write(exact, index.classes, file)
            run = FORMATS[inside].open(file)
            parity = compare(run, released, probabilities(exact, test), test)
        shape, fit = test.shape, index.fit or "squash"
        if form == "web":
            page = Path(scratch, "index.html")
            web.write(file, page, index, shape, described)
            file.unlink()
            file = page
        of_export = {
            "format": form,
            "file": file.name,
            "parity": parity,
            "apart_in_float32": at_most(parity.apart_in_float32),
            "usage": usage.lines(inside, shape, fit),
            "packages": usage.PACKAGES[inside],
            "fitting": f"{FITTINGS[fit]} to {shape[1]} × {shape[0]} pixels (bicubic)",
        }
        card.write(Path(scratch), {**described, **of_export}, licence)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for item in Path(scratch).iterdir():
            shutil.move(item, target)
    _say(target, file.name, parity)


def _check_results(name: str, released: np.ndarray) -> None:
    """Check that the committed predictions are this model's, since the card shows their scores.

    Raises:
        ConvoyError: they are another model's.
    """
    committed = [int(row[f"{name}_predicted"]) for row in read_csv(paths.PREDICTIONS)]
    found = released.argmax(axis=1)
    if len(committed) != len(found) or (found == committed).mean() < LEAST_AGREEMENT:
        raise ConvoyError(
            f"{paths.PREDICTIONS} holds the predictions of another model than "
            f"{paths.MODELS / name}, so the card would show wrong scores. Run `dvc repro`, or "
            "`dvc checkout`."
        )


def _say(target: Path, file: str, parity: Parity) -> None:
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    say(f"{target / file}: {size / 1e6:.1f} MB with its card")
    say(f"Against `predict`: {parity.sentence}.")
    say(f"{target / card.FILE} says how to use it without this project, and how good it is.")
