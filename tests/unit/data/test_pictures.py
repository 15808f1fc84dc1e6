import struct

import numpy as np
import pytest
from imagehash import phash
from PIL import Image

from pipeline.data import decoding, hashing, pictures
from pipeline.data.decoding import PictureError


def read(path, size, channels, fit="squash"):
    return pictures.read(path, size, channels, fit)


def convert(image, size, channels, fit="squash"):
    return pictures.convert(image, size, channels, fit)


def grey(*rows: list[int], dtype=np.uint8) -> Image.Image:
    return Image.fromarray(np.array(rows, dtype))


def test_16_bits_are_scaled_not_cut_off(tmp_path):
    grey([0, 257, 32896, 65535], dtype=np.uint16).save(tmp_path / "deep.png")
    image = read(tmp_path / "deep.png", (1, 4), 1)
    assert image[0, :, 0].tolist() == [0, 1, 128, 255]


def test_what_is_transparent_lies_on_white(tmp_path):
    pixels = np.array([[[255, 0, 0, 255], [9, 9, 9, 0], [0, 0, 0, 128]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "clear.png")
    image = read(tmp_path / "clear.png", (1, 3), 3)
    assert image[0].tolist() == [[255, 0, 0], [255, 255, 255], [127, 127, 127]]


def test_a_palette_with_a_transparent_colour(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])
    image.save(tmp_path / "p.gif", transparency=1)
    assert read(tmp_path / "p.gif", (1, 2), 3)[0].tolist() == [[10, 20, 30], [255] * 3]


def test_grey_becomes_rgb_and_rgb_grey():
    assert convert(grey([7, 8]), (1, 2), 3)[0].tolist() == [[7] * 3, [8] * 3]
    red = Image.new("RGB", (1, 1), (255, 0, 0))
    assert convert(red, (1, 1), 1).tolist() == [[[76]]]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16", "I"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_comes_out_as_asked(mode, channels):
    image = convert(Image.new(mode, (5, 9)), (4, 6), channels)
    assert (image.shape, image.dtype) == ((4, 6, channels), np.uint8)


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp"])
def test_formats(tmp_path, suffix):
    Image.new("RGB", (20, 10), (200, 100, 50)).save(tmp_path / f"a.{suffix}")
    image = read(tmp_path / f"a.{suffix}", (10, 20), 3)
    assert np.abs(image.astype(int) - [200, 100, 50]).max() <= 3


@pytest.mark.parametrize(
    ("fit", "rows"),
    [
        ("squash", [[50, 50, 200, 200]] * 4),
        ("crop", [[50, 50, 200, 200]] * 4),
        ("pad", [[0] * 4, [50, 50, 200, 200], [50, 50, 200, 200], [0] * 4]),
    ],
)
def test_a_wide_picture_is_squashed_cropped_or_padded(fit, rows):
    wide = np.repeat(np.array([[50] * 40 + [200] * 40], np.uint8), 40, axis=0)
    found = convert(Image.fromarray(wide), (4, 4), 1, fit)[..., 0]
    assert np.abs(found.astype(int) - rows).max() < 20


def test_proportions_are_kept_but_where_a_picture_is_squashed():
    """A disc in a wide picture stays as wide as it is high."""
    y, x = np.mgrid[:60, :120]
    disc = Image.fromarray((((y - 30) ** 2 + (x - 60) ** 2 < 400) * 255).astype(np.uint8))

    def proportion(fit):
        dark = convert(disc, (60, 60), 1, fit)[..., 0] > 127
        return dark.any(axis=0).sum() / dark.any(axis=1).sum()

    assert [round(proportion(fit), 1) for fit in ("pad", "crop", "squash")] == [1, 1, 0.5]


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_what_identifies_a_picture_does_not_depend_on_how_it_is_resized(tmp_path, suffix):
    coarse = np.random.default_rng(0).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC)
    path = tmp_path / f"photo.{suffix}"
    photo.save(path)
    ways = [((32, 32), 3, "squash"), ((500, 500), 1, "pad"), ((64, 48), 3, "crop")]
    found = [pictures.read_identified(path, *way) for way in ways]
    for way, one in zip(ways, found, strict=True):
        assert one.digest.tolist() == found[0].digest.tolist()
        assert (one.thumbnail == found[0].thumbnail).all()
        assert (one.pixels == pictures.read(path, *way)).all()


def test_a_digest_is_that_of_the_picture_and_not_of_the_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (9, 7), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    Image.fromarray(noise).convert("RGB").save(tmp_path / "b.bmp")
    Image.fromarray(noise.T.copy()).save(tmp_path / "c.png")
    a, b, c = (
        pictures.read_identified(tmp_path / name, (8, 8), 3, "pad").digest.tolist()
        for name in ("a.png", "b.bmp", "c.png")
    )
    assert a == b != c


def test_a_shape_is_that_of_the_upright_picture(tmp_path):
    image = grey([10, 200, 3])
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    image.save(tmp_path / "plain.png")
    assert decoding.shape(tmp_path / "turned.jpg") == (3, 1)
    assert decoding.shape(tmp_path / "plain.png") == (1, 3)


@pytest.mark.parametrize("side", [16, 100, 300])
def test_a_photo_that_is_decoded_at_a_fraction_looks_the_same(tmp_path, side):
    coarse = np.random.default_rng(0).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((800, 600), Image.Resampling.BICUBIC)
    photo.save(tmp_path / "photo.jpg", quality=95)
    with Image.open(tmp_path / "photo.jpg") as whole:
        expected = convert(whole, (side, side), 3).astype(int)
    found = read(tmp_path / "photo.jpg", (side, side), 3)
    assert np.abs(found - expected).max() <= 4


def test_the_camera_s_turn_is_followed(tmp_path):
    image = grey([10, 200])
    exif = image.getexif()
    exif[0x0112] = 6  # turn by 90 degrees to the right
    image.save(tmp_path / "turned.png", exif=exif)
    assert read(tmp_path / "turned.png", (2, 1), 1)[..., 0].tolist() == [[10], [200]]


def jpeg_with(path, exif: bytes) -> None:
    """Write a JPEG of two pixels, dark above light, with these EXIF data."""
    grey([10], [200]).resize((8, 16), Image.Resampling.NEAREST).save(path, exif=exif)


def test_what_else_a_camera_wrote_into_exif_does_not_hinder_the_turn(tmp_path):
    turn = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    odd = struct.pack("<HHI4s", 0x011A, 2, 4, b"abc")  # a resolution that is text
    jpeg_with(tmp_path / "a.jpg", b"Exif\0\0II*\0\x08\0\0\0\x02\0" + turn + odd + bytes(4))
    left, right = read(tmp_path / "a.jpg", (1, 2), 1)[0, :, 0].tolist()
    assert left > 150 > 50 > right


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_exif_data_that_cannot_be_read_are_an_error_that_names_the_file(tmp_path, suffix):
    path = tmp_path / f"odd.{suffix}"
    grey([10], [200]).save(path, exif=b"Exif\0\0MM\0\xff\0\0\0\x08")
    with pytest.raises(PictureError, match=rf"odd\.{suffix}: cannot be read: its EXIF data"):
        read(path, (8, 8), 3)


@pytest.mark.parametrize("keep", [0, 8, 30, 300])
@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp"])
def test_a_cut_file_is_an_error_that_names_it(tmp_path, suffix, keep):
    noise = np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(PictureError, match=f"cut.{suffix}"):
        read(path, (30, 30), 3)


def test_hashes_of_32_by_32_are_those_of_imagehash():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (50, 6, 6, 3), dtype=np.uint8)
    smooth = [Image.fromarray(image).resize((32, 32)) for image in small]
    ours = hashing.perceptual_hashes(np.stack([np.asarray(image) for image in smooth]))
    theirs = [int(str(phash(image)), 16) for image in smooth]
    assert ours.tolist() == theirs


def test_hashes_of_other_sizes_are_close_to_those_of_imagehash():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (50, 6, 6), dtype=np.uint8)
    smooth = [Image.fromarray(image).resize((28, 28)) for image in small]
    ours = hashing.perceptual_hashes(np.stack([np.asarray(i) for i in smooth])[..., np.newaxis])
    theirs = np.array([int(str(phash(image)), 16) for image in smooth], np.uint64)
    assert np.bitwise_count(ours ^ theirs).mean() < 4


def test_one_colour_hashes_alike_whatever_the_colour():
    flat = np.stack([np.full((28, 28, 3), shade, np.uint8) for shade in (1, 77, 255)])
    assert len(set(hashing.perceptual_hashes(flat).tolist())) == 1
