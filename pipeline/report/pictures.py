"""The small pictures of test images, cut from the sheets that `evaluate` writes."""

import base64
import io
from collections.abc import Iterable

from PIL import Image

from pipeline.base import paths
from pipeline.figures import sheet
from pipeline.report.results import ResultsError
from pipeline.report.snapshots import Snapshot

SIDE = 56


def tiles(snapshots: Iterable[Snapshot], wanted: list[int]) -> dict[int, str]:
    """Return the wanted images that a sheet has, as PNG data URIs.

    A fixed image is on the older sheet, a broken one on the newer sheet.

    Raises:
        ResultsError: a sheet is not as `evaluate` wrote it, but repacked or a Git LFS pointer.
    """
    found: dict[int, str] = {}
    for snapshot in snapshots:
        content = snapshot.files.get(paths.SHEET.as_posix())
        if content is None:
            continue
        try:
            with Image.open(io.BytesIO(content)) as opened:
                opened.load()
                cut = sheet.cut(opened, wanted)
        except (OSError, KeyError) as error:
            raise ResultsError(
                f"{paths.SHEET} at {snapshot.label} is not as `evaluate` wrote it: {error!r}"
            ) from None
        for index, tile in cut.items():
            found.setdefault(index, _uri(_enlarge(tile)))
    return found


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
