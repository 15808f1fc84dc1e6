"""MNIST: 70,000 handwritten digits, 28×28, grey (LeCun, Cortes and Burges 1998)."""

from pathlib import Path

from pipeline.data.idx import read_mnist_like
from pipeline.data.source import Settings, Source, SourceFile, Spec

# The original host refuses most requests; these two carry the same bytes.
HOSTS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
DIGESTS = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
CLASSES = tuple("0123456789")

SPEC = Spec(
    tuple(
        SourceFile(name, digest, tuple(host + name for host in HOSTS))
        for name, digest in DIGESTS.items()
    )
)


def read(folder: Path, settings: Settings) -> Source:
    """Read the four official files."""
    return read_mnist_like(folder, CLASSES)
