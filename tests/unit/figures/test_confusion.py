import warnings

import numpy as np
from PIL import Image

from pipeline.figures import confusion
from pipeline.figures.canvas import caption, path_caption

MATRIX = np.array([[3, 1], [0, 4]])


def drawn(folder, *classes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        confusion.draw(MATRIX, classes, "title", folder / "matrix.png")
    return np.asarray(Image.open(folder / "matrix.png"))


def test_class_names_are_no_formulas(tmp_path):
    drawn(tmp_path, r"$\x$", "5$ to 6$")
    assert caption("5$ to 6$") == r"5\$ to 6\$"


def test_what_cannot_be_seen_in_a_name_is_drawn_as_its_escape(tmp_path):
    drawn(tmp_path, "\x1b[31m\x00\x9b", "a\u202eb\u2028$")
    assert caption("\x1b[31m$\u202e") == r"\x1b[31m\$\u202e"
    assert path_caption("x" * 99 + "\x07.png").endswith(r"x\x07.png")


def test_a_long_name_leaves_room_for_the_matrix(tmp_path):
    shown = drawn(tmp_path, "a" * 80, "b")
    assert (shown == drawn(tmp_path, "a" * 90, "b")).all()
    # The darkest blue of the colour map: the cell of a class that is always recognised.
    dark = (shown[..., :3] == [8, 48, 107]).all(axis=2).sum()
    assert dark > 0.05 * shown.shape[0] * shown.shape[1]


def test_a_name_is_one_line():
    assert caption("two\nlines") == "two lines"


def test_of_many_classes_the_pairs_that_are_confused_most_are_listed(figures, tmp_path):
    matrix = np.diag(np.full(30, 9))
    matrix[3, 7], matrix[5, 2] = 2, 4
    classes = [f"class {number}" for number in range(30)]
    confusion.draw(matrix, classes, "title", tmp_path / "matrix.png")
    (text,) = figures[0].axes[1].texts
    assert [line.split() for line in text.get_text().splitlines()] == [
        ["most", "often", "confused"],
        ["4", "of", "13", "class", "5", "as", "class", "2"],
        ["2", "of", "11", "class", "3", "as", "class", "7"],
    ]


def test_each_row_ends_with_its_recall(figures, tmp_path):
    confusion.draw(MATRIX, ["a", "b"], "title", tmp_path / "matrix.png")
    figures[0].canvas.draw()
    (right,) = figures[0].axes[0].child_axes
    assert [tick.get_text() for tick in right.get_yticklabels()] == ["75%", "100%"]


def test_a_class_without_test_images_has_no_recall(figures, tmp_path):
    confusion.draw(np.array([[3, 1], [0, 0]]), ["a", "b"], "title", tmp_path / "matrix.png")
    figures[0].canvas.draw()
    (right,) = figures[0].axes[0].child_axes
    assert [tick.get_text() for tick in right.get_yticklabels()] == ["75%", ""]
