import keras
import numpy as np
import pytest

from pipeline.base.files import write_json
from pipeline.config.conditions import PLAIN
from pipeline.training import features, fitting
from pipeline.training.batches import SplitFolder
from pipeline.training.features import FROZEN_END
from pipeline.training.recipe import Recipe

COUNT = features.BATCH + 5
SHAPE = (8, 8, 3)


@pytest.fixture
def split(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    images = np.random.default_rng(1).integers(0, 256, (COUNT, *SHAPE)).astype(np.uint8)
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", np.arange(COUNT) % 2)
    write_json(folder / "classes.json", ["a", "b"])
    return SplitFolder(folder)


@pytest.fixture
def model():
    """Return a frozen convolution, the mark, a convolution, and a classifier."""
    keras.utils.set_random_seed(1)
    images = keras.Input(SHAPE, dtype="uint8", name="images")
    maps = keras.layers.Rescaling(1 / 255, name="scale")(images)
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="first", trainable=False)(maps)
    maps = keras.layers.Activation("linear", name=FROZEN_END)(maps)
    maps = keras.layers.Conv2D(6, 3, activation="relu", name="second")(maps)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    return keras.Model(images, keras.layers.Dense(2, activation="softmax", name="out")(pooled))


def test_features_are_what_the_body_makes_of_each_image(split, model, tmp_path):
    body, _ = features.parted(model)
    images = split.images(slice(None))
    for flip in (False, True):
        features.write(body, split.images, COUNT, tmp_path / "features.npy", flip=flip)
        stored = np.load(tmp_path / "features.npy")
        expected = body.predict(images[:, :, ::-1] if flip else images, verbose=0)
        assert stored.shape == (COUNT, 6, 6, 4)
        assert stored == pytest.approx(expected, abs=1e-3)


def test_the_same_features_are_the_same_bytes(split, model, tmp_path):
    body, _ = features.parted(model)
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for path in paths:
        features.write(body, split.images, COUNT, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_features_of_which_the_file_is_damaged_are_computed_again(split, model, tmp_path):
    body, _ = features.parted(model)
    (file,) = features.split_features(body, split, tmp_path / "kept").files
    whole = file.read_bytes()
    for damage in (whole[:-5], b"", whole[:100]):
        file.write_bytes(damage)
        features.split_features(body, split, tmp_path / "kept")
        assert file.read_bytes() == whole


def test_the_model_answers_as_its_head_does_before_and_after_training(split, model, tmp_path):
    body, head = features.parted(model)
    frozen = body.get_weights()
    first = model.predict(split.images(slice(None)), verbose=0)
    rows = features.split_features(body, split, tmp_path)
    assert head.predict(rows.images(slice(None)), verbose=0) == pytest.approx(first, abs=2e-3)

    head.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    head.fit(features.FeatureBatches(rows, 8, seed=1), epochs=2, verbose=0, shuffle=False)
    after = model.predict(split.images(slice(None)), verbose=0)
    assert abs(after - first).max() > 0.01
    assert head.predict(rows.images(slice(None)), verbose=0) == pytest.approx(after, abs=2e-3)
    for before, now in zip(frozen, body.get_weights(), strict=True):
        assert np.array_equal(before, now)


def test_features_are_computed_again_only_when_something_they_depend_on_changes(
    split, model, tmp_path
):
    body, _ = features.parted(model)
    store = tmp_path / "store"

    def files():
        return {path.name: path.stat().st_mtime_ns for path in store.iterdir()}

    features.split_features(body, split, store)
    first = files()
    features.split_features(body, split, store)
    assert files() == first
    features.split_features(body, split, store, mirrored=True)
    assert len(files()) == 2
    # What is trained behind the mark is no part of them.
    model.get_layer("second").set_weights([w + 1 for w in model.get_layer("second").get_weights()])
    features.split_features(features.parted(model)[0], split, store)
    assert len(files()) == 2
    model.get_layer("first").set_weights([w + 1 for w in model.get_layer("first").get_weights()])
    features.split_features(features.parted(model)[0], split, store)
    assert len(files()) == 3
    assert first.items() <= files().items()


def test_training_takes_an_image_or_its_mirror_image_at_random_and_the_same_each_time(
    split, model, tmp_path
):
    body, _ = features.parted(model)
    rows = features.split_features(body, split, tmp_path, mirrored=True)
    plain, mirrored = (np.load(file) for file in rows.files)

    def epoch(number):
        batches = features.FeatureBatches(rows, COUNT, seed=3, epoch=number)
        return batches[0][0], batches.order

    given, order = epoch(0)
    turned = [not np.array_equal(a, b) for a, b in zip(given, plain[order], strict=True)]
    assert 5 < sum(turned) < COUNT - 5
    assert np.array_equal(given[turned], mirrored[order][turned])
    assert np.array_equal(given, epoch(0)[0])
    other, order = epoch(1)
    assert turned != [not np.array_equal(a, b) for a, b in zip(other, plain[order], strict=True)]


def test_a_model_without_frozen_layers_has_no_parts():
    images = keras.Input(SHAPE)
    assert features.parted(keras.Model(images, keras.layers.Flatten()(images))) is None


def test_fitting_scores_the_whole_model_and_leaves_frozen_layers_alone(
    split, model, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    flips = PLAIN.augment.model_copy(update={"flip": True, "shift": 2})
    conditions = PLAIN.model_copy(update={"augment": flips})
    frozen = model.get_layer("first").get_weights()
    recipe = Recipe("adam", 0.01, 8)
    curve = fitting.fit(model, recipe, conditions, split, split, epochs=3, seed=1)
    images = split.images(slice(None))
    answers = model.predict(images, verbose=0)
    assert curve[-1].val_accuracy == pytest.approx(np.mean(answers.argmax(1) == split.labels))
    loss = -np.log(answers[np.arange(COUNT), split.labels]).mean()
    assert curve[-1].val_loss == pytest.approx(loss, abs=2e-3)
    for before, now in zip(frozen, model.get_layer("first").get_weights(), strict=True):
        assert np.array_equal(before, now)
