import json

import pytest

from pipeline.base import code_digest, paths
from pipeline.report.freshness import stale
from pipeline.report.results import Results
from pipeline.report.snapshots import Snapshot

DVC_YAML = b"stages: {code: {cmd: x, deps: [pipeline], outs: [results/code]}}"
DVC_LOCK = b"stages: {code: {cmd: x}}"


def lines(edited):
    """Return what is stale if one file of `pipeline/` was edited since stage `code` ran."""
    sources = code_digest.read()
    recorded = {
        paths.code(stage): code_digest.entry(sources, stage)
        for stage in code_digest.stages(sources)
    } | {paths.ARCHITECTURE_DIGESTS: code_digest.architectures(sources)}
    files = {path.as_posix(): json.dumps(entry).encode() for path, entry in recorded.items()}
    files |= {"dvc.yaml": DVC_YAML, "dvc.lock": DVC_LOCK, **sources}
    assert edited in files
    files[edited] += b"\n# edited\n"
    return stale(Results(Snapshot("head", "1234567", files)))


@pytest.mark.parametrize(
    ("edited", "stages"),
    [
        ("pipeline/running/costs.py", set()),  # watches a stage, and affects no output
        ("pipeline/stages/__main__.py", set()),
        ("pipeline/report/results.py", set()),
        ("pipeline/evaluation/yardsticks.py", {"evaluate"}),
        # The baseline may be an architecture that is not searched.
        ("pipeline/architectures/simple_cnn.py", {"select"}),
    ],
)
def test_an_edit_of_code_makes_the_stages_stale_that_run_it(edited, stages):
    assert {line.partition(":")[0] for line in lines(edited)} == stages
    assert all(line.endswith(f"{edited} changed") for line in lines(edited))
