"""Which packages `make` would install; nothing is installed."""

import shutil

import pytest
from support.project import ROOT, run


@pytest.fixture
def project(tmp_path):
    """Return a project in which `make setup GPU=1` has been called."""
    for name in ("Makefile", "requirements.lock", "requirements-gpu.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline", copy_function=shutil.copy)
    (tmp_path / ".venv").mkdir()
    for name in ("gpu", "dev"):
        (tmp_path / f".venv/.installed-requirements-{name}.lock").touch()
    return tmp_path


def test_a_run_ends_with_the_page(project):
    assert "python -m pipeline page" in run("make", "-n", "run", cwd=project).stdout


@pytest.mark.parametrize("goal", ["run", "test", "check"])
def test_an_environment_for_the_gpu_is_kept(project, goal):
    assert "venv" not in run("make", "-n", goal, cwd=project).stdout


def test_an_environment_for_the_gpu_is_renewed_as_one(project):
    python = project / "python"  # says what it was called with, and stands in for the one of .venv
    python.write_text(
        '#!/bin/sh\necho "$@"; mkdir -p .venv/bin; cp -n "$0" .venv/bin/python; true\n'
    )
    python.chmod(0o755)
    said = run("make", "clean", "setup", "PYTHON=./python", cwd=project).stdout
    assert "-r requirements-gpu.lock" in said
    assert "venv" not in run("make", "-n", "run", cwd=project).stdout


@pytest.mark.parametrize("found", [True, False])
def test_uv_installs_where_it_is_there_and_hashes_are_required_of_either(project, found):
    for name in ("requirements", "requirements-dev"):
        (project / f".venv/.installed-{name}.lock").unlink(missing_ok=True)
    tools = project / "tools"
    tools.mkdir()
    for name in ("make", "sh", "python3", *["uv"] * found):
        (tools / name).symlink_to(shutil.which("true" if name == "uv" else name))
    said = run("make", "-n", "check", "GPU=", cwd=project, PATH=str(tools)).stdout
    lines = [line for line in said.splitlines() if " -r requirements" in line]
    assert [line.split()[-1] for line in lines] == ["requirements.lock", "requirements-dev.lock"]
    for line in lines:
        assert line.startswith("uv pip install" if found else ".venv/bin/python -m pip install")
        assert "--require-hashes" in line


def test_the_way_back(project):
    assert "-r requirements.lock" in run("make", "-n", "setup", "GPU=", cwd=project).stdout


def test_what_only_tests_need_is_not_installed_by_a_run(project):
    (project / ".venv/.installed-requirements-dev.lock").unlink()
    assert "requirements-dev.lock" not in run("make", "-n", "run", cwd=project).stdout
    for goal in ("test", "check"):
        assert "-r requirements-dev.lock" in run("make", "-n", goal, cwd=project).stdout
