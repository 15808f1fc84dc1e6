"""The arrival of published weights, verified.

A file of weights is brought from the Python package that ships it, if that is installed; else as
the files of a data set are, from `CONVOY_MIRROR/NETWORK/` and the file's public addresses.
"""

import importlib.util
import shutil
from pathlib import Path

from pipeline.base.errors import ConvoyError
from pipeline.base.files import digest, replacing
from pipeline.data import fetching
from pipeline.pretrained.published import PUBLISHED, Published
from pipeline.running.terminal import say


def bring(name: str, folder: Path) -> None:
    """Bring the weights of a network into `folder`, verified.

    Raises:
        ConvoyError: the installed package ships other bytes.
        FetchError: no package ships them, and no mirror or address has them.
    """
    published = PUBLISHED[name]
    shipped = _shipped(published)
    if shipped is None:
        _fetch(name, published, folder)
        return
    found = digest(shipped, published.file.kind)
    if found != published.file.digest:
        raise ConvoyError(
            f"{shipped}: {published.file.kind} {found}, expected {published.file.digest}. Install "
            f"{published.package} again."
        )
    with replacing(folder / published.file.name) as scratch:
        shutil.copyfile(shipped, scratch)
    say(f"{published.file.name}: verified, from {published.package}")


def _fetch(name: str, published: Published, folder: Path) -> None:
    try:
        fetching.fetch_all(name, [published.file], folder)
    except fetching.FetchError as error:
        if not published.package:
            raise
        raise fetching.FetchError(
            f"{error}\n{published.package} ships this file, too: run `make setup`."
        ) from None


def _shipped(published: Published) -> Path | None:
    """Find the file in the installed package, whose code is not run."""
    package, _, rest = published.place.partition("/")
    found = importlib.util.find_spec(package) if package else None
    if found is None:
        return None
    for folder in found.submodule_search_locations or ():
        path = Path(folder, rest, published.file.name)
        if path.exists():
            return path
    return None
