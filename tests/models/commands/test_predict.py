"""The command on a real, tiny model."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.base import paths
from pipeline.data import pictures
from pipeline.running import terminal
from pipeline.training import saving, trained
from pipeline.training.models import declare as models_of
from pipeline.training.trained import SeedResult, Threshold, TrainedModels

CLASSES = ["dark", "middle", "light"]


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A model that knows dark from light, in models/tuned of an empty workspace."""
    monkeypatch.chdir(tmp_path)
    paths.PARAMS.touch()
    images = keras.Input((8, 6, 1), dtype="uint8")
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(images))
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Model(images, dense(mean))
    dense.set_weights([np.array([[-20.0, 0, 20]]), np.array([10.0, 5, -10])])
    folder = paths.MODELS / "tuned"
    saving.save(model, trained.model_file(folder, 7))
    seeds = [SeedResult(7, 1.0, 0.1)]
    index = TrainedModels(
        "flat",
        6,
        "float32",
        "tensorflow",
        CLASSES,
        seeds,
        looks={"border": (0.0, 130.0), "brightness": (0.0, 255.0)},
        thresholds=[Threshold(0.9, 0.9, 0.8)],
    )
    trained.write(index, folder)
    return model


def call(*arguments: str):
    return CliRunner().invoke(app, ["predict", *arguments])


def shade(path, value: int, mode: str = "RGB", size: tuple[int, int] = (30, 20)) -> str:
    Image.new("L", size, value).convert(mode).save(path)
    return str(path)


def test_pictures_of_any_mode_and_size(tmp_path, models):
    files = [shade(tmp_path / "a.png", 5), shade(tmp_path / "b.gif", 250, "P", (6, 8))]
    result = call(*files, "--top", "2")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{files[0]}: dark 0.9")
    assert lines[1].startswith(f"{files[1]}: light ")
    assert lines[0].count(", ") == 1


def test_the_picture_is_converted_as_in_training(tmp_path, models):
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    converted = pictures.read(tmp_path / "noise.png", (8, 6), 1, "squash")
    expected = models.predict(converted[np.newaxis], verbose=0)[0]
    (answer,) = json.loads(call(str(tmp_path / "noise.png"), "--json").stdout)
    said = {guess["class"]: guess["probability"] for guess in answer["top"]}
    assert [said[name] for name in CLASSES] == pytest.approx(expected.tolist(), abs=1e-6)


@pytest.mark.parametrize("fit", ["pad", "crop", None])
def test_a_picture_is_fitted_as_those_that_the_model_was_trained_on(tmp_path, models, fit):
    index = trained.read(paths.MODELS / "tuned")
    trained.write(replace(index, fit=fit), paths.MODELS / "tuned")
    # Light at both ends, which are cut off by one way and made small by bars by another.
    pixels = np.full((20, 120), 250, np.uint8)
    pixels[:, 40:80] = 60
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    read = pictures.read(tmp_path / "wide.png", (8, 6), 1, fit or "squash")
    expected = models.predict(read[np.newaxis], verbose=0)[0]
    (answer,) = json.loads(call(str(tmp_path / "wide.png"), "--json").stdout)
    assert answer["class"] == CLASSES[expected.argmax()]
    assert answer["probability"] == pytest.approx(expected.max(), abs=1e-6)


def test_an_unreadable_file_is_an_error_for_that_file_only(tmp_path, models):
    good = shade(tmp_path / "good.png", 128)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    result = call(str(tmp_path / "bad.png"), good, str(tmp_path / "gone.png"), "--json")
    assert result.exit_code == 1
    bad, middle, gone = json.loads(result.stdout)
    assert "bad.png: not a JPEG" in bad["error"]
    assert "gone.png: no such file" in gone["error"]
    assert (middle["file"], middle["class"]) == (good, "middle")
    plain = call(str(tmp_path / "bad.png"), good)
    assert "bad.png: not a JPEG" in plain.stderr
    assert plain.stdout.startswith(f"{good}: middle")


def test_a_narrow_terminal_puts_no_line_end_into_json(tmp_path, models, monkeypatch):
    narrow = Console(force_terminal=True, width=30, **terminal.PLAIN)
    monkeypatch.setattr(terminal, "console", narrow)
    names = ["a picture with a long name.png", "gone and away, and never to be found.png"]
    file = shade(tmp_path / names[0], 5)
    result = call(file, str(tmp_path / names[1]), "--json")
    assert [Path(answer["file"]).name for answer in json.loads(result.stdout)] == names


def test_a_folder(tmp_path, models):
    (tmp_path / "in" / "[deep] er").mkdir(parents=True)
    first = shade(tmp_path / "in" / "[deep] er" / "a.jpg", 250)
    second = shade(tmp_path / "in" / "b.PNG", 250)
    (tmp_path / "in" / "notes.txt").touch()
    (tmp_path / "in" / "._b.png").touch()  # what macOS leaves behind
    (tmp_path / "in" / ".thumbnails").mkdir()
    (tmp_path / "in" / ".thumbnails" / "b.png").touch()
    (tmp_path / "empty").mkdir()
    result = call(str(tmp_path / "in"), "--json")
    assert result.exit_code == 0
    assert [answer["file"] for answer in json.loads(result.stdout)] == [first, second]
    assert first in call(str(tmp_path / "in")).stdout
    result = call(str(tmp_path / "empty"))
    assert (result.exit_code, "no pictures in this folder" in result.stderr) == (1, True)


def test_without_a_model(tmp_path, models):
    result = call("a.png", "--model", "baseline")
    assert result.exit_code == 1
    assert "models/baseline: no trained model here. Run `dvc repro`" in result.stderr


@pytest.mark.parametrize("wrong", [["--model", "best"], ["--top", "0"]])
def test_wrong_options_are_refused(models, wrong):
    assert call("a.png", *wrong).exit_code == 2


def test_more_than_a_batch(tmp_path, models, monkeypatch):
    from pipeline.commands import predict

    monkeypatch.setattr(predict, "INFERENCE_BATCH", 2)
    files = [shade(tmp_path / f"{i}.png", 50 * i) for i in range(5)]
    files.insert(2, "gone.png")
    answers = json.loads(call(*files, "--json").stdout)
    names = [answer.get("class") for answer in answers]
    assert names == ["dark", "dark", None, "middle", "middle", "light"]


def test_a_picture_unlike_the_training_images_is_warned_of(tmp_path, models):
    like, unlike = shade(tmp_path / "like.png", 100), shade(tmp_path / "unlike.png", 250)
    result = call(like, unlike)
    assert result.exit_code == 0
    warning = " ".join(result.stderr.split())
    assert warning.startswith("warning:")
    assert "unlike.png looks unlike the training images: its border is brighter (250" in warning
    assert warning.endswith("try --invert")
    assert warning.count("warning") == 1
    said = json.loads(call(like, unlike, "--json").stdout)
    assert [bool(answer["unlike"]) for answer in said] == [False, True]


def test_a_negative_is_answered_as_its_positive(tmp_path, models):
    light, dark = shade(tmp_path / "light.png", 250), shade(tmp_path / "dark.png", 5)
    (inverted,) = json.loads(call(light, "--invert", "--json").stdout)
    (positive,) = json.loads(call(dark, "--json").stdout)
    assert inverted["top"] == positive["top"]
    assert inverted["unlike"] == []


def test_a_negative_keeps_the_black_bars_of_its_fit(tmp_path, models):
    index = trained.read(paths.MODELS / "tuned")
    trained.write(replace(index, fit="pad"), paths.MODELS / "tuned")
    wide = shade(tmp_path / "wide.png", 0, size=(120, 20))
    read = pictures.read(tmp_path / "wide.png", (8, 6), 1, "pad", invert=True)
    assert {0, 255} <= set(read.ravel().tolist())
    (answer,) = json.loads(call(wide, "--invert", "--json").stdout)
    assert answer["class"] == CLASSES[models.predict(read[np.newaxis], verbose=0).argmax()]


def test_a_tiny_picture_is_warned_of(tmp_path, models):
    file = shade(tmp_path / "tiny.png", 100, size=(2, 3))
    assert "only 2 × 3 pixels, enlarged to 6 × 8" in " ".join(call(file).stderr.split())


def test_unsure_below_the_threshold(tmp_path, models):
    sure, unsure = shade(tmp_path / "sure.png", 5), shade(tmp_path / "unsure.png", 84)
    lines = call(sure, unsure, "--precision", "0.9").stdout.splitlines()
    assert lines[0].startswith(f"{sure}: dark 0.99")
    assert lines[1].startswith(f"{unsure}: unsure (")
    said = json.loads(call(sure, unsure, "--precision", "0.9", "--json").stdout)
    assert [answer["unsure"] for answer in said] == [False, True]
    assert "unsure" not in json.loads(call(sure, "--json").stdout)[0]


def test_a_precision_that_was_not_shown_is_refused(tmp_path, models):
    result = call(shade(tmp_path / "a.png", 5), "--precision", "0.99")
    assert result.exit_code == 1
    assert "--precision 0.99: not among those" in " ".join(result.stderr.split())
    assert "allowed: 0.9." in " ".join(result.stderr.split())


def test_models_of_an_older_version_say_that_they_cannot_warn(tmp_path, models):
    index = trained.read(paths.MODELS / "tuned")
    trained.write(replace(index, looks=None, thresholds=None), paths.MODELS / "tuned")
    result = call(shade(tmp_path / "a.png", 250))
    assert result.exit_code == 0
    assert "does not say how the training images look" in " ".join(result.stderr.split())


def test_heat_maps_are_written_for_what_could_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.PARAMS.touch()
    model, _ = models_of("compact_cnn", HyperParameters(), (12, 12, 1), 3)
    folder = paths.MODELS / "tuned"
    saving.save(model, trained.model_file(folder, 1))
    seeds = [SeedResult(1, 1.0, 0.1)]
    index = TrainedModels("compact_cnn", 1, "float32", "tensorflow", CLASSES, seeds)
    trained.write(index, folder)
    (tmp_path / "other").mkdir()
    files = [shade(tmp_path / "a.png", 90), shade(tmp_path / "other/a.jpg", 200), "gone.png"]
    assert call(*files, "--heat-map", "heat").exit_code == 1
    assert sorted(path.name for path in Path("heat").iterdir()) == ["a-2.png", "a.png"]
    with Image.open("heat/a.png") as drawn:
        assert drawn.size == (2 * 12 * 18, 12 * 18)


def test_a_network_without_feature_maps_has_no_heat_maps(tmp_path, models):
    result = call(shade(tmp_path / "a.png", 5), "--heat-map", "heat")
    assert result.exit_code == 1
    assert "leave out --heat-map" in result.stderr


def _damage(folder, how):
    file, index = trained.model_file(folder, 7), folder / trained.INDEX
    match how:
        case "another model":
            # As if the baseline's file had been copied here.
            other = keras.Sequential([keras.Input((8, 6, 1)), keras.layers.Flatten()])
            saving.save(other, file)
        case "cut":
            file.write_bytes(file.read_bytes()[:100])
        case "missing":
            file.unlink()
        case "a folder":
            file.unlink()
            file.mkdir()
        case "index cut":
            index.write_bytes(index.read_bytes()[:50])
        case "no seeds":
            index.write_text(json.dumps({**json.loads(index.read_text()), "seeds": []}))
        case "other classes":
            content = {**json.loads(index.read_text()), "classes": ["a", "b"]}
            index.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ("another model", "seed-7.keras: not the model that models/tuned/models.json names"),
        ("cut", "seed-7.keras: not the model"),
        ("missing", "seed-7.keras: no such file"),
        ("a folder", "seed-7.keras: is a directory"),
        ("index cut", "models.json: not valid JSON"),
        ("no seeds", "models.json: no seeds"),
        ("other classes", "seed-7.keras: a model from (8, 6, 1) to (3,); expected"),
    ],
)
def test_a_model_is_used_only_if_it_is_the_one_that_its_index_names(tmp_path, models, how, named):
    _damage(paths.MODELS / "tuned", how)
    result = call(shade(tmp_path / "a.png", 5))
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ") and named in line and "dvc repro" in line


def test_what_a_folder_holds_is_told_by_content_and_what_is_passed_over_is_counted(
    tmp_path, models
):
    (tmp_path / "in" / "album.jpg").mkdir(parents=True)
    inside = shade(tmp_path / "in" / "album.jpg" / "a.png", 250)
    Image.new("L", (30, 20), 250).save(tmp_path / "in" / "b", format="PNG")
    (tmp_path / "in" / "notes.txt").write_text("text")
    (tmp_path / "in" / ".DS_Store").touch()
    result = call(str(tmp_path / "in"), "--json")
    assert result.exit_code == 0
    answered = [answer["file"] for answer in json.loads(result.stdout)]
    assert answered == [inside, str(tmp_path / "in" / "b")]
    assert "passed over, as hidden or no pictures: 2 files in folders, such as" in result.stderr
