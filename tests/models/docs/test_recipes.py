"""The way from a Keras script in docs/recipes.md, followed word for word."""

import importlib
import re

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from support.project import ROOT

from pipeline import architectures
from pipeline.training import models

SCRIPT, ARCHITECTURE, ARRAYS = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs/recipes.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The page's architecture, as if its file were where the page says."""
    (tmp_path / "mine.py").write_text(ARCHITECTURE, encoding="utf-8")
    monkeypatch.setattr(architectures, "__path__", [*architectures.__path__, str(tmp_path)])
    return importlib.import_module("pipeline.architectures.mine")


def test_the_architecture_is_the_network_of_the_script(mine):
    there: dict = {}
    exec(SCRIPT, there)
    model, recipe = models.build("mine", {}, (28, 28, 1), 10)
    assert shapes(model) == shapes(there["model"])
    assert f"{model.count_params():,} parameters" in mine.__doc__
    assert (recipe.optimizer, recipe.batch_size) == ("adam", 128)
    images = np.random.default_rng(1).integers(0, 256, (4, 28, 28, 1), np.uint8)
    there["model"].set_weights(model.get_weights())
    assert np.allclose(model.predict(images), there["model"].predict(images), atol=1e-6)


def test_arrays_become_a_folder_of_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = load_digits()
    images = (digits.images[:30] * 15).astype(np.uint8)
    exec(ARRAYS, {"images": images, "labels": digits.target, "names": list("0123456789")})
    files = sorted(tmp_path.glob("data/images/*/*.png"))
    assert len(files) == 30
    assert np.array_equal(np.asarray(Image.open(files[0])), images[0])


def shapes(model):
    return [array.shape for array in model.get_weights()]
