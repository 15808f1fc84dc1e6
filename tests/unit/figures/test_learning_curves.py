import pytest

from pipeline.figures import learning_curves


def rows(*seeds):
    """Write one row an epoch and seed; the seeds' values are those of the first, and 0.2 more."""
    return [
        {
            "seed": str(seed),
            "epoch": str(epoch),
            "loss": str(1 / epoch + 0.2 * number),
            "accuracy": str(0.5 + 0.1 * epoch),
            "val_loss": str(2 / epoch + 0.2 * number),
            "val_accuracy": str(0.4 + 0.1 * epoch),
        }
        for number, seed in enumerate(seeds)
        for epoch in (1, 2, 4)
    ]


@pytest.fixture
def axes(figures, tmp_path):
    """Draw two models, of two seeds and of one; return the axes by their title."""
    curves = {"tuned": rows(7, 3), "baseline": rows(1)}
    learning_curves.draw(curves, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    return {f"{axes.get_title()}: {axes.get_ylabel()}": axes for axes in figures[0].axes}


def lines(axes):
    return [(line.get_xdata(), line.get_ydata(), line.get_label()) for line in axes.get_lines()]


def test_there_is_a_line_a_seed_and_a_thick_one_for_their_mean(axes):
    assert list(axes) == ["tuned: loss", "baseline: loss", "tuned: accuracy", "baseline: accuracy"]
    drawn = axes["tuned: loss"].get_lines()
    assert [line.get_linewidth() for line in drawn] == [0.6, 0.6, 2, 0.6, 0.6, 2]
    first, second, mean = (line.get_ydata() for line in drawn[:3])
    assert list(drawn[0].get_xdata()) == [1, 2, 4]
    assert list(first) == pytest.approx([1, 0.5, 0.25])
    assert list(second) == pytest.approx([1.2, 0.7, 0.45])
    assert list(mean) == pytest.approx([1.1, 0.6, 0.35])


def test_training_and_validation_are_told_apart(axes):
    for each in axes.values():
        legend = [text.get_text() for text in each.get_legend().get_texts()]
        assert legend == ["train", "validation"]
    means = [line for line in axes["baseline: accuracy"].get_lines() if line.get_linewidth() == 2]
    assert {line.get_label(): line.get_ydata()[0] for line in means} == pytest.approx(
        {"train": 0.6, "validation": 0.5}
    )
    assert means[0].get_color() != means[1].get_color()
    assert means[0].get_linestyle() != means[1].get_linestyle()


def test_both_models_have_the_same_scale_so_that_they_can_be_compared(axes):
    for quantity in ("loss", "accuracy"):
        left, right = (axes[f"{name}: {quantity}"].get_ylim() for name in ("tuned", "baseline"))
        assert left == right
    low, high = axes["baseline: loss"].get_ylim()
    assert low < 0.25 and high > 2.2
