import numpy as np
import pytest
from support.predictions import written

from pipeline.evaluation import predictions
from pipeline.evaluation.predictions import PredictionsError


@pytest.mark.parametrize("files", [None, [f'cat, "big"/{i}.png' for i in range(50)]])
def test_what_is_written_is_read(files):
    models, text = written(files=files)
    assert text.startswith("index,file,actual," if files else "index,actual,")
    for name, before in models.items():
        after, _ = predictions.parse(text, name, "here")
        assert np.array_equal(after.actual, before.actual)
        assert np.array_equal(after.released, before.released)
        assert np.array_equal(after.seeds, before.seeds)
        assert after.loss == pytest.approx(before.loss, abs=5.1e-5)


def test_ten_thousand_images_and_five_seeds_stay_small():
    _, text = written(n=10_000, seeds=5)
    assert len(text) < 700_000


def test_an_older_table_is_an_error_that_says_what_to_do():
    with pytest.raises(PredictionsError, match=r"old\.csv: no column tuned_loss.*dvc repro"):
        predictions.parse(
            "index,actual,tuned_predicted,tuned_probability,tuned_seed1\n0,1,1,0.5,1\n",
            "tuned",
            "old.csv",
        )


def test_a_broken_cell_is_an_error():
    _, text = written(n=2)
    with pytest.raises(PredictionsError, match="here: could not convert"):
        predictions.parse(text.replace("\n0,", "\n0,zero", 1), "tuned", "here")
