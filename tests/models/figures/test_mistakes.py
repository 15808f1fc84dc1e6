import numpy as np
import pytest
from support.splits import write_split

from pipeline.base.files import write_csv
from pipeline.evaluation import scoring
from pipeline.figures import canvas, mistakes


@pytest.fixture
def test_split(tmp_path):
    return write_split(tmp_path / "test", 60, 1)


def judged(split, sure):
    """Predict the class after the actual one, with the probabilities that `sure` gives by index."""
    probabilities = np.full((len(split), 3), 0.05, np.float32)
    probabilities[np.arange(len(split)), split.labels] = 0.9
    for index, probability in sure.items():
        probabilities[index] = (1 - probability) / 2
        probabilities[index, (split.labels[index] + 1) % 3] = probability
    return scoring.predictions(split.labels, probabilities)


def drawn(split, sure, path, monkeypatch):
    figures = []
    with monkeypatch.context() as patch:
        patch.setattr(canvas.plt, "close", figures.append)
        mistakes.draw("tuned", judged(split, sure), split, path)
    canvas.plt.close(figures[0])
    return figures[0]


def test_the_surest_mistake_comes_first_and_of_equals_the_first_image(test_split):
    sure = {3: 0.5, 40: 0.75, 8: 0.5, 21: 0.875}
    assert mistakes.worst_mistakes(judged(test_split, sure)).tolist() == [21, 40, 3, 8]


def test_each_is_shown_with_its_classes_and_probability(test_split, tmp_path, monkeypatch):
    figure = drawn(test_split, {3: 0.5, 40: 0.75}, tmp_path / "mistakes.png", monkeypatch)
    shown = [axes for axes in figure.axes if axes.get_images()]
    actual = [test_split.labels[index] for index in (40, 3)]
    assert [axes.get_title() for axes in shown] == [
        f"#40\nc{actual[0]} as c{(actual[0] + 1) % 3}, 0.75",
        f"#3\nc{actual[1]} as c{(actual[1] + 1) % 3}, 0.50",
    ]
    for axes, index in zip(shown, (40, 3), strict=True):
        image = test_split.images(np.array([index]))[0, ..., 0]
        assert np.array_equal(axes.get_images()[0].get_array(), image)


def test_a_picture_file_is_named_by_the_end_of_its_path(test_split, tmp_path, monkeypatch):
    names = [[n, f"test/a class with a long name/{n}.jpg"] for n in range(len(test_split))]
    write_csv(test_split.folder / "files.csv", ["index", "file"], names)
    figure = drawn(test_split, {40: 0.75}, tmp_path / "mistakes.png", monkeypatch)
    (title,) = [axes.get_title() for axes in figure.axes if axes.get_images()]
    assert title.splitlines()[0] == "… a long name/40.jpg"


def test_more_than_there_is_room_for_and_none_at_all(test_split, tmp_path, monkeypatch):
    many = {index: 0.5 + index / 200 for index in range(30)}
    figure = drawn(test_split, many, tmp_path / "many.png", monkeypatch)
    assert len([axes for axes in figure.axes if axes.get_images()]) == 24
    assert figure.get_suptitle().startswith("tuned: the 24 surest of 30 mistakes in 60 test images")
    figure = drawn(test_split, {}, tmp_path / "none.png", monkeypatch)
    assert figure.get_suptitle() == "tuned: no mistake in 60 test images"
    assert not any(axes.get_images() for axes in figure.axes)
    assert figure.get_figheight() < 1  # no page of white
