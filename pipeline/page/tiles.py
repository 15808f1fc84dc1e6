"""Small images inside the page, as data URIs."""

import base64
import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.page.run import Run
from pipeline.report import pictures

# Larger images are made smaller; they are photographs, and JPEG takes a fifth of PNG's bytes.
LARGEST_SIDE = 80
LARGEST_PNG = 48
QUALITY = 75


def of_test(run: Run, wanted: Iterable[int]) -> dict[int, str]:
    """Return test images by number: from the data, or those on the sheet that is in git."""
    images, indices = run.images("test"), sorted(set(map(int, wanted)))
    if images is None:
        return pictures.tiles([run.results.snapshot], indices)
    return {index: uri(np.asarray(images[index])) for index in indices}


def of_committed(run: Run, path: str) -> str:
    """Return a committed PNG as a data URI, as JPEG where that is smaller; empty if not there.

    Raises:
        ResultsError: it is damaged, or no PNG.
    """
    snapshot, stream = run.results.snapshot, io.BytesIO()
    picture = pictures.decoded(snapshot, path)
    if picture is None:
        return ""
    content = snapshot.files[path]
    picture.convert("RGB").save(stream, format="JPEG", quality=QUALITY)
    form, smaller = min(
        ("png", content), ("jpeg", stream.getvalue()), key=lambda each: len(each[1])
    )
    return f"data:image/{form};base64,{base64.b64encode(smaller).decode()}"


def uri(image: NDArray[np.uint8], side: int = LARGEST_SIDE) -> str:
    """Encode an image [height, width, 1 or 3], at most `side` pixels a side, as a data URI."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    form = "png" if max(picture.size) <= LARGEST_PNG else "jpeg"
    picture.thumbnail((side, side))
    stream = io.BytesIO()
    options = {"optimize": True} if form == "png" else {"quality": QUALITY}
    picture.save(stream, format=form.upper(), **options)
    return f"data:image/{form};base64,{base64.b64encode(stream.getvalue()).decode()}"


def scaled(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Scale one map [height, width] to grey values [height, width, 1], its range to 0 to 255."""
    low, high = float(values.min()), float(values.max())
    unit = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return (255 * unit).round().astype(np.uint8)[..., None]
