"""Trained models as files; the same model always gives the same bytes."""

import io
import json
import re
import tempfile
import zipfile
import zlib
from pathlib import Path

import keras

from pipeline.base.files import FileError, remedy, replacing
from pipeline.base.parsing import shortened
from pipeline.training import trained
from pipeline.training.batches import SplitFolder
from pipeline.training.trained import TrainedModels

# Any fixed time would do; this is the earliest that a zip file can store.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
# What Keras, and the readers of zip and HDF5 below it, raise for a file that is no sound model.
READING = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def save(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file; `dump` says what is in it."""
    with replacing(path) as scratch:
        scratch.write_bytes(dump(model))


def dump(model: keras.Model) -> bytes:
    """Return a `.keras` file whose bytes depend on the model alone.

    Keras writes the time and the memory addresses of objects into the file. Both are replaced, and
    `keras.saving.load_model` reads the result as usual.
    """
    with tempfile.TemporaryDirectory() as folder:
        original = Path(folder) / "model.keras"
        model.save(original)
        with zipfile.ZipFile(original) as source:
            return _rewritten(source)


def load(path: Path) -> keras.Model:
    """Load a saved model for inference.

    Raises:
        FileError: Keras cannot read it.
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except READING as error:
        reason = shortened(error) or type(error).__name__
        raise FileError(f"{path}: Keras cannot read this model: {reason}. {remedy(path)}") from None


def load_seed(folder: Path, index: TrainedModels, seed: int) -> keras.Model:
    """Load one seed's model, which must be the one that the index names.

    Raises:
        FileError: it is another file, or has other inputs or outputs.
    """
    file = trained.check_file(folder, index, seed)
    model = load(file)
    if not isinstance(model, keras.Model) or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise FileError(f"{file}: no model from an image to classes. {remedy(file)}")
    if len(model.input_shape) != 4 or model.output_shape[1:] != (len(index.classes),):
        raise FileError(
            f"{file}: a model from {model.input_shape[1:]} to {model.output_shape[1:]}; expected: "
            f"from height, width and channels to {len(index.classes)} classes. {remedy(file)}"
        )
    return model


def check_images(model: keras.Model, file: Path, images: SplitFolder) -> None:
    """Check that a model, of this file, takes the images of a split.

    Raises:
        FileError: it takes images of another shape.
    """
    if model.input_shape[1:] != images.shape:
        raise FileError(
            f"{file}: a model of images {model.input_shape[1:]}; those in {images.folder} are "
            f"{images.shape}. {remedy(file)}"
        )


def _rewritten(source: zipfile.ZipFile) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "metadata.json":
                metadata = json.loads(content)
                metadata["date_saved"] = "1980-01-01@00:00:00"
                content = json.dumps(metadata).encode()
            elif name == "config.json":
                content = _number_objects(content)
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    return target.getvalue()


def _number_objects(config: bytes) -> bytes:
    """Replace the memory addresses that mark shared objects by 1, 2, 3, ..."""
    numbers: dict[bytes, int] = {}

    def number(match: re.Match[bytes]) -> bytes:
        return b'"shared_object_id": %d' % numbers.setdefault(match[1], len(numbers) + 1)

    return re.sub(rb'"shared_object_id": (\d+)', number, config)
