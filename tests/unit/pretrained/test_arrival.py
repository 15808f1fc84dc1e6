"""The weights arrive verified: from a package, a mirror, or the address that Keras names."""

import dataclasses
import hashlib

import pytest
from support import http_server
from support.project import TINY, write_params

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config import params
from pipeline.data.fetching import FetchError
from pipeline.data.source import SourceFile
from pipeline.pretrained import arrival, published
from pipeline.stages import download

CONTENT = b"weights"
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVOY_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("CONVOY_MIRROR", raising=False)


@pytest.fixture
def toy(monkeypatch):
    """Put a small file into the table; the package that ships it is not there."""
    file = SourceFile("toy.pth", hashlib.sha256(CONTENT).hexdigest(), ())
    weights = dataclasses.replace(
        published.PUBLISHED["efficientnet_lite0"],
        file=file,
        package="toy-weights==1.0",
        place="toy_weights/models",
    )
    monkeypatch.setitem(published.PUBLISHED, "toy", weights)


@pytest.fixture
def from_keras(monkeypatch):
    """Put a small file in the place of the one that Keras publishes; return its address's host."""
    with http_server.running(CONTENT) as server:
        weights = published.PUBLISHED["efficientnet_b0"]
        file = dataclasses.replace(weights.file, digest=MD5, urls=(f"{server.url}/b0.h5",))
        replaced = dataclasses.replace(weights, file=file)
        monkeypatch.setitem(published.PUBLISHED, "efficientnet_b0", replaced)
        yield server


def package(folder, content, monkeypatch):
    """Install a package whose code must not be run."""
    models = folder / "toy_weights" / "models"
    models.mkdir(parents=True)
    (models.parent / "__init__.py").write_text("raise AssertionError('it was run')\n")
    (models / "toy.pth").write_bytes(content)
    monkeypatch.syspath_prepend(folder)


def test_weights_come_from_the_installed_package(toy, tmp_path, monkeypatch, capsys):
    package(tmp_path, CONTENT, monkeypatch)
    arrival.bring("toy", tmp_path / "weights")
    assert "toy.pth: verified, from toy-weights==1.0" in capsys.readouterr().out
    assert (tmp_path / "weights/toy.pth").read_bytes() == CONTENT


def test_a_package_that_ships_other_bytes_is_refused(toy, tmp_path, monkeypatch):
    package(tmp_path, b"other", monkeypatch)
    with pytest.raises(ConvoyError, match=r"toy\.pth: sha256 d9298a10\w+, expected .* again\."):
        arrival.bring("toy", tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_without_the_package_they_come_from_the_mirror(toy, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror" / "toy"
    mirror.mkdir(parents=True)
    (mirror / "toy.pth").write_bytes(CONTENT)
    monkeypatch.setenv("CONVOY_MIRROR", str(mirror.parent))
    arrival.bring("toy", tmp_path / "weights")
    assert (tmp_path / "weights/toy.pth").read_bytes() == CONTENT


def test_weights_that_cannot_be_had_are_an_error_that_names_the_ways(toy, tmp_path):
    with pytest.raises(FetchError, match=r"(?s)CONVOY_MIRROR=.*toy-weights==1\.0 ships this file"):
        arrival.bring("toy", tmp_path / "weights")


def test_what_keras_publishes_is_fetched_once_and_kept_for_later_without_a_network(
    from_keras, workspace
):
    """As stage `download` does it: DVC deletes the folder before each run."""
    changes = TINY | {"architectures": ["pretrained_b0"]}
    write_params(workspace, changes)
    for _ in range(2):
        download.main(params.load())
        assert [file.name for file in paths.WEIGHTS.iterdir()] == ["efficientnetb0_notop.h5"]
        assert (paths.WEIGHTS / "efficientnetb0_notop.h5").read_bytes() == CONTENT
    assert len(from_keras.starts) == 1


def test_a_mirror_comes_before_the_public_address(from_keras, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror" / "efficientnet_b0"
    mirror.mkdir(parents=True)
    (mirror / "efficientnetb0_notop.h5").write_bytes(CONTENT)
    monkeypatch.setenv("CONVOY_MIRROR", str(mirror.parent))
    arrival.bring("efficientnet_b0", tmp_path / "weights")
    assert from_keras.starts == []


def test_other_bytes_than_those_of_the_published_md5_are_refused(from_keras, tmp_path):
    from_keras.content = b"another file"
    with pytest.raises(FetchError, match=f"wrong content: expected md5 {MD5}, got ") as error:
        arrival.bring("efficientnet_b0", tmp_path / "weights")
    assert "make setup" not in str(error.value)
    assert not (tmp_path / "weights/efficientnetb0_notop.h5").exists()
