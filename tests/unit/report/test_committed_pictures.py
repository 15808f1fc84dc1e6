"""A revision's pictures may be anybody's: they are shown, or refused in one line."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from pipeline.base import paths
from pipeline.report import pictures
from pipeline.report.results import ResultsError
from pipeline.report.snapshots import Snapshot


def png(notes, size=(8, 8)):
    stream, info = io.BytesIO(), PngImagePlugin.PngInfo()
    for key, text in notes.items():
        info.add_text(key, text)
    Image.new("L", size).save(stream, format="PNG", pnginfo=info)
    return stream.getvalue()


def header_alone(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + chunk + struct.pack(">I", zlib.crc32(chunk))


SOUND = {"images": "3 5", "tile": "4 4"}


def tiles(content):
    return pictures.tiles([Snapshot("head", "", {paths.SHEET.as_posix(): content})], [3])


def test_a_sound_sheet_is_cut():
    assert list(tiles(png(SOUND))) == [3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version https://git-lfs.github.com/spec/v1",
        png(SOUND)[:-30],
        header_alone(60_000, 60_000),
        header_alone(14_000, 14_000),
        png({}),
        png(SOUND | {"images": "x"}),
        png(SOUND | {"tile": "100000 100000"}),
        png(SOUND | {"tile": "-4 4"}),
        png(SOUND | {"tile": "4"}),
    ],
)
def test_another_is_refused_in_one_line(content):
    with pytest.raises(ResultsError, match=r"mistakes_sheet\.png at head is not as `evaluate`"):
        tiles(content)
