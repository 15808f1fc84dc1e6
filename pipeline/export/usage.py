"""How an exported model is used elsewhere: a few lines that need nothing of this project."""

from pipeline.config.fields import Fit
from pipeline.data.pictures import MODES

_FITTED = {
    "squash": "picture.resize(({width}, {height}), Image.Resampling.BICUBIC)",
    "crop": "ImageOps.fit(picture, ({width}, {height}), Image.Resampling.BICUBIC)",
    "pad": "ImageOps.pad(picture, ({width}, {height}), Image.Resampling.BICUBIC, color=0)",
}

_LINES = {
    "keras": """\
import keras
model = keras.saving.load_model("model.keras")
classes = json.loads(zipfile.ZipFile("model.keras").read("classes.json"))
probabilities = model.predict(images, verbose=0)[0]""",
    "onnx": """\
import onnxruntime
model = onnxruntime.InferenceSession("model.onnx")
classes = json.loads(model.get_modelmeta().custom_metadata_map["classes"])
probabilities = model.run(None, {"images": images})[0][0]""",
    "saved_model": """\
import tensorflow as tf
model = tf.saved_model.load("saved_model")
classes = [name.decode() for name in model.classes().numpy()]
probabilities = model.serve(images).numpy()[0]""",
    "litert": """\
from ai_edge_litert.interpreter import Interpreter
model = Interpreter("model.tflite").get_signature_runner()
classes = json.loads(zipfile.ZipFile("model.tflite").read("classes.json"))
probabilities = list(model(images=images).values())[0][0]""",
}

# What to install for the lines above, beside Pillow and NumPy.
PACKAGES = {
    "keras": "keras tensorflow",
    "onnx": "onnxruntime",
    "saved_model": "tensorflow",
    "litert": "ai-edge-litert",
}


def prepare(shape: tuple[int, int, int], fit: Fit) -> str:
    """Return the lines that bring a picture file to `images`, uint8 [1, height, width, channels].

    They do what `pipeline/data/pictures.py` does to an opaque picture of 8 bits.
    """
    height, width, channels = shape
    fitted = _FITTED[fit].format(width=width, height=height)
    mode = MODES[channels]
    return (
        f'picture = ImageOps.exif_transpose(Image.open("picture.png")).convert("{mode}")\n'
        f"images = np.asarray({fitted}).reshape(1, {height}, {width}, {channels})"
    )


def lines(name: str, shape: tuple[int, int, int], fit: Fit) -> str:
    """Return a program that classifies `picture.png` with the exported model beside it."""
    return "\n".join(
        [
            "import json, zipfile",
            "import numpy as np",
            "from PIL import Image, ImageOps",
            "",
            prepare(shape, fit),
            "",
            _LINES[name],
            "print(classes[probabilities.argmax()], probabilities.max())",
        ]
    )
