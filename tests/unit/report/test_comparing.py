import json
import os
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.repositories import (
    PARAMS,
    commit,
    git,
    new_repository,
    write_results,
    wrong_models,
)

from pipeline.base.files import write_json
from pipeline.report import alarms, snapshots, wording
from pipeline.report.comparing import compare
from pipeline.report.results import Results, ResultsError
from pipeline.report.snapshots import RevisionError

GOOD = wrong_models(range(2), range(3), range(1, 3))
BAD = wrong_models(range(20, 50), range(20, 52), range(20, 49))
TRAINED_LONGER = {**PARAMS, "train": {"epochs": 12}}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(new_repository(tmp_path))
    return tmp_path


def revisions(repository, write_second):
    write_results(repository, GOOD)
    commit(repository, "base")
    write_second()
    commit(repository, "head")
    return compare(Results(snapshots.revision("HEAD~1")), Results(snapshots.revision("HEAD")))


def test_a_worse_model_is_called_worse(repository):
    report = revisions(repository, lambda: write_results(repository, BAD, params=TRAINED_LONGER))
    assert (report.word, report.verdict.asked) == ("worse", "configurations")
    assert (report.verdict.fixed, report.verdict.broken) == (2, 30)
    assert [(row.key, row.old, row.new) for row in report.params if row.changed] == [
        ("train.epochs", 4, 12)
    ]
    assert [row.actual for row in report.fixed] == ["0", "1"]
    assert report.stale == []


@pytest.mark.parametrize(("parameters", "paired"), [(100, True), (101, False), (None, False)])
def test_models_of_one_architecture_and_size_are_paired_by_seed(repository, parameters, paired):
    def write(models, weights):
        write_results(repository, models)
        metrics = {"test_images": 400, "tuned": {"parameters": weights}}
        write_json(repository / "results/metrics.json", metrics)
        data = json.loads((repository / "results/data.json").read_text())
        data["test"]["shape"] = "8×8×1"
        write_json(repository / "results/data.json", data)

    write(GOOD, 100)
    commit(repository, "base")
    write(BAD, parameters)
    commit(repository, "head")
    report = compare(Results(snapshots.revision("HEAD~1")), Results(snapshots.revision("HEAD")))
    assert report.verdict.paired == paired
    assert (", paired by seed" in wording.sentence(report.verdict)) == paired


def test_stages_are_rerun_or_from_the_cache(repository):
    report = revisions(repository, lambda: write_results(repository, BAD, params=TRAINED_LONGER))
    stages = {stage.name: stage for stage in report.stages}
    assert stages["tune@mlp"].status == "unchanged"
    assert stages["train"].status == "rerun"
    assert stages["train"].because == ["params.yaml: train.epochs"]
    assert stages["evaluate"].because == ["models"]
    assert [(row.trials, row.epochs, row.rerun) for row in report.searches] == [(2, 6, False)]


def test_a_commit_without_new_results_is_equivalent(repository):
    report = revisions(repository, lambda: (repository / "README.md").write_text("hello"))
    assert report.word == "equivalent"
    assert {stage.status for stage in report.stages} == {"unchanged"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"images": "others"}, "the test images differ"),
        ({"classes": [*"abcdefghij"]}, "the class names differ"),
    ],
)
def test_other_test_images_are_not_comparable(repository, changes, reason):
    report = revisions(repository, lambda: write_results(repository, GOOD, **changes))
    assert report.word == "not comparable"
    assert report.reasons == [reason]


def test_a_revision_without_results_is_not_comparable(repository):
    report = revisions(repository, lambda: git(repository, "rm", "-rq", "results"))
    assert report.word == "not comparable"
    assert "no results/predictions.csv" in report.reasons[0]


@pytest.mark.parametrize("name", ["data.json", "classes.csv"])
def test_what_neither_revision_has_cannot_be_taken_for_equal(repository, name):
    write_results(repository, GOOD)
    (repository / "results" / name).unlink()
    commit(repository, "base")
    report = compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))
    assert report.word == "not comparable"
    assert report.reasons[0].endswith(f"has no results/{name}")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            "results/tune/mlp.json",
            '{"architecture": "mlp"}',
            "mlp.json.*trials: field required.*dvc repro",
        ),
        ("results/metrics.json", '{"models": 3}', "metrics.json.*dvc repro"),
        ("results/metrics.json", "[1]", "metrics.json at workspace: .*got a list"),
        ("params.yaml", "- epochs", "params.yaml at workspace: .*got a list"),
        ("results/classes.csv", "model,class\ntuned,0\n", "from 0 to 9, but .* names 1"),
    ],
)
def test_a_file_of_another_version_is_an_error_that_names_it(repository, path, text, said):
    write_results(repository, GOOD)
    (repository / path).write_text(text)
    with pytest.raises(ResultsError, match=said):
        compare(Results(snapshots.workspace()), Results(snapshots.workspace()))


def test_a_file_name_that_is_not_utf8_does_no_harm(repository):
    write_results(repository, GOOD)
    Path(os.fsdecode(b"results/\xff.txt")).touch()
    commit(repository, "base")
    assert (
        compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace())).word
        == "equivalent"
    )


def test_a_pull_request_cannot_bring_its_own_margin(repository):
    generous = {**PARAMS, "evaluate": {"margin": 0.5}}
    report = revisions(repository, lambda: write_results(repository, BAD, params=generous))
    assert (report.word, report.verdict.margin) == ("worse", 0.005)


def test_who_wants_no_loss_fails_what_may_be_one(repository):
    undecided = wrong_models(range(3), range(4), range(2, 4))
    found = revisions(repository, lambda: write_results(repository, undecided))
    assert found.word == "undecided"
    assert alarms.failures(found, ["worse"]) == []
    assert alarms.failures(found, ["maybe-worse"]) == ["a loss beyond the margin is not excluded"]


def test_who_wants_no_loss_fails_one_in_a_class_too(repository):
    others = [image for image in range(30) if image % 10 != 3]
    write_results(repository, wrong_models(others, others, others))
    commit(repository, "base")
    third = range(3, 103, 10)
    write_results(repository, wrong_models(third, third, third))
    found = compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))
    assert (found.worse_classes, found.verdict.not_inferior) == (["3"], True)
    assert alarms.failures(found, ["maybe-worse"]) == ["worse than the base"]


def test_the_same_predictions_are_no_loss(repository):
    found = revisions(repository, lambda: (repository / "README.md").write_text("hello"))
    assert alarms.failures(found, ["worse", "maybe-worse"]) == []


def test_a_margin_may_be_a_fraction(repository):
    written = {**PARAMS, "evaluate": {"margin": "1/100"}}
    write_results(repository, GOOD, params=written)
    commit(repository, "base")
    report = compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))
    assert report.verdict.margin == 0.01


@pytest.mark.parametrize("margin", ["a/b", "1/0", None, 2, [0.1], float("nan"), "1e999999999"])
def test_what_is_no_margin_is_an_error_that_names_it(repository, margin):
    write_results(repository, GOOD, params={**PARAMS, "evaluate": {"margin": margin}})
    with pytest.raises(ResultsError, match=r"evaluate\.margin = .* in params\.yaml at workspace"):
        compare(Results(snapshots.workspace()), Results(snapshots.workspace()))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("pipeline/mlp.py", "edited", ["tune@mlp: pipeline/mlp.py changed"]),
        ("results/metrics.json", "{}", ["evaluate: results/metrics.json is not what the stage"]),
        (
            "results/tune/mlp.json",
            "{}",
            ["tune@mlp: results/tune/mlp.json is not what", "train: results/tune changed"],
        ),
        ("params.yaml", None, ["train: train in params.yaml changed"]),
    ],
)
def test_results_that_do_not_belong_to_the_code_are_named(repository, path, text, expected):
    def edit():
        file = repository / path
        old = file.read_text()
        file.write_text(old.replace("epochs: 4", "epochs: 5") if text is None else text)

    report = revisions(repository, edit)
    assert len(report.stale) == len(expected)
    for line, start in zip(report.stale, expected, strict=True):
        assert line.startswith(start)


def test_a_stage_that_never_ran_is_named(repository):
    def edit():
        params = repository / "params.yaml"
        params.write_text(params.read_text().replace("- mlp", "- mlp\n- lenet5"))

    report = revisions(repository, edit)
    assert "tune@lenet5: it never ran" in report.stale


def test_the_workspace_is_compared_as_it_is(repository):
    write_results(repository, GOOD)
    commit(repository, "base")
    write_results(repository, BAD)
    report = compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))
    assert (report.head, report.word) == ("workspace", "worse")


def test_an_unknown_revision_says_how_to_fetch_it(repository):
    with pytest.raises(RevisionError, match="git fetch --depth=1 origin nowhere:nowhere"):
        snapshots.revision("nowhere")


@pytest.mark.parametrize("by_hash", [False, True])
def test_what_is_advised_for_a_shallow_clone_works(repository, tmp_path, monkeypatch, by_hash):
    for number, branch in ((4, "other"), (6, "main")):
        git(repository, "checkout", "-qB", branch)
        write_results(repository, wrong_models(range(number)))
        commit(repository, branch)
    name = git(repository, "rev-parse", "other") if by_hash else "other"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "clone")
    monkeypatch.chdir(tmp_path / "clone")
    with pytest.raises(RevisionError) as caught:
        snapshots.revision(name)
    git(tmp_path / "clone", *str(caught.value).partition(": git ")[2].split())
    assert "results/predictions.csv" in snapshots.revision(name).files


@pytest.mark.parametrize("name", ["..", "../../evil"])
def test_a_path_that_leads_out_of_the_revision_is_refused(repository, name):
    write_results(repository, GOOD)
    commit(repository, "base")
    blob = git(repository, "rev-parse", "HEAD:dvc.yaml")
    entries = {"results": [("100644", name, blob)], "": []}
    tree = ""
    for folder in ("results", ""):
        made = b"".join(
            f"{mode} {path}\0".encode() + bytes.fromhex(sha) for mode, path, sha in entries[folder]
        )
        (repository / "made").write_bytes(made)
        tree = git(repository, "hash-object", "-w", "-t", "tree", "--literally", "made")
        entries[""] = [("40000", "results", tree)]
    sha = git(repository, "commit-tree", "-m", "forged", tree)
    with pytest.raises(RevisionError, match="a file outside its folder: 'results/"):
        snapshots.revision(sha)


def test_half_a_file_is_an_error_that_names_it(repository):
    write_results(repository, GOOD)
    commit(repository, "base")
    (repository / "results/metrics.json").write_text('{"test_images": ')
    with pytest.raises(ResultsError, match=r"results/metrics\.json at workspace"):
        compare(Results(snapshots.revision("HEAD")), Results(snapshots.workspace()))


def test_what_auto_stands_for_is_compared_and_named_as_the_reason(repository):
    def write(epochs):
        """Write results of parameters that are `auto`, as DVC notes them down."""
        automatic = {**PARAMS, "train": {"epochs": "auto"}}
        write_results(repository, GOOD, params=automatic)
        chosen = {"train": {"epochs": epochs}, "because": {"train.epochs": "1,500 steps"}}
        write_json(repository / "results/settings.json", chosen)
        lock = YAML().load(repository / "dvc.lock")
        lock["stages"]["train"]["params"]["results/settings.json"] = {"train": chosen["train"]}
        YAML().dump(lock, repository / "dvc.lock")

    write(6)
    commit(repository, "base")
    old = Results(snapshots.revision("HEAD"))
    write(36)
    report = compare(old, Results(snapshots.workspace()))
    assert [(row.key, row.old, row.new) for row in report.params if row.changed] == [
        ("train.epochs", 6, 36)
    ]
    (train,) = [stage for stage in report.stages if stage.name == "train"]
    assert train.because == ["results/settings.json: train.epochs"]
