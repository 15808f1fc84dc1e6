"""Images unlike the training images are told from those like them."""

import numpy as np
import pytest

from pipeline.training import looks
from pipeline.training.batches import SplitFolder


def strokes(random, count, ink=220, ground=10, channels=1):
    """Return images of a light square somewhere on a dark ground, with noise."""
    images = random.integers(ground, ground + 12, (count, 14, 14, channels))
    for image in images:
        row, column = random.integers(3, 6, 2)
        image[row : row + 5, column : column + 5] = ink + random.integers(0, 20)
    return images.astype(np.uint8)


@pytest.fixture
def split(tmp_path):
    images = strokes(np.random.default_rng(1), 400)
    return SplitFolder.write(tmp_path / "train", images, np.zeros(400, int), ["a"])


def test_other_images_of_the_same_kind_pass(split):
    other = strokes(np.random.default_rng(2), 200)
    bounds = looks.usual(split)
    assert sum(bool(looks.differences(image, bounds)) for image in other) <= 2
    written = SplitFolder.write(split.folder.parent / "test", other, np.zeros(200, int), ["a"])
    assert looks.share_unlike(written, bounds) <= 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: 255 - image, "its border is brighter"),
        (lambda image: (image * 0.2).astype(np.uint8), "it has less contrast"),
        (lambda image: np.full_like(image, 250), "it is brighter"),
        (lambda image: np.full_like(image, 0), "it is darker"),
    ],
)
def test_what_sets_an_image_apart_is_said(split, change, said):
    image = change(strokes(np.random.default_rng(3), 1)[0])
    assert said in " ".join(looks.differences(image, looks.usual(split)))


def test_a_negative_is_nearer_to_its_own_kind(split):
    image, bounds = strokes(np.random.default_rng(4), 1)[0], looks.usual(split)
    assert looks.distance(image, bounds) == 0
    assert looks.distance(255 - image, bounds) > 100


def test_bounds_of_another_version_or_kind_of_image_are_passed_over():
    image = strokes(np.random.default_rng(4), 1)[0]
    for name in ("sharpness", "colour"):
        assert looks.differences(image, {name: (250, 255)}) == []
        assert looks.distance(image, {name: (250, 255)}) == 0


def test_grey_images_among_coloured_ones(tmp_path):
    images = strokes(np.random.default_rng(5), 100, channels=3)
    images[..., 0] = images[..., 0] // 3
    split = SplitFolder.write(tmp_path / "train", images, np.zeros(100, int), ["a"])
    grey = np.repeat(images[0][..., 1:2], 3, axis=-1)
    assert "less colourful" in " ".join(looks.differences(grey, looks.usual(split)))


def test_brightness_is_what_pillow_makes_of_colours():
    from PIL import Image

    pixels = np.random.default_rng(6).integers(0, 256, (1, 9, 9, 3), dtype=np.uint8)
    grey = np.asarray(Image.fromarray(pixels[0]).convert("L"), float)
    found = looks.measure(pixels)
    assert found["brightness"][0] == pytest.approx(grey.mean(), abs=0.6)
    assert found["contrast"][0] == pytest.approx(grey.std(), abs=0.6)
