"""CIFAR-100: 60,000 pictures in 100 classes of 20 kinds, 32×32, RGB (Krizhevsky 2009).

`dataset.labels` chooses the labels: the 100 fine ones or the 20 coarse ones.
"""

from pathlib import Path

from pipeline.data import cifar
from pipeline.data.source import Settings, Source, SourceFile, Spec

# The binary version, 168,513,733 bytes. The second host is where the first redirects at times.
NAME = "cifar-100-binary.tar.gz"
HOSTS = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")
FOLDER = "cifar-100-binary"
TRAIN, TEST = f"{FOLDER}/train.bin", f"{FOLDER}/test.bin"
CLASSES = {"coarse": 20, "fine": 100}

SPEC = Spec(
    (
        SourceFile(
            NAME,
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            tuple(host + NAME for host in HOSTS),
        ),
    ),
    mirrors=True,
)


def read(folder: Path, settings: Settings) -> Source:
    """Read the official archive."""
    layout = cifar.Layout(
        archive=NAME,
        train=[TRAIN],
        test=TEST,
        names=f"{FOLDER}/{settings.labels}_label_names.txt",
        classes=CLASSES[settings.labels],
        labels=2,
        label=list(CLASSES).index(settings.labels),
        records={TRAIN: 50_000, TEST: 10_000},
    )
    return cifar.read(folder, layout)
