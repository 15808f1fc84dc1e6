"""Copies of test images in training, forged scores and changed seeds in a report's first lines."""

import json
import re

import pytest
from support.repositories import PARAMS, commit, new_repository, write_results, wrong_models

from pipeline.base.files import write_json
from pipeline.page.comparison import as_html
from pipeline.report import alarms, rendering, snapshots
from pipeline.report.comparing import compare
from pipeline.report.results import Results

BAD = wrong_models(range(20, 60), range(20, 62), range(20, 59))
GOOD = wrong_models(range(2), range(3), range(1, 3))


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Compare a base with what is written after it."""
    monkeypatch.chdir(new_repository(tmp_path))

    def build(copies=(), before=(), edit=lambda _: None, params=PARAMS):
        write_results(tmp_path, BAD, copies=before)
        commit(tmp_path, "base")
        write_results(tmp_path, GOOD, copies=copies, params=params)
        edit(tmp_path)
        return compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))

    return build


def top(report, lines=6):
    return "\n".join(rendering.as_markdown(report).splitlines()[:lines])


def test_copies_of_test_images_in_training_stand_above_a_better(report):
    found = report({"exact_test_in_train": 300})
    assert found.word == "better"
    assert "✅" not in top(found)
    said = "300 of 400 test images have an exact copy in training (0 in the base)"
    assert said in top(found)
    page = as_html(found, Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))
    assert page.index(said) < page.index("Test accuracy")
    content = json.loads(rendering.as_json(found))
    assert said in content["warnings"][0]
    assert {**content["leaks"][0], "what": ""} == {
        "key": "exact_test_in_train",
        "what": "",
        "old": 0,
        "new": 300,
        "images": 400,
    }
    assert said in alarms.failures(found, ["leak"])[0]
    assert alarms.failures(found, ["worse", "near-leak"]) == []


def test_counts_are_shown_old_and_new_and_as_many_as_before_fail_nothing(report):
    found = report({"exact_test_in_train": 3}, {"exact_test_in_train": 3})
    assert top(found).count("✅ Better") == 1
    assert "exact copy in training: 3; near duplicate in training: 9." in rendering.as_markdown(
        found
    )
    assert alarms.failures(found, ["leak", "near-leak"]) == []


def test_near_duplicates_are_shown_and_fail_only_if_asked(report):
    found = report({"near_test_in_train": 12})
    assert "near duplicate in training: 9 → 12." in rendering.as_markdown(found)
    assert "✅ Better" in top(found)
    assert alarms.failures(found, ["worse", "leak"]) == []
    assert "12 of 400 test images have a near" in alarms.failures(found, ["near-leak"])[0]


@pytest.mark.parametrize("count", [None, -300, "many"])
def test_a_count_that_is_gone_is_no_count_of_zero(report, count):
    def edit(folder):
        path = folder / "results/data.json"
        content = json.loads(path.read_text())
        if count is None:
            del content["duplicates"]
        elif isinstance(count, int):
            content["duplicates"]["exact_test_in_train"] = count
        else:
            content["duplicates"] = {"exact_test_in_train": 0}
            del content["duplicates"]["exact_test_in_train"]
        write_json(path, content)

    found = report(edit=edit)
    assert "no longer says how many test images have an exact copy in training" in top(found)
    assert len(alarms.failures(found, ["leak"])) == 1


def test_scores_that_the_predictions_do_not_give_are_said_in_the_first_lines(report):
    def edit(folder):
        forged = {"test_images": 400, "tuned": {"accuracy": 0.9999}}
        write_json(folder / "results/metrics.json", forged)

    found = report(edit=edit)
    assert "⚠️ Better, with a warning" in top(found)
    said = re.sub(r"\\", "", top(found))
    assert "accuracy is 0.9999, but the predictions give 0.995" in said


def test_that_the_numbers_are_the_authors_is_said_near_the_top(report):
    found = report({"exact_test_in_train": 300})
    assert "The numbers are those that the author has committed" in top(found, 9)


def test_changed_seeds_are_said(report):
    seeds = {**PARAMS, "train": {"epochs": 4, "seeds": [7, 8, 9]}}
    found = report(params=seeds)
    said = (
        "The seeds (train.seeds) changed from – to 7, 8, 9: of several sets of seeds the luckiest"
    )
    assert said in alarms.remarks(found)[0]
    assert said in rendering.as_markdown(found)
