"""The record of how long trained models take here for one image, in milliseconds.

Like the record of costs it is kept in `.state/`, untracked, because no clock time is in a result.
A model is known by the digest of its file.
"""

import json
from contextlib import suppress
from pathlib import Path

from pipeline.base import paths
from pipeline.base.files import sha256
from pipeline.running.terminal import say


def note(model: Path, milliseconds: float) -> None:
    """Append the time that a model takes for one image."""
    line = {"model": sha256(model), "milliseconds": round(milliseconds, 3)}
    try:
        paths.SPEEDS.parent.mkdir(parents=True, exist_ok=True)
        with paths.SPEEDS.open("a", encoding="utf-8") as stream:
            # On a line of its own, also after half a line that a kill has left.
            stream.write(f"\n{json.dumps(line)}\n")
    except OSError as error:
        say(f"note: {paths.SPEEDS} is not written, {error.strerror}")


def known(model: Path) -> float | None:
    """Return the time that a model took when it was last measured here; None if unknown."""
    if not (model.exists() and paths.SPEEDS.exists()):
        return None
    digest, found = sha256(model), None
    for text in paths.SPEEDS.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError, TypeError, KeyError):
            line = json.loads(text)
            found = float(line["milliseconds"]) if line["model"] == digest else found
    return found
