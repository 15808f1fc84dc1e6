import numpy as np
import psutil
import pytest

from pipeline.commands import throughput
from pipeline.commands.throughput import Measured, advice, best_batch_size
from pipeline.training.models import build
from pipeline.training.recipe import Recipe


def measured(*speeds):
    return [Measured(32 * 2**n, (speed,) * 3, 500.0) for n, speed in enumerate(speeds)]


@pytest.mark.parametrize(
    ("speeds", "size"),
    [((100, 200, 390, 400, 405), 128), ((400, 300, 200), 32), ((100, 200, 400), 128)],
)
def test_the_best_batch_is_the_smallest_that_is_nearly_as_fast_as_any(speeds, size):
    assert best_batch_size(measured(*speeds)) == size


@pytest.mark.parametrize(
    ("recipe", "rate"), [(Recipe("adam", 0.001, 32), "0.002"), (Recipe("sgd", 0.1, 32), "0.4")]
)
def test_the_learning_rate_grows_with_the_batch(recipe, rate):
    text = advice(measured(100, 200, 400), recipe)
    assert "Batches of 128" in text
    assert f"begin with {rate}:" in text


def test_sizes_that_were_not_tried_and_disturbed_speeds_are_no_ground_for_advice():
    recipe = Recipe("adam", 1e-3, batch_size=32)
    assert "larger ones were not tried" in advice(measured(100, 200, 400), recipe)
    assert "larger ones only mean fewer steps" in advice(measured(400, 300, 200), recipe)
    disturbed = [*measured(400, 300), Measured(128, (100, 250, 300), 500.0)]
    assert advice(disturbed, recipe).startswith("The speeds vary by half: measure again")
    assert "measure again" not in advice(measured(400, 300), recipe)


class Clocked:
    """A model whose step takes 20 ms on the test's clock, and the first one, which traces, 5 s."""

    def __init__(self):
        self.now, self.batches = 0.0, []

    def compile(self, *_):
        pass

    def train_on_batch(self, images, labels):
        self.now += 0.02 if self.batches else 5
        self.batches.append((len(images), len(labels)))


def test_speed_is_images_a_second_without_the_first_step(splits, monkeypatch):
    model = Clocked()
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: model.now)
    found = throughput.measure(model, Recipe(), splits[0], 300)  # twice as many as there are
    assert found.batch_size == 300
    assert found.speeds == pytest.approx([300 / 0.02] * 5)
    assert set(model.batches) == {(300, 300)}


def test_a_real_model_is_really_trained(splits, monkeypatch):
    monkeypatch.setattr(throughput, "SECONDS", 0.01)
    train = splits[0]
    model, recipe = build("mlp", {}, train.shape, len(train.classes))
    before = model.get_weights()
    found = throughput.measure(model, recipe, train, 16)
    assert all(np.abs(a - b).max() > 0 for a, b in zip(before, model.get_weights(), strict=True))
    # Its peak is never less than what the process holds now.
    assert found.peak_mib >= 0.9 * psutil.Process().memory_info().rss / 2**20
