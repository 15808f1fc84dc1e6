"""Results of this workspace that are damaged: the same answer, or one line of error."""

import os
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.damage import damaged
from support.project import ROOT
from support.runs import write_run

from pipeline.base import code_digest, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import write_json
from pipeline.config import params
from pipeline.evaluation import summary
from pipeline.page import command
from pipeline.report import snapshots
from pipeline.running import guard
from pipeline.search.columns import read_trials
from pipeline.search.confirmation import confirmed
from pipeline.search.selection import Candidate, write_candidates
from pipeline.stages import select
from pipeline.stages import settings as settings_stage
from pipeline.training import specification, trained
from pipeline.training.trained import SeedResult, TrainedModels

EXAMPLES = int(os.environ.get("EXAMPLES", 25))
NAME = "compact_cnn"
CANDIDATES = paths.CANDIDATES / f"{NAME}.json"
CODE = paths.code("select")
PICTURES = {"width": 20.0, "height": 20.0, "coloured": True, "image_size": 32}


def page():
    command._elsewhere(snapshots.workspace())  # where there are no models


# What reads, and the files that it reads.
READERS = {
    "summary": (
        summary.show,
        paths.METRICS,
        paths.DATA_REPORT,
        paths.SETTINGS,
        CANDIDATES,
        paths.LEARNING_CURVES / "tuned.csv",
        paths.MODELS / "tuned/models.json",
    ),
    "select": (
        lambda: select.main(params.load()),
        paths.CONFIRM,
        CANDIDATES,
        paths.ARCHITECTURE_DIGESTS,
        paths.SETTINGS,
    ),
    "settings": (lambda: settings_stage.main(params.load()), paths.DATA_REPORT),
    "page": (
        page,
        paths.METRICS,
        paths.DATA_REPORT,
        paths.SETTINGS,
        paths.PREDICTIONS,
        paths.CLASSES,
        paths.LEARNING_CURVES / "tuned.csv",
        paths.TRIALS / f"{NAME}.csv",
        paths.SELECT / "candidates.csv",
        paths.SELECT / "tuned.json",
        paths.SEARCH / f"{NAME}.csv",
        Path("dvc.lock"),
    ),
    "trials": (lambda: read_trials(paths.TRIALS / f"{NAME}.csv"), paths.TRIALS / f"{NAME}.csv"),
    "specification": (
        lambda: specification.read(paths.SELECT / "tuned.json"),
        paths.SELECT / "tuned.json",
    ),
    "guard": (lambda: guard.Guard("select").check(), paths.PIPELINE, paths.SETTINGS, CODE),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Write all results of a run that those above read."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "pipeline").symlink_to(ROOT / "pipeline")
        write_run(folder, ["cat", "dog"], 10)
        codes = code_digest.architectures(code_digest.loaded())
        found = [
            Candidate(
                NAME, n, 0.9 - n / 100, 0.01, 0.3, 100 * n, 9, {"filters": n}, codes[NAME], 240, 4
            )
            for n in (1, 2, 3)
        ]
        write_candidates(found, CANDIDATES)
        leader = confirmed(found[0], [(0.9, 0.3), (0.8, 0.4)], [], 100)
        write_json(paths.CONFIRM, {"leaders": [asdict(leader)]})
        write_json(paths.ARCHITECTURE_DIGESTS, codes)
        settings_stage.main(params.load())
        write_json(CODE, code_digest.entry(code_digest.loaded(), "select"))
        models = paths.MODELS / "tuned"
        models.mkdir(parents=True)
        trained.model_file(models, 1).write_bytes(b"weights")
        index = TrainedModels(
            NAME, 9, "float32", "tensorflow", ["cat", "dog"], [SeedResult(1, 0.9, 0.1)]
        )
        trained.write(index, models)
        select.main(params.load())
        yield folder


# The page takes a second and more.
SLOW = [pytest.param(name, marks=pytest.mark.slow) if name == "page" else name for name in READERS]


@pytest.mark.parametrize("reader", SLOW)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 25,
    # What fails is small already; to make it smaller would take minutes.
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_damaged_results_are_used_as_they_are_or_refused_in_words(results, reader, data):
    read, *files = READERS[reader]
    file = data.draw(st.sampled_from(files))
    sound = file.read_bytes()
    try:
        file.write_bytes(damaged(data.draw, file.name, sound))
        read()
    except ConvoyError as error:
        assert str(error)
    finally:
        file.write_bytes(sound)


@pytest.mark.parametrize("reader", READERS)
def test_missing_results_are_named(results, reader):
    read, *files = READERS[reader]
    read()
    for file in files:
        sound = file.read_bytes()
        file.unlink()
        try:
            read()
        except ConvoyError as error:
            assert file.name in str(error)
        finally:
            file.write_bytes(sound)
