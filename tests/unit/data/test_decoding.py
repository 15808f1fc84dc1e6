"""Pictures of every kind come out as a viewer shows them on white."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, TiffImagePlugin
from support.picture_files import chunk, exchanged, png

from pipeline.data import decoding
from pipeline.data.decoding import PictureError


def seen(path) -> list:
    """Read a picture as nested lists of grey or RGB values."""
    return np.asarray(decoding.decode(path, 256)).tolist()


@pytest.mark.parametrize(
    ("bits", "row", "level", "expected"),
    [
        (1, bytes([0b01000000]), 0, [255, 255]),
        (1, bytes([0b01000000]), 1, [0, 255]),
        (2, bytes([0b00011011]), 1, [0, 255, 170, 255]),
        (4, bytes([0x08, 0x2F]), 8, [0, 255, 34, 255]),
        (8, bytes([0, 8, 200]), 8, [0, 255, 200]),
        # The neighbour of the level, equal in its upper 8 bits, stays.
        (16, struct.pack(">4H", 0, 2570, 2571, 65535), 2570, [0, 255, 10, 255]),
    ],
)
def test_a_transparent_grey_level(tmp_path, bits, row, level, expected):
    path = tmp_path / "a.png"
    png(path, len(expected), bits, 0, row, chunk(b"tRNS", struct.pack(">H", level)))
    assert np.asarray(Image.fromarray(np.array(seen(path), np.uint8)).convert("L")).tolist() == [
        expected
    ]


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour(tmp_path, bits):
    form = {8: ">9B", 16: ">9H"}[bits]
    step = {8: 1, 16: 257}[bits]
    values = [v * step for v in (10, 20, 30, 10, 20, 30, 40, 50, 60)]
    values[3] += 1  # in 16 bits, a colour whose upper 8 bits are those of the transparent one
    key = chunk(b"tRNS", struct.pack(">3H", *values[:3]))
    png(tmp_path / "a.png", 3, bits, 2, struct.pack(form, *values), key)
    beside = [11 if bits == 8 else 10, 20, 30]
    assert seen(tmp_path / "a.png") == [[[255] * 3, beside, [40, 50, 60]]]


def test_a_palette_of_which_some_colours_are_half_transparent(tmp_path):
    palette = chunk(b"PLTE", bytes([0, 0, 0, 200, 0, 0, 0, 0, 255]))
    png(tmp_path / "a.png", 3, 2, 3, bytes([0b00011000]), palette, chunk(b"tRNS", b"\x80\x00"))
    assert seen(tmp_path / "a.png") == [[[127] * 3, [255] * 3, [0, 0, 255]]]


def test_16_bits_with_alpha(tmp_path):
    grey = struct.pack(">4H", 0, 65535, 12345, 0)
    png(tmp_path / "grey.png", 2, 16, 4, grey)
    assert seen(tmp_path / "grey.png") == [[[0] * 3, [255] * 3]]
    colours = struct.pack(">8H", 65535, 0, 0, 65535, 0, 65535, 0, 0)
    png(tmp_path / "rgb.png", 2, 16, 6, colours)
    assert seen(tmp_path / "rgb.png") == [[[255, 0, 0], [255] * 3]]


def test_a_gif_whose_first_frame_covers_a_part_of_it(tmp_path):
    red = Image.new("P", (2, 2), 0)
    red.putpalette([255, 0, 0, 0, 0, 255])
    red.save(tmp_path / "a.gif")
    content = bytearray((tmp_path / "a.gif").read_bytes())
    content[6:10] = struct.pack("<HH", 3, 2)  # the canvas is one pixel wider
    (tmp_path / "a.gif").write_bytes(content)
    assert seen(tmp_path / "a.gif") == [[[255, 0, 0], [255, 0, 0], [255] * 3]] * 2


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("suffix", ["png", "tiff", "webp", "jpg"])
def test_an_embedded_profile_is_followed(tmp_path, mode, suffix):
    if (suffix == "jpg" and mode != "RGB") or (suffix == "webp" and mode == "P"):
        pytest.skip("no such files")
    image = Image.new("RGB", (16, 16), (255, 0, 0)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.new("L", (16, 16), 255))
        image.putpixel((0, 0), (255, 0, 0, 0))
    options = {"lossless": True} if suffix == "webp" else {}
    image.save(tmp_path / f"a.{suffix}", icc_profile=exchanged(), **options)
    found = np.array(seen(tmp_path / f"a.{suffix}"))
    assert np.abs(found[8, 8] - [0, 255, 0]).max() <= 2
    if mode == "RGBA":
        assert found[0, 0].tolist() == [255] * 3


def test_a_profile_that_is_srgb_s_broken_or_of_another_colour_space_changes_nothing(tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"nothing", srgb[:200], srgb):
        noise.save(tmp_path / "a.png", icc_profile=profile)
        assert seen(tmp_path / "a.png") == np.asarray(noise).tolist()
    grey = noise.convert("L")
    grey.save(tmp_path / "grey.png", icc_profile=exchanged())
    assert seen(tmp_path / "grey.png") == np.asarray(grey).tolist()


def test_cmyk_without_a_profile(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    image = decoding.decode(tmp_path / "a.jpg", 8).convert("RGB")
    assert np.abs(np.array(image.getpixel((4, 4))) - [255, 0, 0]).max() <= 3


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 257, 32896, 65535], np.uint16, [0, 1, 128, 255]),
        ([0, 257, 32896, 65535], np.int32, [0, 1, 128, 255]),
        ([0, 0.5, 0.25, 1], np.float32, [0, 128, 64, 255]),
        ([0, 5, 128, 255], np.uint8, [0, 5, 128, 255]),
    ],
)
def test_tiff_of_every_depth(tmp_path, values, dtype, expected):
    Image.fromarray(np.array([values], dtype)).save(tmp_path / "a.tif")
    assert seen(tmp_path / "a.tif") == [expected]


@pytest.mark.parametrize(("values", "allowed"), [([0.0, 300.5], "0 to 1"), ([-5, 70000], "65535")])
def test_values_without_an_agreed_brightness_are_refused(tmp_path, values, allowed):
    dtype = np.float32 if allowed == "0 to 1" else np.int32
    Image.fromarray(np.array([values], dtype)).save(tmp_path / "a.tif")
    with pytest.raises(PictureError, match=rf"a\.tif: .*grey values from .*; allowed: .*{allowed}"):
        seen(tmp_path / "a.tif")


@pytest.mark.parametrize("deep", [False, True])
def test_tiff_in_which_0_is_white(tmp_path, deep):
    values = np.array([[0, 65535 if deep else 255]], np.uint16 if deep else np.uint8)
    ifd = TiffImagePlugin.ImageFileDirectory_v2()
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo=ifd)
    content = (tmp_path / "a.tif").read_bytes()
    tag = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    assert tag in content
    (tmp_path / "a.tif").write_bytes(content.replace(tag, struct.pack("<HHIHH", 262, 3, 1, 0, 0)))
    assert seen(tmp_path / "a.tif") == [[255, 0]]


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("jpg", {}),
        ("png", {}),
        ("webp", {"lossless": True}),
        ("tif", {}),
        ("tif", {"compression": "tiff_lzw"}),
    ],
)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_and_the_shape_that_the_header_tells(
    tmp_path, suffix, options, orientation
):
    upright = np.kron(np.arange(6).reshape(2, 3) * 40, np.ones((8, 8))).astype(np.uint8)
    image = Image.fromarray(upright)
    back = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    stored = image if orientation == 1 else image.transpose(decoding.TURNS[back])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=exif, **options)
    found = np.asarray(decoding.decode(tmp_path / f"a.{suffix}", 256).convert("L")).astype(int)
    assert np.abs(found - upright).max() <= 3
    assert decoding.shape(tmp_path / f"a.{suffix}") == upright.shape


def large(path, width: int, height: int, **options) -> None:
    Image.new("L", (width, height), 77).save(path, **options)


def test_a_large_jpeg_is_decoded_at_a_fraction(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(decoding, "MOST_PIXELS", 300_000)
    large(tmp_path / "photo.jpg", 2000, 1500)
    assert decoding.decode(tmp_path / "photo.jpg", 256).size == (500, 375)
    assert not recwarn


@pytest.mark.parametrize(("name", "options"), [("a.png", {}), ("a.jpg", {"progressive": True})])
def test_a_larger_picture_is_refused_by_its_name_and_the_limit(
    tmp_path, monkeypatch, name, options
):
    monkeypatch.setattr(decoding, "MOST_PIXELS", 2_000_000)
    large(tmp_path / name, 2000, 1500, **options)
    with pytest.raises(PictureError, match=rf"{name}: 2000×1500 pixels; at most 2 million are"):
        seen(tmp_path / name)


def test_pillow_s_own_limit_does_not_hold(tmp_path, recwarn):
    """100 million pixels, at which Pillow warns without naming the file."""
    large(tmp_path / "a.png", 20_000, 5_000, compress_level=1)
    assert decoding.shape(tmp_path / "a.png") == (5_000, 20_000)
    assert decoding.is_picture(tmp_path / "a.png")
    assert not recwarn


def test_other_files_are_refused(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.ico", format="ICO")
    with pytest.raises(PictureError, match="not a JPEG, PNG, GIF, BMP, WebP or TIFF picture"):
        seen(tmp_path / "a.ico")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PictureError, match=r"folder\.png: a folder"):
        seen(tmp_path / "folder.png")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_files_are_read_or_refused_in_one_way(tmp_path):
    """Every byte that is flipped leaves a picture, or an error that names the file."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    rng = np.random.default_rng(1)
    for suffix in ("jpg", "png", "gif", "bmp", "webp", "tif"):
        stream = io.BytesIO()
        kind = {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
        Image.fromarray(noise).save(stream, format=kind)
        for _ in range(30):
            content = bytearray(stream.getvalue())
            for at in rng.integers(0, min(len(content), 400), 3):
                content[at] = rng.integers(0, 256)
            path = tmp_path / f"a.{suffix}"
            path.write_bytes(content)
            for look in (seen, decoding.shape):
                try:
                    look(path)
                except PictureError as error:
                    assert str(path) in str(error)
