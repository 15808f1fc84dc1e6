"""The formats of an exported model: how each is written, and run for the check.

In every format the model takes uint8 images [n, height, width, channels] and returns float32
probabilities [n, classes]; preprocessing and class names are inside. `.keras` and `.tflite` files
hold the names as `classes.json` in a zip archive, which both may be read as; an ONNX file holds
them in its metadata, and a SavedModel returns them from its signature `classes`.
"""

import importlib
import importlib.util
import json
import logging
import os
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConvoyError
from pipeline.training import saving

CLASSES = "classes.json"
# How the packages of the dependency group `export` are installed, at the versions tried.
INSTALL = "python -m pip install --require-hashes -r requirements-export.lock"

# Takes uint8 images [n, height, width, channels], returns probabilities [n, classes].
Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        file: Name of the file, or of the folder, that is written.
        write: Write a model with its class names to a path.
        open: Return what runs the model at a path.
        packages: What must be installed beyond the pipeline's own packages.
    """

    file: str
    write: Callable[[keras.Model, Sequence[str], Path], None]
    open: Callable[[Path], Run]
    packages: Sequence[str] = ()


def check_installed(name: str) -> None:
    """Check that all that a format needs is there.

    Raises:
        ConvoyError: a package is missing, or the backend cannot write this format.
    """
    missing = [each for each in FORMATS[name].packages if importlib.util.find_spec(each) is None]
    if missing:
        raise ConvoyError(
            f"--format {name} needs packages that `make setup` leaves out ({', '.join(missing)}). "
            f"Run: {INSTALL}"
        )
    if name != "keras" and keras.backend.backend() != "tensorflow":
        raise ConvoyError(
            f"--format {name} is written with TensorFlow, and KERAS_BACKEND is "
            f"{keras.backend.backend()}. Unset it, or use --format keras."
        )


def _write_keras(model: keras.Model, classes: Sequence[str], path: Path) -> None:
    saving.save(model, path)
    _append(path, classes)


def _open_keras(path: Path) -> Run:
    model = saving.load(path)
    return lambda images: model.predict(images, verbose=0)


def _write_saved_model(model: keras.Model, classes: Sequence[str], path: Path) -> None:
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    images = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8, name="images")
    archive.add_endpoint(
        "serve", lambda images: model(images, training=False), input_signature=[images]
    )
    archive.add_endpoint("classes", lambda: tf.constant(list(classes)), input_signature=[])
    archive.write_out(str(path), verbose=False)


def _open_saved_model(path: Path) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return lambda images: loaded.serve(images).numpy()


def _write_litert(model: keras.Model, classes: Sequence[str], path: Path) -> None:
    import tensorflow as tf

    # Without TensorFlow's own operations, which the small runtimes on phones and boards lack.
    builtin = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    model.export(str(path), format="litert", verbose=False, target_spec=builtin)
    _append(path, classes)


def _open_litert(path: Path) -> Run:
    import tensorflow as tf

    run = tf.lite.Interpreter(str(path)).get_signature_runner()
    return lambda images: next(iter(run(images=images).values()))


def _write_onnx(model: keras.Model, classes: Sequence[str], path: Path) -> None:
    onnx = importlib.import_module("onnx")
    images = keras.layers.InputSpec(shape=model.input_shape, dtype="uint8")
    images.name = "images"
    model.export(str(path), format="onnx", verbose=False, input_signature=[images])
    written = onnx.load(path)
    entry = written.metadata_props.add()
    entry.key, entry.value = "classes", json.dumps(list(classes), ensure_ascii=False)
    onnx.checker.check_model(written)
    onnx.save(written, path)


def _open_onnx(path: Path) -> Run:
    session = importlib.import_module("onnxruntime").InferenceSession(str(path))
    return lambda images: session.run(None, {session.get_inputs()[0].name: images})[0]


def _append(path: Path, classes: Sequence[str]) -> None:
    """Add the class names to a file, as an archive at its end that its other readers ignore."""
    with zipfile.ZipFile(path, "a") as archive:
        name = zipfile.ZipInfo(CLASSES, saving.ZIP_EPOCH)
        archive.writestr(name, json.dumps(list(classes), ensure_ascii=False))


FORMATS: Mapping[str, Format] = {
    "keras": Format("model.keras", _write_keras, _open_keras),
    "onnx": Format("model.onnx", _write_onnx, _open_onnx, ("onnx", "onnxruntime", "tf2onnx")),
    "saved_model": Format("saved_model", _write_saved_model, _open_saved_model),
    "litert": Format("model.tflite", _write_litert, _open_litert),
}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what the converters say to themselves, unless the block raises an error.

    TensorFlow writes to the file descriptor directly, not to `sys.stderr`.
    """
    sys.stderr.flush()
    usual, level = os.dup(2), logging.root.level
    with tempfile.TemporaryFile() as said, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.root.setLevel(logging.ERROR)
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(usual, said.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(usual, 2)
            os.close(usual)
            logging.root.setLevel(level)
