"""CIFAR-10: 60,000 pictures of animals and vehicles, 32×32, RGB (Krizhevsky 2009)."""

from pathlib import Path

from pipeline.data import cifar
from pipeline.data.source import Settings, Source, SourceFile, Spec

# The binary version, 170,052,171 bytes. The second host is where the first redirects at times.
NAME = "cifar-10-binary.tar.gz"
HOSTS = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")
FOLDER = "cifar-10-batches-bin"
TRAIN = [f"{FOLDER}/data_batch_{number}.bin" for number in range(1, 6)]
TEST = f"{FOLDER}/test_batch.bin"

SPEC = Spec(
    (
        SourceFile(
            NAME,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            tuple(host + NAME for host in HOSTS),
        ),
    ),
    mirrors=True,
)
LAYOUT = cifar.Layout(
    archive=NAME,
    train=TRAIN,
    test=TEST,
    names=f"{FOLDER}/batches.meta.txt",
    classes=10,
    labels=1,
    label=0,
    records=dict.fromkeys((*TRAIN, TEST), 10000),
)


def read(folder: Path, settings: Settings) -> Source:
    """Read the official archive."""
    return cifar.read(folder, LAYOUT)
