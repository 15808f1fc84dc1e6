"""Picture files that Pillow cannot write."""

import struct
import zlib
from pathlib import Path

from PIL import ImageCms


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(path: Path, width: int, bits: int, colour: int, row: bytes, *more: bytes) -> None:
    """Write a PNG of one row, with more chunks before its pixels."""
    header = struct.pack(">IIBBBBB", width, 1, bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(b"\0" + row))]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b""))


def exchanged() -> bytes:
    """Return a profile of matrix and curves: sRGB's with red and green exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack(">I", profile[128:132])
    for number in range(count):
        at = 132 + 12 * number
        name = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(bytes(profile[at : at + 4]))
        if name:
            profile[at : at + 4] = name
    return bytes(profile)
