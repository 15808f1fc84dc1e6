"""The page where model and images are: the sections that need them, and its look in a browser."""

import re

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters
from support.browser import PHONE, browser, needs_chromium, opened
from support.runs import SIDE, write_run

from pipeline.base import paths
from pipeline.page import command
from pipeline.training import models, saving, trained
from pipeline.training.batches import SplitFolder
from pipeline.training.trained import SeedResult, TrainedModels

CLASSES = ["cat", "dog", "owl"]


def write_workspace(folder, monkeypatch, architecture):
    """Write results, random images, and an untrained model of this architecture."""
    monkeypatch.chdir(folder)
    pixels = write_run(folder, CLASSES, wrong=12)
    labels = np.arange(len(pixels)) % len(CLASSES)
    for path in (paths.TEST, paths.TRAIN):
        SplitFolder.write(path, pixels, labels, CLASSES)
    keras.utils.set_random_seed(1)
    model, _ = models.declare(architecture, HyperParameters(), (SIDE, SIDE, 1), len(CLASSES))
    target = paths.MODELS / "tuned"
    saving.save(model, trained.model_file(target, 1))
    seeds = [SeedResult(1, 0.9, 0.2)]
    trained.write(
        TrainedModels(architecture, model.count_params(), "float32", "tensorflow", CLASSES, seeds),
        target,
    )
    return model, command.write(None, None)


def part(path, section):
    text = path.read_text(encoding="utf-8")
    return text.partition(f'<section id="{section}"')[2].partition("</section>")[0]


@pytest.fixture(scope="module")
def convolutional(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield write_workspace(tmp_path_factory.mktemp("page"), patch, "compact_cnn")


def test_each_layer_is_shown_with_its_shape_and_parameters(convolutional):
    model, path = convolutional
    shown = part(path, "model")
    for layer in model.layers:
        shape = " × ".join(map(str, layer.output.shape[1:]))
        row = shown.partition(f'<th scope="row">{layer.name}</th>')[2].partition("</tr>")[0]
        assert f">{shape}<" in row, layer.name
        assert f">{layer.count_params():,}<" in row, layer.name
    assert "Param #" in shown
    assert f"Total params: {model.count_params():,}" in re.sub(r"&[^;]+;|<[^>]+>", "", shown)
    summary = re.search(r"<pre[^>]*>(.*?)</pre>", shown, re.DOTALL)[1]
    assert len({len(line) for line in summary.splitlines() if "┃" in line or "│" in line}) == 1
    assert all(any(layer.name in line for line in summary.splitlines()) for layer in model.layers)


def test_filters_maps_and_heat_maps_are_pictures(convolutional):
    _, path = convolutional
    assert part(path, "features").count('class="filter"') == 16
    assert part(path, "features").count('class="map"') >= 12
    assert part(path, "heat_maps").count("<img") == 3 * 8


def test_cells_of_right_answers_have_images_too(convolutional):
    _, path = convolutional
    assert part(path, "confusion").count("data:image/png") == 12 + 3 * 6


def test_a_network_without_convolution_says_so(tmp_path, monkeypatch):
    _, path = write_workspace(tmp_path, monkeypatch, "mlp")
    assert "no convolution" in part(path, "features")
    assert "no feature maps" in part(path, "heat_maps")
    assert "<svg" in part(path, "model")


def test_models_of_other_results_are_not_shown(tmp_path, monkeypatch):
    write_workspace(tmp_path, monkeypatch, "mlp")
    outs = "stages: {train@tuned: {outs: [{path: models/tuned, md5: other.dir}]}}\n"
    (tmp_path / "dvc.lock").write_text(outs)
    assert "is not here" in part(command.write(None, None), "model")


@needs_chromium
def test_in_a_browser(convolutional):
    _, path = convolutional
    with browser() as chromium, opened(chromium, path, PHONE) as shown:
        assert shown.charts()[1] == 0
        assert shown.wider_than_the_window() == 0
        assert shown.page.locator("img:visible").evaluate_all(
            "all => all.every(i => i.naturalWidth)"
        )
        assert shown.serious_faults() == []
        assert (shown.errors, shown.requests) == ([], [])
