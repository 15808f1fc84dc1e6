"""The reader of learning curves takes what `train` writes, and nothing else."""

import pytest

from pipeline.base.files import FileError
from pipeline.evaluation import curves

HEAD = "seed,epoch,loss,accuracy,val_loss,val_accuracy\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,-1,1,1,1,1\n", "row 1: epoch = '-1' must not stand there"),
        ("1,0,1,1,1,1\n", "row 1: epoch = '0' must not"),
        ("1,1,1,1,nan,1\n", "row 1: val_loss = 'nan' must not"),
        ("", "no rows"),
    ],
)
def test_other_rows_are_refused(tmp_path, rows, said):
    (tmp_path / "tuned.csv").write_text(HEAD + rows)
    with pytest.raises(FileError, match=said):
        curves.read(tmp_path / "tuned.csv")
