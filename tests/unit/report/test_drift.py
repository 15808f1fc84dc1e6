"""The judgement against a pinned reference, in real repositories."""

import json

import pytest
from support.repositories import PARAMS, commit, git, new_repository, write_results, wrong_models
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.page.comparison import as_html
from pipeline.report import alarms, drift, rendering, snapshots
from pipeline.report.comparing import compare
from pipeline.report.results import Results, ResultsError
from pipeline.report.snapshots import RevisionError


def models(wrong, first=20):
    return wrong_models(*(range(first + by, first + by + wrong) for by in (0, 2, 4)))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Make a history in which every step is small, and all of them together are not."""
    monkeypatch.chdir(new_repository(tmp_path))
    for wrong, tag in ((4, "v1"), (10, None), (14, None)):
        write_results(tmp_path, models(wrong))
        commit(tmp_path, "a little worse")
        if tag:
            git(tmp_path, "tag", tag)
    return tmp_path


def revisions(base="HEAD"):
    return Results(snapshots.revision(base)), Results(snapshots.workspace())


def report(asked=None, base="HEAD"):
    old, new = revisions(base)
    return drift.add(compare(old, new), old, new, asked)


def test_small_losses_that_add_up_are_said_in_the_first_lines(repository):
    write_results(repository, models(18, 120))
    found = report()
    assert (found.word, found.reference.word) == ("undecided", "worse")
    (warning,) = alarms.warnings(found)
    start = (
        "Undecided against the base, but worse than v1 by 3.5 points of accuracy (95 % interval −"
    )
    assert warning.startswith(start)
    assert warning.endswith("): small losses have added up.")
    heading, _, block, first = rendering.as_markdown(found).splitlines()[1:5]
    assert heading.startswith("## ⚠️ Undecided, with a warning: test accuracy")
    assert (block, first) == ("> [!CAUTION]", f"> {warning}")
    page = as_html(found, *revisions())
    assert page.index(warning) < page.index("Test accuracy")
    assert json.loads(rendering.as_json(found))["warnings"] == [warning]


def test_a_check_fails_on_what_has_added_up(repository):
    write_results(repository, models(18, 120))
    done = CliRunner().invoke(app, ["report", "--base=HEAD", "--fail-on=worse"])
    assert done.exit_code == 2
    assert "worse than v1 by 3.5 points of accuracy" in done.output
    assert CliRunner().invoke(app, ["report", "--base=HEAD", "--fail-on=leak"]).exit_code == 0


@pytest.mark.parametrize("wrong", [14, 0])
def test_nobody_is_blamed_for_what_others_have_merged(repository, wrong):
    write_results(repository, models(22))
    commit(repository, "already worse than v1")
    write_results(repository, models(22 if wrong else 9))
    found = report()
    assert (found.word, found.reference.word) == ("equivalent" if wrong else "better", "worse") or (
        not wrong and found.reference.word == "undecided"
    )
    assert alarms.failures(found, ["worse"]) == []
    assert alarms.warnings(found) == []
    assert "v1" in alarms.remarks(found)[0]


def test_where_both_agree_nothing_is_said(repository):
    write_results(repository, models(80))
    found = report()
    assert (found.word, found.reference.word) == ("worse", "worse")
    assert alarms.warnings(found) == []
    assert not any("v1" in line for line in alarms.remarks(found))


def test_the_last_tag_with_results_before_the_base_is_the_reference(repository):
    git(repository, "rm", "-rq", "results")
    commit(repository, "no results")
    git(repository, "tag", "-a", "v2-empty", "-m", "no results")
    write_results(repository, models(14))
    commit(repository, "results again")
    git(repository, "checkout", "-qb", "later")
    (repository / "notes.md").write_text("later")
    commit(repository, "later")
    git(repository, "tag", "v3-later")
    assert report(base="main").reference.name == "v1"
    assert report(base="v1").reference is None  # it is the base itself
    git(repository, "tag", "-d", "v1")
    assert report(base="main").reference is None


def test_the_base_names_the_reference_and_the_head_cannot(repository):
    pinned = {**PARAMS, "evaluate": {"margin": 0.005, "reference": "HEAD~2"}}
    own = {**PARAMS, "evaluate": {"margin": 0.5, "reference": "HEAD"}}
    write_results(repository, models(14), params=pinned)
    commit(repository, "pinned")
    write_results(repository, models(18, 120), params=own)
    found = report()
    commit_of = git(repository, "rev-parse", "--short=7", "HEAD~2")
    assert (found.reference.name, found.reference.commit) == ("HEAD~2", commit_of)
    assert found.reference.verdict.margin == 0.005
    assert report("v1").reference.name == "v1"


@pytest.mark.parametrize("name", ["--upload-pack=x", "-1", "v9; x", "$(x)", ""])
def test_no_command_is_advised_that_would_do_something_else(repository, name):
    with pytest.raises(RevisionError) as caught:
        report(name)
    assert "git fetch" not in str(caught.value)


def test_a_reference_that_is_not_here_is_an_error_or_fails_the_check(repository):
    with pytest.raises(RevisionError, match="v9: no such revision here"):
        report("v9")
    pinned = {**PARAMS, "evaluate": {"margin": 0.005, "reference": "v9"}}
    write_results(repository, models(14), params=pinned)
    commit(repository, "pinned")
    found = report()
    assert alarms.warnings(found)[0].startswith("Not judged against the reference v9: v9: no such")
    assert alarms.failures(found, ["worse"]) == [alarms.warnings(found)[0][:-1].replace("N", "n")]


@pytest.mark.parametrize("reference", [3, ["v1"], "", {"a": 1}])
def test_what_is_no_reference_is_an_error_that_names_it(repository, reference):
    wrong = {**PARAMS, "evaluate": {"margin": 0.005, "reference": reference}}
    write_results(repository, models(14), params=wrong)
    commit(repository, "wrong")
    with pytest.raises(ResultsError, match=r"evaluate\.reference = .* in params\.yaml at .*null"):
        report()


def test_a_reference_on_other_test_images_is_said_and_fails_nothing(repository):
    write_results(repository, models(14), images="others")
    commit(repository, "other images")
    write_results(repository, models(16), images="others")
    found = report()
    assert "not comparable with v1: the test images differ" in alarms.remarks(found)[0]
    assert alarms.failures(found, ["worse"]) == []


def test_the_name_of_a_tag_is_shown_and_not_obeyed(repository):
    git(repository, "tag", "-d", "v1")
    git(repository, "tag", "<img/src=x>@everyone`#12", "HEAD~2")
    write_results(repository, models(18, 120))
    found = report()
    markdown = rendering.as_markdown(found)
    assert "@everyone" not in markdown and "#12" not in markdown and "<img" not in markdown
    page = as_html(found, *revisions())
    assert "<img/src" not in page
