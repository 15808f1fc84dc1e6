"""Every step of the workflows, run against a bare "origin", two branches and a shallow clone."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from revisions import commit, git, new_repository, write_results, wrong_models
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GOOD = wrong_models(range(2), range(3), range(1, 3))
BAD = wrong_models(range(20, 50), range(20, 52), range(20, 49))
FILES_URL = "https://example.org/us/it/blob/{commit}/{path}?raw=true"
# Records each call, and answers like a repository with pull request 7 and the comments in a file.
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$GH_LOG"
case "$*" in
    *"/pulls "*) echo "7 $BASE" ;;
    *"--paginate"*) cat "$GH_COMMENTS" ;;
esac
for argument in "$@"; do
    case "$argument" in body=@*) cp "${argument#body=@}" "$GH_LOG.body" ;; esac
done
"""


def steps(workflow):
    for job in YAML(typ="safe").load(workflow)["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_step_is_a_script_of_this_repository(workflow):
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    assert commands
    for command in commands:
        assert (ROOT / command).stat().st_mode & stat.S_IXUSR, f"{command} cannot be executed"


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


@pytest.fixture
def origin(tmp_path):
    """Make a bare repository with main, a pull request's head, and what would be merged."""
    work = new_repository(tmp_path / "work")
    for name in (".github", "pipeline"):
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
    (work / ".gitignore").write_text("/.report/\n/report/\n__pycache__/\n")
    write_results(work, GOOD)
    base = commit(work, "base")
    git(work, "checkout", "-qb", "change")
    write_results(work, BAD)
    (work / "pipeline/report/command.py").write_text("raise SystemExit('their code ran')\n")
    head = commit(work, "a worse model, and code that must not be trusted")
    git(work, "checkout", "-q", "main")
    git(work, "merge", "-q", "--no-ff", "-m", "merge", "change")
    merge = git(work, "rev-parse", "HEAD")
    git(work, "reset", "-q", "--hard", base)
    bare = tmp_path / "origin.git"
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    for name, sha in (("head", head), ("merge", merge)):
        git(work, "push", "-q", str(bare), f"{sha}:refs/pull/7/{name}")
    git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    return {"bare": bare, "base": base, "head": head, "merge": merge}


def shallow(origin, tmp_path, ref):
    """Clone as the checkout action does: one commit, no history."""
    clone = tmp_path / "clone"
    git(tmp_path, "init", "-q", str(clone))
    git(clone, "remote", "add", "origin", f"file://{origin['bare']}")
    git(clone, "fetch", "-q", "--depth=1", "origin", ref)
    git(clone, "checkout", "-q", "FETCH_HEAD")
    (clone / ".report/bin").mkdir(parents=True)
    (clone / ".report/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (clone / ".report/bin/python").chmod(0o755)
    return clone


def script(name, clone, **environment):
    done = subprocess.run(
        [f".github/scripts/{name}"],
        cwd=clone,
        env={**os.environ, "FILES_URL": FILES_URL, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(done.stdout)
    return done


def test_the_report_needs_one_commit_of_each_side(origin, tmp_path):
    clone = shallow(origin, tmp_path, "refs/heads/main")
    # The pull request of somebody who leaves the code alone: the base's report, other results.
    git(clone, "fetch", "-q", "--depth=1", "origin", "refs/pull/7/merge")
    git(clone, "checkout", "-q", "FETCH_HEAD", "--", "results", "dvc.lock")
    git(clone, "-c", "user.name=T", "-c", "user.email=t@e.org", "commit", "-qm", "merged")
    summary = tmp_path / "summary.md"
    environment = {"BASE_SHA": origin["base"], "GITHUB_STEP_SUMMARY": str(summary)}
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


@pytest.fixture
def gh(tmp_path):
    """Put a `gh` on the path that records what it is asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    (tmp_path / "comments").write_text("")
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "GH_LOG": str(tmp_path / "gh.log"),
        "GH_COMMENTS": str(tmp_path / "comments"),
        "REPOSITORY": "us/it",
        "HEAD_OWNER": "them",
        "HEAD_BRANCH": "change",
    }


@pytest.mark.parametrize(
    ("comments", "call"),
    [
        ("", "--method POST repos/us/it/issues/7/comments"),
        ("42\n", "--method PATCH repos/us/it/issues/comments/42"),
    ],
)
def test_one_comment_is_written_or_replaced_and_their_code_never_runs(
    origin, tmp_path, gh, comments, call
):
    clone = shallow(origin, tmp_path, "refs/heads/main")
    (tmp_path / "comments").write_text(comments)
    done = script("comment.sh", clone, **gh, HEAD_SHA=origin["head"], BASE=origin["base"])
    assert done.returncode == 0
    assert "their code ran" not in done.stdout
    assert call in (tmp_path / "gh.log").read_text()
    body = (tmp_path / "gh.log.body").read_text()
    assert body.startswith("<!-- convoy-report -->\n## ❌ Worse")
    assert f"https://example.org/us/it/blob/{origin['merge']}/results/pictures" in body


def test_what_is_no_commit_is_refused(origin, tmp_path, gh):
    clone = shallow(origin, tmp_path, "refs/heads/main")
    done = script("comment.sh", clone, **gh, HEAD_SHA='x") | halt', BASE=origin["base"])
    assert done.returncode == 1
    assert not (tmp_path / "gh.log").exists()


def test_freshness_fails_exactly_when_a_stage_would_run(tmp_path):
    folder = new_repository(tmp_path / "small")
    shutil.copytree(ROOT / ".github", folder / ".github")
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    (folder / "params.yaml").write_text("epochs: 1\n")
    (folder / "dvc.yaml").write_text(
        "stages:\n  train:\n    cmd: echo trained > out\n    params: [epochs]\n    outs: [out]\n"
    )
    subprocess.run(["dvc", "repro", "-q"], cwd=folder, check=True)
    commit(folder, "results")
    shutil.rmtree(folder / ".dvc/cache")
    (folder / "out").unlink()
    assert script("freshness.sh", folder).returncode == 0
    (folder / "params.yaml").write_text("epochs: 2\n")
    stale = script("freshness.sh", folder)
    assert stale.returncode == 1
    assert "Running stage 'train'" in stale.stdout


@pytest.mark.slow
def test_the_report_runs_with_its_own_lock_file_alone(origin, tmp_path):
    clone = shallow(origin, tmp_path, "refs/heads/main")
    shutil.rmtree(clone / ".report")
    shutil.copy(ROOT / "requirements-report.lock", clone)
    assert script("install-report.sh", clone, PYTHON=sys.executable).returncode == 0
    assert script("report.sh", clone, BASE_SHA=origin["base"]).returncode == 0
    assert not list((clone / ".report").rglob("tensorflow"))
