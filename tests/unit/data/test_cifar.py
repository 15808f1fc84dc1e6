"""Archives of the exact official layout, only with fewer records."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.params import Dataset
from pipeline.data import cifar
from pipeline.data.source import DataError
from pipeline.datasets import cifar10, cifar100

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def settings(labels: str = "fine") -> Dataset:
    return Dataset(
        name="cifar100",
        labels=labels,
        path="data/images",
        image_size=32,
        fit="squash",
        channels=3,
        skip_unreadable=False,
    )


def records(seed: int, n: int, *classes: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Make n records: their label bytes, one array for each, and images [n, 32, 32, 3]."""
    rng = np.random.default_rng(seed)
    labels = [rng.integers(0, most, n, dtype=np.uint8) for most in classes]
    return labels, rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def encode(labels: list[np.ndarray], images: np.ndarray) -> bytes:
    """Write records byte by byte as the CIFAR page says: labels, then all red, green, blue."""
    content = bytearray()
    for *bytes_before, image in zip(*labels, images, strict=True):
        content += bytes(int(label) for label in bytes_before)
        for channel in range(3):
            content += image[:, :, channel].tobytes()
    return bytes(content)


def archive(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def cifar10_members() -> dict[str, bytes]:
    """In the order of the official archive, which is not that of the names."""
    folder = tarfile.TarInfo("cifar-10-batches-bin")
    folder.type = tarfile.DIRTYPE
    order = ["data_batch_1", "data_batch_5", "data_batch_3", "data_batch_2", "data_batch_4"]
    members: dict = {"": folder}
    for name in order:
        number = int(name[-1])
        members[f"cifar-10-batches-bin/{name}.bin"] = encode(*records(number, 4, 10))
    members["cifar-10-batches-bin/test_batch.bin"] = encode(*records(6, 3, 10))
    members["cifar-10-batches-bin/batches.meta.txt"] = ("\n".join(NAMES) + "\n\n").encode()
    members["cifar-10-batches-bin/readme.html"] = b"<html></html>"
    return members


def cifar100_members() -> dict[str, bytes]:
    return {
        "cifar-100-binary/train.bin": encode(*records(1, 5, 20, 100)),
        "cifar-100-binary/test.bin": encode(*records(2, 4, 20, 100)),
        "cifar-100-binary/coarse_label_names.txt": _lines("kind", 20),
        "cifar-100-binary/fine_label_names.txt": _lines("class", 100),
    }


def _lines(word: str, n: int) -> bytes:
    return "".join(f"{word}_{i}\n" for i in range(n)).encode()


def read_all(part) -> tuple[np.ndarray, np.ndarray]:
    labels, images = zip(*part.chunks(), strict=True)
    return np.concatenate(labels), np.concatenate(images)


def test_cifar10_batches_come_in_the_order_of_their_numbers(tmp_path):
    archive(tmp_path / cifar10.NAME, cifar10_members())
    source = cifar10.read(tmp_path, settings())
    assert list(source.classes) == NAMES
    labels, images = read_all(source.train)
    expected = [records(number, 4, 10) for number in range(1, 6)]
    assert (labels == np.concatenate([part[0][0] for part in expected])).all()
    assert (images == np.concatenate([part[1] for part in expected])).all()
    labels, images = read_all(source.test)
    (expected_labels,), expected_images = records(6, 3, 10)
    assert (labels == expected_labels).all()
    assert (images == expected_images).all()
    assert (source.train.count, source.test.count, source.grows) == (50_000, 10_000, False)


@pytest.mark.parametrize(("kind", "byte", "classes"), [("coarse", 0, 20), ("fine", 1, 100)])
def test_cifar100_has_two_labels_an_image(tmp_path, kind, byte, classes):
    archive(tmp_path / cifar100.NAME, cifar100_members())
    source = cifar100.read(tmp_path, settings(kind))
    assert len(source.classes) == classes
    labels, images = read_all(source.train)
    expected_labels, expected_images = records(1, 5, 20, 100)
    assert (labels == expected_labels[byte]).all()
    assert (images == expected_images).all()


def link(kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo("cifar-10-batches-bin/link")
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("/etc/evil", b"", "'/etc/evil': a path that leads out"),
        ("cifar-10-batches-bin/../../evil", b"", "evil': a path that leads out"),
        ("link", link(tarfile.SYMTYPE), "link': a link or a device"),
        ("link", link(tarfile.LNKTYPE), "link': a link or a device"),
        ("link", link(tarfile.FIFOTYPE), "link': a link or a device"),
        ("cifar-10-batches-bin/more.bin", bytes((1 << 20) + 1), "has at most 1048576"),
        (cifar10.TEST, bytes(10_000 * 3073 + 1), "has at most 30730000"),
    ],
)
def test_an_archive_that_is_not_what_it_says_is_refused(tmp_path, name, content, problem):
    archive(tmp_path / cifar10.NAME, {**cifar10_members(), name: content})
    with pytest.raises(DataError, match=problem):
        cifar10.read(tmp_path, settings())


def test_many_members_are_refused(tmp_path):
    archive(tmp_path / cifar10.NAME, {str(number): b"" for number in range(101)})
    with pytest.raises(DataError, match="more than 100 members"):
        cifar10.read(tmp_path, settings())


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (cifar10.TEST, bytes(3073 + 5), "test_batch.bin ends within a record"),
        (cifar10.TEST, b"\x0a" + bytes(3072), "label 10; allowed: 0 to 9"),
        ("cifar-10-batches-bin/batches.meta.txt", b"cat\ndog\n", "names 2 classes; expected 10"),
    ],
)
def test_wrong_content_is_named(tmp_path, name, content, problem):
    archive(tmp_path / cifar10.NAME, {**cifar10_members(), name: content})
    with pytest.raises(DataError, match=problem):
        read_all(cifar10.read(tmp_path, settings()).test)


def test_a_missing_batch_is_named(tmp_path):
    members = cifar10_members()
    del members[cifar10.TRAIN[3]]
    archive(tmp_path / cifar10.NAME, members)
    with pytest.raises(DataError, match=r"holds no .*data_batch_4.bin; has"):
        read_all(cifar10.read(tmp_path, settings()).train)


@pytest.mark.parametrize("keep", [0, 10, 3000])
def test_a_cut_archive_is_an_error(tmp_path, keep):
    path = tmp_path / cifar10.NAME
    archive(path, cifar10_members())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"not a whole \.tar\.gz archive"):
        cifar10.read(tmp_path, settings())


def test_official_sizes():
    """162 and 161 MB of archives hold 60,000 records each, of these many bytes."""
    assert sum(cifar._sizes(cifar10.LAYOUT).values()) == 60_000 * 3073
