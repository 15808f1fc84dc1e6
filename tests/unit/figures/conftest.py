import pytest

from pipeline.figures import canvas


@pytest.fixture
def figures(monkeypatch):
    """Return the figures that are drawn, as Matplotlib has them when they are saved."""
    drawn = []
    monkeypatch.setattr(canvas.plt, "close", drawn.append)
    yield drawn
    monkeypatch.undo()
    for figure in drawn:
        canvas.plt.close(figure)
