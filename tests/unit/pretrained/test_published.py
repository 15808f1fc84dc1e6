import dataclasses
import hashlib

import pytest

from pipeline.data.fetching import FetchError
from pipeline.data.source import SourceFile
from pipeline.pretrained import published
from pipeline.pretrained.pickles import WeightsError

CONTENT = b"weights"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Put a small file into the table; the package that ships it is not there."""
    file = SourceFile("toy.pth", hashlib.sha256(CONTENT).hexdigest(), ())
    weights = dataclasses.replace(
        published.PUBLISHED["efficientnet_lite0"],
        file=file,
        package="toy-weights==1.0",
        place="toy_weights/models",
    )
    monkeypatch.setitem(published.PUBLISHED, "toy", weights)
    monkeypatch.setenv("CONVOY_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("CONVOY_MIRROR", raising=False)


def package(folder, content, monkeypatch):
    """Install a package whose code must not be run."""
    models = folder / "toy_weights" / "models"
    models.mkdir(parents=True)
    (models.parent / "__init__.py").write_text("raise AssertionError('it was run')\n")
    (models / "toy.pth").write_bytes(content)
    monkeypatch.syspath_prepend(folder)


def bring(tmp_path):
    return published.bring("toy", tmp_path / "weights", lambda size, total: None)


def test_weights_come_from_the_installed_package(toy, tmp_path, monkeypatch):
    package(tmp_path, CONTENT, monkeypatch)
    assert bring(tmp_path) == "toy-weights==1.0"
    assert (tmp_path / "weights/toy.pth").read_bytes() == CONTENT


def test_a_package_that_ships_other_bytes_is_refused(toy, tmp_path, monkeypatch):
    package(tmp_path, b"other", monkeypatch)
    with pytest.raises(WeightsError, match=r"toy\.pth: sha256 d9298a10\w+, expected .* again\."):
        bring(tmp_path)
    assert not (tmp_path / "weights").exists()


def test_without_the_package_they_come_from_the_mirror(toy, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror" / "toy"
    mirror.mkdir(parents=True)
    (mirror / "toy.pth").write_bytes(CONTENT)
    monkeypatch.setenv("CONVOY_MIRROR", str(mirror.parent))
    assert bring(tmp_path) == str(mirror / "toy.pth")
    assert (tmp_path / "weights/toy.pth").read_bytes() == CONTENT


def test_weights_that_cannot_be_had_are_an_error_that_names_the_ways(toy, tmp_path):
    with pytest.raises(FetchError, match=r"(?s)CONVOY_MIRROR=.*toy-weights==1\.0 ships this file"):
        bring(tmp_path)
