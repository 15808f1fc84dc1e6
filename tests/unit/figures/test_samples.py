import numpy as np
import pytest

from pipeline.data.gathering import gather
from pipeline.data.source import Part, Source
from pipeline.figures import samples

PER_CLASS = 12
GAP = 1


@pytest.fixture
def gathered(tmp_path):
    """Gather 12 images of each of 3 classes; image i is all of grey i."""
    labels = np.arange(3 * PER_CLASS) % 3
    images = np.arange(len(labels), dtype=np.uint8).repeat(4 * 5).reshape(-1, 4, 5, 1)
    source = Source(("ant", "bee", "cow"), Part(len(labels), lambda: iter([(labels, images)])))
    return gather(source, tmp_path / "pixels", skip=False)


def wall(figure):
    """Return the one picture of all images, [rows, columns], as the grey of each tile."""
    (shown,) = figure.axes[0].get_images()
    return np.asarray(shown.get_array())[:: 4 + GAP, :: 5 + GAP]


def test_each_class_has_a_row_of_its_chosen_images(gathered, figures, tmp_path):
    chosen = np.ones(len(gathered), bool)
    chosen[[0, 4]] = False
    chosen[np.arange(8, 36, 3)] = False  # leaves two cows
    samples.draw(gathered, chosen, ["ant", "bee", "cow"], tmp_path / "samples.png")
    ants, bees, cows = wall(figures[0]).tolist()
    assert ants == [*range(3, 33, 3)]
    assert bees == [1, *range(7, 34, 3)]
    assert cows == [2, 5] + [255] * 8
    assert [text.get_text() for text in figures[0].axes[0].texts] == ["ant", "bee", "cow"]


def test_of_many_classes_the_first_are_shown_and_the_rest_counted(gathered, figures, tmp_path):
    classes = ["ant", "bee", "cow", *(f"none {n}" for n in range(40))]
    samples.draw(gathered, np.ones(len(gathered), bool), classes, tmp_path / "samples.png")
    assert len(wall(figures[0])) == len(figures[0].axes[0].texts) == samples.MOST_CLASSES
    assert figures[0].axes[0].get_title() == "training images (and 18 more classes)"
