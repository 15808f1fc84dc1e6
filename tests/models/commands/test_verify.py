import csv
import io

import numpy as np
import pytest
from support.predictions import written

from pipeline.base.errors import ConvoyError
from pipeline.commands import verify
from pipeline.commands.verify import VerifyError
from pipeline.evaluation import predictions
from pipeline.report.snapshots import Snapshot

HERE = Snapshot("HEAD", "1234567", {})


def table():
    _, text = written(n=100, seeds=2)
    rows = list(csv.reader(io.StringIO(text)))
    return dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True)), text.encode()


def test_the_same_predictions_are_verified(capsys):
    again, committed = table()
    found = verify.compare(again, committed)
    assert found.exact
    assert (found.images, set(found.agreement.values())) == (100, {1.0})
    verify.show(found, HERE)
    assert "4 models on 100 test images" in capsys.readouterr().out


def test_last_digits_are_told_from_other_classes(capsys):
    again, committed = table()
    again["tuned_loss"][3] = str(float(again["tuned_loss"][3]) + 0.001)
    found = verify.compare(again, committed)
    assert not found.exact
    verify.show(found, HERE)
    said = capsys.readouterr().out
    assert "probabilities are at most 0.00" in said
    assert "every class is the committed one" in said


@pytest.mark.parametrize(("column", "value"), [("tuned_loss", "16.1"), ("tuned_probability", "9")])
def test_committed_probabilities_that_were_made_up_are_an_error(column, value):
    again, committed = table()
    again[column][3] = value
    with pytest.raises(VerifyError, match="do not give the committed predictions"):
        verify.show(verify.compare(again, committed), HERE)


def test_committed_labels_that_make_mistakes_right_are_refused():
    again, committed = table()
    again["actual"] = list(again["tuned_predicted"])
    with pytest.raises(VerifyError, match="actual classes"):
        verify.compare(again, committed)


def test_other_classes_are_an_error_with_the_share_that_agrees(capsys):
    again, committed = table()
    again["tuned_seed1"][:3] = ["11", "11", "11"]
    found = verify.compare(again, committed)
    assert found.agreement["tuned_seed1"] == pytest.approx(0.97)
    with pytest.raises(VerifyError, match="do not give the committed predictions"):
        verify.show(found, HERE)
    assert "tuned_seed1: 97.0000% of the classes agree" in capsys.readouterr().out


def test_other_images_or_models_are_refused():
    again, committed = table()
    with pytest.raises(VerifyError, match="other columns, rows"):
        verify.compare({**again, "tuned_seed9": again["tuned_seed1"]}, committed)
    with pytest.raises(VerifyError, match="other columns, rows"):
        verify.compare({key: values[:-1] for key, values in again.items()}, committed)


def test_without_committed_predictions_it_says_what_to_do():
    with pytest.raises(VerifyError, match=r"predictions\.csv is not in 1234567: run `dvc repro`"):
        verify.verify(HERE)


def test_threads_are_read_where_params_yaml_leaves_them_to_the_pipeline():
    files = {
        "params.yaml": b"train: {threads: auto}",
        "results/predictions.csv": b"",
    }
    with pytest.raises(VerifyError, match=r"settings\.json of 1234567 has no value for it"):
        verify.verify(Snapshot("HEAD", "1234567", files))


@pytest.mark.parametrize("content", [b"", b"\xff", b"index,actual\n1\n", b"index,actual\n1,2\n"])
def test_a_damaged_table_is_named_before_any_model_runs(monkeypatch, content):
    monkeypatch.setattr(verify.backend, "start", lambda threads: pytest.fail("too late"))
    files = {"params.yaml": b"train: {threads: 1}", "results/predictions.csv": content}
    with pytest.raises(ConvoyError, match=r"results/predictions\.csv at 1234567: "):
        verify.verify(Snapshot("HEAD", "1234567", files))


def test_numbers_in_the_table_do_not_depend_on_their_type():
    models, text = written(n=10, seeds=2)
    probability = {name: np.full(10, 0.5) for name in models}
    fresh = predictions.columns(models, probability, {name: [1, 2] for name in models})
    found = verify.compare(fresh, text.encode())
    assert set(found.agreement.values()) == {1.0}
