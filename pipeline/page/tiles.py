"""Small images inside the page, as data URIs."""

import base64
import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.page.run import Run
from pipeline.report import pictures

# Larger images are made smaller; photographs are JPEG, which takes a fifth of the bytes.
LARGEST_SIDE = 96
LARGEST_PNG = 48
QUALITY = 80


def of_test(run: Run, wanted: Iterable[int]) -> dict[int, str]:
    """Return test images by number: from the data, or those on the sheet that is in git."""
    images, indices = run.images("test"), sorted(set(map(int, wanted)))
    if images is None:
        return pictures.tiles([run.results.snapshot], indices)
    return {index: uri(np.asarray(images[index])) for index in indices}


def uri(image: NDArray[np.uint8]) -> str:
    """Encode an image [height, width, 1 or 3] as a data URI."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    stream = io.BytesIO()
    form = "png" if max(picture.size) <= LARGEST_PNG else "jpeg"
    options = {"optimize": True} if form == "png" else {"quality": QUALITY}
    picture.save(stream, format=form.upper(), **options)
    return f"data:image/{form};base64,{base64.b64encode(stream.getvalue()).decode()}"


def scaled(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Scale one map [height, width] to grey values [height, width, 1], its range to 0 to 255."""
    low, high = float(values.min()), float(values.max())
    unit = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return (255 * unit).round().astype(np.uint8)[..., None]
