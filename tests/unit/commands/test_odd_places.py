"""What commands say where the project lies in another place than a plain clone on a branch."""

import os
import subprocess
from pathlib import Path

import psutil
import pytest
from support.repositories import git, new_repository

from pipeline.base.errors import ConvoyError
from pipeline.commands import affected, doctor, merging, settle
from pipeline.config import committed
from pipeline.report import snapshots


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    monkeypatch.delenv("CI", raising=False)


def found(title):
    (check,) = (check for full, check in doctor.CHECKS.items() if full.startswith(title))
    return [problem.what for problem in check()]


def project(folder, lock="mine\n"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dvc.yaml").write_text("stages: {}\n")
    (folder / "dvc.lock").write_text(lock)
    (folder / "results").mkdir(exist_ok=True)
    (folder / "results/metrics.json").write_text("{}\n")
    return folder


@pytest.fixture
def larger(tmp_path, monkeypatch):
    """A repository with another project at its root and this one in a folder."""
    root = new_repository(tmp_path / "gr\u00f6\u00dfer \u2116 1")
    project(root, "other\n")
    here = project(root / "sub folder/convoy")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "both")
    monkeypatch.chdir(here)
    return root


def test_a_revision_is_read_where_the_project_lies(larger, monkeypatch):
    read = snapshots.revision("HEAD").files
    assert read["dvc.lock"] == b"mine\n"
    assert read["results/metrics.json"] == b"{}\n"
    (larger / "docs").mkdir()
    monkeypatch.chdir(larger / "docs")  # no project here: the one at the root
    assert snapshots.revision("HEAD").files["dvc.lock"] == b"other\n"


def test_a_conflict_in_a_larger_repository_is_named_as_it_is_seen_from_here(larger):
    for branch, text in (("one", "1\n"), ("two", "2\n")):
        git(larger, "checkout", "-qb", branch, "main")
        Path("dvc.lock").write_text(text)
        git(larger, "commit", "-qam", branch)
    subprocess.run(["git", "merge", "-q", "one"], capture_output=True, check=False)
    (conflict,) = found("Parameters, dvc.lock")
    assert conflict.startswith("dvc.lock: in conflict")


def test_git_finds_the_merge_driver_in_a_larger_repository(larger):
    for key, command in merging.drivers().items():
        git(larger, "config", key, command)
    assert merging.is_set_up()
    command = git(larger, "config", merging.LOCK_DRIVER)
    assert command.startswith("cd 'sub folder/convoy' && ")
    assert command.endswith(" -m pipeline merge-lock ../../%O ../../%A ../../%B")


def test_a_submodule_has_no_branch_and_that_is_no_problem(tmp_path, monkeypatch):
    inner = new_repository(tmp_path / "inner")
    project(inner)
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "x")
    outer = new_repository(tmp_path / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "convoy")
    git(outer / "convoy", "checkout", "-q", "--detach")
    monkeypatch.chdir(outer / "convoy")
    assert found("Git is on a branch") == []
    assert snapshots.revision("HEAD").files["dvc.lock"] == b"mine\n"
    git(inner, "checkout", "-q", "--detach")
    monkeypatch.chdir(inner)
    assert "HEAD is detached" in found("Git is on a branch")[0]
    monkeypatch.setenv("CI", "true")
    assert found("Git is on a branch") == []


def test_a_damaged_repository_is_found(tmp_path, monkeypatch):
    root = new_repository(tmp_path / "plain")
    monkeypatch.chdir(root)
    assert found("Git is on a branch") == []
    (root / ".git/index").write_bytes(b"junk")
    assert found("Git is on a branch")[0].startswith("git status fails: ")


def test_without_git_nothing_else_is_blamed(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(project(tmp_path / "copied"))
    assert found("Git is on a branch") == [
        "this folder is in no git repository, which DVC and most commands need"
    ]
    assert found("Git can merge") == []
    with pytest.raises(ConvoyError, match=r"not a git repository.*git clone it"):
        affected.copy_known(tmp_path / "copy")
    with pytest.raises(ConvoyError) as caught:
        snapshots.revision("HEAD")
    assert "not a git repository" in str(caught.value)
    assert "shallow" not in str(caught.value)


def test_where_git_is_not_installed_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(project(tmp_path / "here"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    asked = [
        lambda: affected.copy_known(tmp_path / "copy"),
        lambda: settle.settle(None),
        lambda: found("Git is on a branch"),
        lambda: found("DVC can run experiments"),
        merging.set_up,
    ]
    for ask in asked:
        with pytest.raises(ConvoyError, match=r"^git: no such command; install git\.$"):
            ask()
    # These have nothing to say without it.
    assert found("Parameters, dvc.lock") == found("Git can merge") == []
    assert committed.differences() == []


def test_a_lock_of_another_user_s_program_is_named_as_that(tmp_path, monkeypatch):
    def refuse(pid):
        raise psutil.AccessDenied(pid)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(psutil, "Process", refuse)
    doctor.DVC_PROCESS_LOCKS.parent.mkdir(parents=True)
    doctor.DVC_PROCESS_LOCKS.write_text('{"results": {"write": {"pid": 1, "cmd": "dvc repro"}}}')
    (problem,) = found("No process that is not DVC")
    assert problem.endswith("process 1, which is not DVC any more but another user's program")


def test_what_experiments_need(tmp_path, monkeypatch):
    root = new_repository(tmp_path / "plain")
    monkeypatch.chdir(root)
    assert found("DVC can run experiments") == []
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    git(root, "config", "--unset", "user.email")
    assert "does not know who commits" in found("DVC can run experiments")[0]
    monkeypatch.chdir(new_repository(tmp_path / "jos\u00e9"))
    assert "beyond ASCII" in found("DVC can run experiments")[0]


def test_a_clone_that_converts_line_ends_has_the_same_bytes(tmp_path):
    root = new_repository(tmp_path / "here")
    attributes = Path(__file__).parents[3] / ".gitattributes"
    (root / ".gitattributes").write_bytes(attributes.read_bytes())
    (root / "results").mkdir()
    files = {"code.py": b"one\ntwo\n", "results/a.csv": b"a\r\nb\n", "dvc.lock": b"a\n"}
    for name, content in files.items():
        (root / name).write_bytes(content)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(root), "there")
    assert {name: (tmp_path / "there" / name).read_bytes() for name in files} == files
    assert git(tmp_path / "there", "status", "--porcelain") == ""
