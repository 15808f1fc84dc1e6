"""Leaders are retrained with other seeds and chosen by their means."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from support.project import TINY, write_params
from support.settings import trial

from pipeline.base import code_digest, parsing, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv, sha256, write_json
from pipeline.config import params
from pipeline.search import retraining, tables
from pipeline.search.confirmation import Leaders, confirmed, leaders
from pipeline.search.records import Record
from pipeline.search.selection import Candidate, read_candidates, write_candidates
from pipeline.search.space import search_space
from pipeline.stages import confirm, select
from pipeline.statistics.proportions import standard_error
from pipeline.training.work import EpochRow, Finished, Result

# Dropout 0.30000000000000004 and layers 1 (not 1.0) must come back as they were.
VALUES = {
    "activation": "gelu",
    "dropout": 0.1 * 3,
    "layers": 2,
    "units_1": 32,
    "units_2": 64,
    "optimizer": "adam",
    "adam_learning_rate": 0.0012345678901234567,
    "batch_size": 64,
}
SHAPE = (12, 12, 1)


def candidate(trial, accuracy, architecture="mlp", parameters=100, **values):
    chosen = values or {"units": trial}
    return Candidate(
        architecture, trial, accuracy, 0.01, 0.5, parameters, 10, chosen, "digest", 240, 4
    )


def test_leaders_are_the_best_of_all_architectures_best_first():
    found = [candidate(1, 0.8), candidate(2, 0.9), candidate(1, 0.85, "lenet5")]
    assert [(c.architecture, c.trial) for c in leaders(found, 2)] == [("mlp", 2), ("lenet5", 1)]
    assert len(leaders(found, 9)) == 3


def test_equal_leaders_are_ordered_by_size():
    found = [candidate(1, 0.9, parameters=200), candidate(2, 0.9, parameters=100)]
    assert [c.trial for c in leaders(found, 1)] == [2]


def test_a_configuration_that_hyperband_trained_twice_is_one_leader_with_its_last_score():
    found = [candidate(1, 0.95, units=8), candidate(2, 0.9, units=16), candidate(3, 0.85, units=8)]
    assert [c.trial for c in leaders(found, 2)] == [2, 3]


def test_the_mean_takes_the_place_of_the_score_and_the_gap_is_the_difference():
    leader = confirmed(candidate(3, 0.95), [(0.9, 0.2), (0.88, 0.4)], [], 400)
    assert leader.candidate.val_accuracy == pytest.approx(0.89)
    assert leader.candidate.val_loss == pytest.approx(0.3)
    assert leader.candidate.standard_error == pytest.approx(standard_error(0.89, 400))
    assert leader.optimism_gap == pytest.approx(0.06)
    text = json.dumps({"leaders": [asdict(leader)]}).encode()
    (read,) = parsing.json_of(text, Leaders).leaders
    assert read == replace(leader, val_accuracy=[0.9, 0.88])


def test_fresh_seeds_are_new_and_different():
    spec = trial("mlp", VALUES, 3, 1)
    others = retraining.fresh(spec, 4)
    assert len({spec.seed, *(other.seed for other in others)}) == 5
    assert {(other.epochs, other.stop_below, str(other.values)) for other in others} == {
        (3, (), str(VALUES))
    }


def write_search(*values):
    """Write what a search leaves whose trials had these values; a third one has failed."""
    results = [Result("completed", 0.9, 0.3, 1000, 2000, curve=(EpochRow(1.0, 0.5, 1.0, 0.9),))] * 2
    results.append(Result("failed", reason="no", cause="killed"))
    records = [
        Record(number, trial("mlp", v, 1, 1), Finished(result, False, 1.0))
        for number, (v, result) in enumerate(zip(values, results, strict=False), start=1)
    ]
    code = sha256(paths.ARCHITECTURES / "mlp.py")
    write_candidates(tables.candidates(records, 60, code), paths.CANDIDATES / "mlp.json")
    write_json(paths.ARCHITECTURE_DIGESTS, code_digest.architectures(code_digest.read()))


def test_a_search_gives_back_its_completed_trials_value_for_value(workspace):
    first = {name: VALUES[name] for name in VALUES if name != "units_2"} | {"layers": 1}
    write_search(first, VALUES, VALUES)
    found = read_candidates(["mlp"])
    assert [json.dumps(c.hyperparameters) for c in found] == [
        json.dumps(first),
        json.dumps(VALUES),
    ]
    assert (found[1].trial, found[1].val_accuracy, found[1].parameters) == (2, 0.9, 1000)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a store for all tests: what one has trained, the next need not."""
    return tmp_path_factory.mktemp("state") / "store"


@pytest.fixture
def searched(workspace, splits, store, monkeypatch):
    """Return a workspace in which two trials of mlp have been searched."""
    monkeypatch.setattr(paths, "STORE", store)
    write_params(workspace, TINY | {"select": {"confirm": {"top": 2, "seeds": 2}}})
    for split, folder in zip(splits, (paths.TRAIN, paths.VALIDATION), strict=True):
        shutil.copytree(split.folder, folder)
    small = {name: VALUES[name] for name in VALUES if name != "units_2"} | {"layers": 1}
    write_search(small, VALUES)
    return workspace


def test_a_real_confirmation_changes_the_scores_that_are_chosen_from(searched, capsys):
    confirm.main(params.load())
    entries = json.loads(paths.CONFIRM.read_text())["leaders"]
    assert [len(entry["val_accuracy"]) for entry in entries] == [2, 2]
    select.main(params.load())
    metrics = json.loads((paths.SELECT / "metrics.json").read_text())
    assert set(metrics["optimism_gap"]) == {"mlp-1", "mlp-2"}
    winner = f"mlp-{metrics['chosen']['trial']}"
    assert metrics["chosen"]["optimism_gap"] == metrics["optimism_gap"][winner]
    assert metrics["chosen"]["val_accuracy"] == pytest.approx(0.9 - metrics["optimism_gap"][winner])
    said = capsys.readouterr().out
    assert "optimism gap" in said and "by the means of fresh seeds" in said


def test_what_only_tune_fixed_offers_can_be_confirmed(searched):
    fixed = {"optimizer": "muon"}
    settings = {"tune": {**TINY["tune"], "fixed": {"mlp": fixed}}}
    write_params(searched, TINY | settings | {"select": {"confirm": {"top": 1, "seeds": 1}}})
    values = search_space("mlp", SHAPE, 3, fixed).values
    write_search(values)
    confirm.main(params.load())
    (leader,) = json.loads(paths.CONFIRM.read_text())["leaders"]
    assert len(leader["val_accuracy"]) == 1


def test_without_confirmation_the_choice_is_that_of_the_search(searched):
    write_params(searched, TINY)
    confirm.main(params.load())
    assert json.loads(paths.CONFIRM.read_text()) == {"leaders": []}
    select.main(params.load())
    metrics = json.loads((paths.SELECT / "metrics.json").read_text())
    assert metrics["chosen"]["val_accuracy"] == 0.9
    assert "optimism_gap" not in metrics
    (row, *_) = read_csv(paths.SELECT / "candidates.csv")
    assert row["architecture"] == "mlp"


def test_a_limit_on_parameters_chooses_a_smaller_model_that_the_front_names(searched):
    large = Candidate("mlp", 1, 0.95, 0.01, 0.3, 100_000, 100_000, VALUES, "code", 240, 4)
    small = replace(large, trial=2, val_accuracy=0.9, parameters=8_000, multiply_adds=8_000)
    beaten = replace(small, trial=3, val_accuracy=0.8)
    write_candidates([large, small, beaten], paths.CANDIDATES / "mlp.json")

    def chosen(**changes):
        write_params(searched, TINY | {"select": {"confirm": None, "rule": "best", **changes}})
        confirm.main(params.load())
        select.main(params.load())
        front = read_csv(paths.SELECT / "front.csv")
        assert [(row["trial"], row["parameters"]) for row in front] == [
            ("1", "100000"),
            ("2", "8000"),
        ]
        (row,) = [row for row in front if row["chosen"] == "True"]
        return row["trial"]

    assert chosen() == "1"
    assert chosen(most_parameters=99_999) == "2"
    assert chosen(most_multiply_adds=8_000) == "2"


def test_only_models_within_the_limits_are_retrained(searched):
    limits = {"confirm": {"top": 2, "seeds": 1}, "most_multiply_adds": 1999}
    write_params(searched, TINY | {"select": limits})
    with pytest.raises(ConvoyError, match=r"select\.most_multiply_adds = 1999: none of the 2"):
        confirm.main(params.load())


def test_an_architecture_edited_since_its_search_is_not_retrained(searched):
    path = paths.CANDIDATES / "mlp.json"
    path.write_text(path.read_text().replace('"code_sha256": "', '"code_sha256": "0'))
    with pytest.raises(ConvoyError, match="another version"):
        confirm.main(params.load())


def test_a_leader_with_a_failure_is_not_chosen_and_none_left_is_an_error(searched, monkeypatch):
    fails = {"mlp-2"}
    sum_up = retraining._sum_up

    def fail_some(leader, *rest):
        result = sum_up(leader, *rest)
        return replace(result, failures=["no memory"]) if result.name in fails else result

    monkeypatch.setattr(retraining, "_sum_up", fail_some)
    confirm.main(params.load())
    select.main(params.load())
    assert json.loads((paths.SELECT / "metrics.json").read_text())["chosen"]["trial"] == 1
    fails.add("mlp-1")
    with pytest.raises(ConvoyError, match=r"mlp-2: no memory"):
        confirm.main(params.load())


@pytest.mark.slow
def test_workers_change_nothing(searched, monkeypatch):
    confirm.main(params.load())
    alone = paths.CONFIRM.read_bytes()
    monkeypatch.setattr(paths, "STORE", Path(".state/store"))
    monkeypatch.setenv("CONVOY_WORKERS", "2")
    confirm.main(params.load())
    assert paths.CONFIRM.read_bytes() == alone
