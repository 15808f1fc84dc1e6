"""The lines of a model card prepare a picture as training and `predict` do."""

import numpy as np
import pytest
from PIL import Image

from pipeline.data import pictures
from pipeline.export import usage


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(40, 90), (16, 12)])
def test_a_picture_becomes_the_same_array(tmp_path, monkeypatch, fit, channels, size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "picture.png")
    monkeypatch.chdir(tmp_path)
    said = {}
    head = "import numpy as np\nfrom PIL import Image, ImageOps\n"
    exec(head + usage.prepare((16, 12, channels), fit), said)
    expected = pictures.read(tmp_path / "picture.png", (16, 12), channels, fit)
    assert said["images"].dtype == np.uint8
    assert np.array_equal(said["images"], expected[np.newaxis])


def test_a_picture_that_a_camera_has_turned(tmp_path, monkeypatch):
    picture = Image.fromarray(np.arange(24 * 16, dtype=np.uint8).reshape(16, 24))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "picture.png", exif=exif)
    monkeypatch.chdir(tmp_path)
    said = {}
    head = "import numpy as np\nfrom PIL import Image, ImageOps\n"
    exec(head + usage.prepare((24, 16, 1), "squash"), said)
    expected = pictures.read(tmp_path / "picture.png", (24, 16), 1, "squash")
    assert np.array_equal(said["images"], expected[np.newaxis])
