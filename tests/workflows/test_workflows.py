"""Every step of the workflows, run against a bare "origin", two branches and a shallow clone."""

import json
import shutil
import stat
import sys
import tomllib

import pytest
from ruamel.yaml import YAML
from support import toy_pipeline
from support.project import ROOT
from support.pull_requests import pull_request, script, shallow, text_alone, worse
from support.repositories import git

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def steps(workflow):
    for job in YAML(typ="safe").load(workflow)["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_step_is_a_script_of_this_repository(workflow):
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    assert commands
    for command in commands:
        assert (ROOT / command).stat().st_mode & stat.S_IXUSR, f"{command} cannot be executed"


@pytest.mark.parametrize(("workflow", "target"), [("checks", "test"), ("weekly", "test-all")])
def test_tests_run_on_the_oldest_and_the_newest_python_that_is_allowed(workflow, target):
    content = YAML(typ="safe").load(ROOT / f".github/workflows/{workflow}.yml")
    (job,) = (job for job in content["jobs"].values() if "strategy" in job)
    pythons = [tuple(map(int, text.split("."))) for text in job["strategy"]["matrix"]["python"]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">={}.{},<{}.{}".format(
        *pythons[0], pythons[-1][0], pythons[-1][1] + 1
    )
    versions = [step.get("with", {}).get("python-version") for step in job["steps"]]
    assert "${{ matrix.python }}" in versions
    scripts = [(ROOT / step["run"]).read_text() for step in job["steps"] if "run" in step]
    assert f"make {target}\n" in scripts[0]


def test_only_the_comment_may_write_and_it_never_sees_the_pull_requests_code():
    permissions = {}
    for workflow in WORKFLOWS:
        content = YAML(typ="safe").load(workflow)
        assert "pull_request_target" not in content["on"]
        permissions[workflow.stem] = content["permissions"]
    writing = [name for name, granted in permissions.items() if "write" in granted.values()]
    assert writing == ["comment"]
    comment = YAML(typ="safe").load(ROOT / ".github/workflows/comment.yml")
    assert list(comment["on"]) == ["workflow_run"]
    (checkout,) = (
        step
        for job in comment["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout")
    )
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"


@pytest.mark.parametrize("sides", ["GitHub", "GitLab"])
def test_the_report_needs_one_commit_of_each_side(tmp_path, sides):
    origin = pull_request(tmp_path, worse)
    if sides == "GitHub":  # which checks out what would be merged, with both its parents
        clone = shallow(tmp_path, origin, "refs/pull/7/merge", depth=2)
        environment = {}
    else:  # which checks out the head, and names the commit that it is compared with
        clone = shallow(tmp_path, origin, "refs/pull/7/head")
        environment = {"BASE_SHA": origin["base"]}
    summary = tmp_path / "summary.md"
    environment["GITHUB_STEP_SUMMARY"] = str(summary)
    assert script("report.sh", clone, **environment).returncode == 0
    assert "❌ Worse" in summary.read_text()
    link = f"https://example.org/us/it/blob/{origin['base']}/results/pictures/learning_curves.png"
    assert link in (clone / "report/report.md").read_text()
    assert json.loads((clone / "report/report.json").read_text())["word"] == "worse"
    assert (clone / "report/report.html").stat().st_size > 1000

    assert script("verdict.sh", clone, **environment, ACCEPTED="false").returncode == 2
    accepted = script("verdict.sh", clone, **environment, ACCEPTED="true")
    assert accepted.returncode == 0
    assert "accept-regression" in accepted.stdout
    unknown = {**environment, "BASE_SHA": "0" * 40}
    assert script("verdict.sh", clone, **unknown, ACCEPTED="true").returncode == 1


def test_a_pull_request_does_not_fail_for_what_others_have_merged_since(tmp_path):
    origin = pull_request(tmp_path, text_alone, moves=worse)
    content = YAML(typ="safe").load(ROOT / ".github/workflows/report.yml")
    (depth,) = (
        step["with"]["fetch-depth"]
        for step in content["jobs"]["report"]["steps"]
        if step.get("uses", "").startswith("actions/checkout")
    )
    assert "BASE_SHA" not in content["jobs"]["report"]["env"]
    clone = shallow(tmp_path, origin, "refs/pull/7/merge", depth)
    assert script("report.sh", clone).returncode == 0
    assert json.loads((clone / "report/report.json").read_text())["word"] == "equivalent"
    assert script("verdict.sh", clone).returncode == 0


def test_freshness_names_what_is_stale_where_there_is_no_data(tmp_path):
    origin, clone = toy_pipeline.finished(tmp_path / "origin"), tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{origin}", str(clone))
    assert script("freshness.sh", clone).returncode == 0
    (clone / "pipeline/base/paths.py").write_text(
        "# edited\n" + (clone / "pipeline/base/paths.py").read_text()
    )
    git(clone, "-c", "user.name=T", "-c", "user.email=t@e.org", "commit", "-qam", "edited")
    stale = script("freshness.sh", clone)
    assert stale.returncode == 1
    assert "train: pipeline/base/paths.py changed" in stale.stdout
    assert "check:" not in stale.stdout


@pytest.mark.slow
def test_the_report_runs_with_its_own_lock_file_alone(tmp_path):
    origin = pull_request(tmp_path, worse)
    clone = shallow(tmp_path, origin, "refs/pull/7/merge", depth=2)
    shutil.rmtree(clone / ".report")
    shutil.copy(ROOT / "requirements-report.lock", clone)
    assert script("install-report.sh", clone, PYTHON=sys.executable).returncode == 0
    assert script("report.sh", clone).returncode == 0
    assert not list((clone / ".report").rglob("tensorflow"))
