"""The Dockerfile and the dev container agree with the Makefile and with git; nothing is built."""

import fnmatch
import json
import re
import shutil
import tomllib

import pytest
from packaging.specifiers import SpecifierSet
from support.project import ROOT, run

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_its_python_is_one_that_the_project_allows():
    (version,) = re.findall(r"^ARG PYTHON=(.*)$", DOCKERFILE, re.M)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version in SpecifierSet(project["requires-python"])


def test_the_layer_of_packages_needs_only_what_is_copied_before_and_is_not_made_again(tmp_path):
    copied, goal = re.findall(r"^COPY --chown=convoy (.*) \./\nRUN .*make (\S+)", DOCKERFILE, re.M)[
        0
    ]
    for name in copied.split():
        shutil.copy(ROOT / name, tmp_path)
    assert "-r requirements.lock" in run("make", "-n", goal, cwd=tmp_path).stdout
    (tmp_path / goal).parent.mkdir()
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline")
    (tmp_path / goal).touch()
    assert "-r requirements" not in run("make", "-n", "setup", cwd=tmp_path).stdout


@pytest.mark.parametrize("name", [".venv", ".venv-backends", ".state", ".report", "models"])
def test_what_git_ignores_stays_out_of_the_image(name):
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    run("git", "check-ignore", f"{name}/x", cwd=ROOT)
    assert any(fnmatch.fnmatch(name, pattern) for pattern in ignored)


def test_the_dev_container_is_the_stage_with_the_tools():
    text = (ROOT / ".devcontainer/devcontainer.json").read_text()
    found = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
    assert (ROOT / ".devcontainer" / found["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert f" AS {found['build']['target']}\n" in DOCKERFILE
    assert f"useradd --create-home --shell /bin/bash {found['remoteUser']}\n" in DOCKERFILE
    goals = found["postCreateCommand"].removeprefix("make ").split()
    assert all(re.search(rf"^{goal}:", (ROOT / "Makefile").read_text(), re.M) for goal in goals)
