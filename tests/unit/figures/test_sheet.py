import numpy as np
import pytest
from PIL import Image

from pipeline.figures import sheet


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_drawn_can_be_cut_out(tmp_path, channels):
    images = np.random.default_rng(0).integers(256, size=(25, 12, 10, channels), dtype=np.uint8)
    numbers = np.arange(25) * 7
    sheet.draw(numbers, images, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as opened:
        opened.load()
        tiles = sheet.cut(opened, [0, 21 * 7, 5])
    assert list(tiles) == [0, 147]
    assert np.array_equal(np.asarray(tiles[147]).reshape(12, 10, channels), images[21])


def test_large_images_are_scaled_down_and_none_at_all_is_no_error(tmp_path):
    sheet.draw(np.array([3]), np.zeros((1, 200, 100, 3), np.uint8), tmp_path / "large.png")
    with Image.open(tmp_path / "large.png") as opened:
        opened.load()
        assert sheet.cut(opened, [3])[3].size == (24, 48)
    sheet.draw(np.zeros(0, np.int64), np.zeros((0, 28, 28, 1), np.uint8), tmp_path / "none.png")
    with Image.open(tmp_path / "none.png") as opened:
        opened.load()
        assert sheet.cut(opened, [3]) == {}


def test_two_revisions_leave_out_the_same_images():
    n = 5000
    first = sheet.choose(np.arange(0, 1500), n)
    second = sheet.choose(np.arange(100, 1600), n)
    assert len(first) == len(second) == sheet.MOST
    shared = set(range(100, 1500))
    assert len(shared & set(first) & set(second)) > 0.9 * len(shared & set(first))


def test_noise_of_the_largest_size_stays_well_under_a_megabyte(tmp_path):
    images = np.random.default_rng(0).integers(256, size=(sheet.MOST, 28, 28, 1), dtype=np.uint8)
    sheet.draw(np.arange(sheet.MOST), images, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size < 400_000
