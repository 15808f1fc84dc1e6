"""The small pictures of test images, cut from the sheets that `evaluate` writes."""

import base64
import io
import struct
from collections.abc import Iterable

from PIL import Image

from pipeline.base import paths
from pipeline.base.parsing import shortened
from pipeline.figures import sheet
from pipeline.report.results import ResultsError
from pipeline.report.snapshots import Snapshot

SIDE = 56
# As many as Pillow opens without being told otherwise.
MOST_PIXELS = 178_956_970
# What Pillow raises for a file that is no sound picture.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)


def tiles(snapshots: Iterable[Snapshot], wanted: list[int]) -> dict[int, str]:
    """Return the wanted images that a sheet has, as PNG data URIs.

    A fixed image is on the older sheet, a broken one on the newer sheet.

    Raises:
        ResultsError: a sheet is not as `evaluate` wrote it, but repacked or a Git LFS pointer.
    """
    found: dict[int, str] = {}
    for snapshot in snapshots:
        opened = decoded(snapshot, paths.SHEET.as_posix())
        if opened is None:
            continue
        try:
            cut = sheet.cut(opened, wanted)
        except (ValueError, LookupError, TypeError) as error:
            raise _not_as_written(snapshot, paths.SHEET.as_posix(), error) from None
        for index, tile in cut.items():
            found.setdefault(index, _uri(_enlarge(tile)))
    return found


def decoded(snapshot: Snapshot, path: str) -> Image.Image | None:
    """Decode a committed PNG, which may be anybody's; None if it is not there.

    Raises:
        ResultsError: it is damaged, no PNG, or has more than `MOST_PIXELS`.
    """
    content = snapshot.files.get(path)
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError(f"{opened.width}×{opened.height} pixels")
            opened.load()
            return opened
    except BROKEN as error:
        raise _not_as_written(snapshot, path, error) from None


def _not_as_written(snapshot: Snapshot, path: str, error: Exception) -> ResultsError:
    reason = shortened(error) or type(error).__name__
    return ResultsError(f"{path} at {snapshot.label} is not as `evaluate` wrote it: {reason}")


def embedded(snapshot: Snapshot, path: str) -> str:
    """Return a committed PNG as a data URI; empty if it is not there."""
    content = snapshot.files.get(path)
    return f"data:image/png;base64,{base64.b64encode(content).decode()}" if content else ""


def _enlarge(tile: Image.Image) -> Image.Image:
    factor = max(1, SIDE // max(tile.size))
    return tile.resize((tile.width * factor, tile.height * factor), Image.Resampling.NEAREST)


def _uri(tile: Image.Image) -> str:
    stream = io.BytesIO()
    tile.save(stream, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
