"""Fashion-MNIST: 70,000 pictures of clothes, 28×28, grey (Xiao, Rasul and Vollgraf 2017)."""

from pathlib import Path

from pipeline.data.idx import read_mnist_like
from pipeline.data.source import Settings, Source, SourceFile, Spec

HOSTS = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
DIGESTS = {
    "train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

SPEC = Spec(
    tuple(
        SourceFile(name, digest, tuple(host + name for host in HOSTS))
        for name, digest in DIGESTS.items()
    ),
    mirrors=True,
)


def read(folder: Path, settings: Settings) -> Source:
    """Read the four official files."""
    return read_mnist_like(folder, CLASSES)
