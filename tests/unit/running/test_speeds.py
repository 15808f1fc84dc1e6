from pathlib import Path

import pytest

from pipeline.base import paths
from pipeline.running import speeds


@pytest.fixture
def model(workspace, monkeypatch):
    monkeypatch.setattr(paths, "SPEEDS", Path(".state/costs/speeds.jsonl"))
    path = Path("model.keras")
    path.write_bytes(b"a model")
    return path


def test_the_last_time_measured_for_a_model_is_known_by_its_content(model):
    assert speeds.known(model) is None
    for milliseconds in (3.0, 2.5):
        speeds.note(model, milliseconds)
    other = Path("other.keras")
    other.write_bytes(b"another model")
    assert (speeds.known(model), speeds.known(other)) == (2.5, None)
    assert speeds.known(Path("no.keras")) is None


def test_half_a_line_is_passed_over(model):
    speeds.note(model, 2.5)
    with paths.SPEEDS.open("a") as stream:
        stream.write('{"model": "a')
    assert speeds.known(model) == 2.5
    speeds.note(model, 1.5)
    assert speeds.known(model) == 1.5
