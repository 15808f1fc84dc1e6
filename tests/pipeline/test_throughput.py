import pytest

from pipeline.commands.throughput import Measured, advice, best_batch_size, measure
from pipeline.training.batches import SplitFolder
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


def test_a_real_model_is_measured(finished):
    train = SplitFolder(finished / "data/split/train")
    model, recipe = build("mlp", {}, train.shape, len(train.classes))
    found = measure(model, recipe, train, 16)
    assert len(found.speeds) == 5
    assert min(found.speeds) > 0
    assert found.peak_mib > 50
