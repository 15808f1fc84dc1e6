"""A revision may be anybody's: whatever is in its files, there is a report or one line of error."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.damage import damaged
from support.repositories import write_results, wrong_models

from pipeline.base.errors import ConvoyError
from pipeline.report import rendering, snapshots
from pipeline.report.comparing import compare
from pipeline.report.results import Results

READ = [
    "dvc.lock",
    "dvc.yaml",
    "params.yaml",
    "data/images.dvc",
    *(
        f"results/{name}"
        for name in ("classes.csv", "data.json", "metrics.json", "predictions.csv")
    ),
    "results/select/tuned.json",
    "results/settings.json",
    "results/trials/mlp.csv",
    "results/tune/mlp.json",
]
EXAMPLES = int(os.environ.get("EXAMPLES", 100))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("revision")
    write_results(folder, wrong_models(range(2), range(3)))
    (folder / "data").mkdir()
    (folder / "data/images.dvc").write_text("outs:\n- md5: 0123.dir\n  path: images\n")
    (folder / "results/settings.json").write_text(
        '{"train": {"epochs": 4}, "because": {"train.epochs": "few"}}'
    )
    return dict(snapshots.workspace(folder).files)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 100)
@given(data=st.data(), path=st.sampled_from(READ))
def test_a_damaged_revision_is_reported_on_or_refused(files, data, path):
    content = damaged(data.draw, path, files[path])
    head = Results(snapshots.Snapshot("head", "1" * 40, {**files, path: content}))
    base = Results(snapshots.Snapshot("base", "2" * 40, files))
    try:
        report = compare(base, head)
        rendering.as_markdown(report)
        rendering.as_json(report)
    except ConvoyError as error:
        assert str(error)
