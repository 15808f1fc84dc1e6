"""What `dvc` says of a value that DVC itself cannot put into dvc.yaml, before anything is done."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.project import run

from pipeline.base import paths
from pipeline.commands import before_dvc

# Each makes DVC fail in its own words, before stage `check` runs; with what is said instead.
REFUSED = {
    "dataset.path=2024": "dataset.path = 2024: allowed: the path of a folder",
    "dataset.path=null": "dataset.path = null: allowed: the path of a folder",
    'dataset.path=""': "dataset.path = '': allowed: the path of a folder",
    "dataset.path=[a]": "dataset.path = ['a']: allowed: the path of a folder",
    "dataset.path={a: 1}": "dataset.path = {a: 1}: allowed: the path of a folder",
    "dataset.path=../../..": "dataset.path = '../../..': allowed: a folder that neither holds nor",
    "dataset.path=data": "dataset.path = 'data': allowed: a folder that neither holds nor",
    "dataset.path=/nonexistent": "dataset.path = '/nonexistent': no such folder",
    "dataset.path=data/imagse": "no such folder; did you mean data/images?",
    "dataset.name=[a]": "dataset.name = ['a']: allowed: cifar10,",
    "~dataset.name": "dataset.name: missing; dataset has channels,",
    "architectures=2024": "architectures = 2024: allowed: a list",
    "architectures=null": "architectures = null: allowed: a list",
    "architectures=mlp": "architectures = 'mlp': allowed: a list",
    "architectures=[[mlp]]": "architectures[0] = ['mlp']: allowed: airbench,",
    "architectures=[{a: 1}]": "architectures[0] = {a: 1}: allowed: airbench,",
    "architectures=[../../x]": "architectures[0] = '../../x': no such architecture; allowed:",
    "~architectures": "architectures: missing; needed are architectures,",
    "dataset=5": "dataset = 5: allowed: a section with channels,",
    "tune.trials=0": "tune.trials = 0: allowed: a whole number from 1",
    "tune.trails=1": "did you mean 'tune.trials'?",
    "tune.trials": "-S tune.trials: expected key=value",
    "other.yaml:a=1": "only params.yaml holds parameters",
    "tune.trials=[": "-S tune.trials=[: ",
    "tune.trials=${x}": "-S tune.trials=${x}: Interpolation key 'x' not found",
}


@pytest.mark.parametrize("override", REFUSED)
def test_an_override_that_dvc_cannot_use_is_refused_and_written_nowhere(
    workspace, capsys, override
):
    before = paths.PARAMS.read_bytes()
    with pytest.raises(SystemExit) as ended:
        before_dvc.check(["exp", "run", "-S", override, "tune"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ") and REFUSED[override] in said and len(said.splitlines()) == 1
    assert paths.PARAMS.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["exp", "run", "--set-param=tune.trials=7"],
        ["experiments", "run", "-Stune.trials=7", "--name", "x"],
        ["exp", "run", "--queue", "-S", "tune.trials=choice(3,4)", "-S", "tune.seed=5"],
        ["repro", "-s", "check"],
        ["status"],
        ["exp", "show", "-S"],
        [],
    ],
)
def test_what_is_right_or_none_of_its_business_is_left_to_dvc(workspace, arguments):
    before_dvc.check(arguments)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"dataset: []\n", "params.yaml: dataset = []: allowed: a section"),
        ("a: é".encode("latin-1"), "params.yaml: not UTF-8"),
        (b"a: " + b"[" * 200_000, "params.yaml: line 1: nested deeper than 20 levels"),
        (b"a: 1\na: 2\n", "params.yaml: not valid YAML: line 2: found duplicate key"),
    ],
)
@pytest.mark.parametrize("arguments", [["repro"], ["exp", "run", "-S", "tune.trials=7"]])
def test_a_file_that_dvc_cannot_use_is_refused(workspace, capsys, content, said, arguments):
    paths.PARAMS.write_bytes(content)
    with pytest.raises(SystemExit):
        before_dvc.check(arguments)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["repro", "-P"], ["--cd", "..", "repro"]])
def test_a_bad_value_is_refused_in_a_sub_folder_too(workspace, capsys, monkeypatch, arguments):
    paths.PARAMS.write_text("architectures: 5\n")
    (workspace / "docs").mkdir()
    monkeypatch.chdir(workspace / "docs")
    with pytest.raises(SystemExit):
        before_dvc.check(arguments)
    assert capsys.readouterr().err.startswith("error: params.yaml: ")
    # Unless it has a pipeline of its own.
    Path("dvc.yaml").write_text("stages: {}\n")
    before_dvc.check(arguments)


def test_a_folder_that_dvc_cannot_write_to_is_named_after_it_has_failed(
    workspace, capsys, monkeypatch
):
    folder = workspace / "results/train"
    folder.mkdir(parents=True)
    # Permissions do not stop root.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "train")
    before_dvc.explain(["status"])
    assert capsys.readouterr().err == ""
    before_dvc.explain(["repro"])
    assert "error: results/train/*: Permission denied. Make results/train/ and what is in it" in (
        capsys.readouterr().err
    )


def test_a_bad_variable_of_the_environment_is_refused(workspace, capsys, monkeypatch):
    monkeypatch.setenv("CONVOY_WORKERS", "two")
    with pytest.raises(SystemExit):
        before_dvc.check(["repro"])
    assert "CONVOY_WORKERS=two: allowed" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["bin", "a folder with spaces"])
def test_the_script_says_it_and_otherwise_is_dvc(make_clone, tmp_path, monkeypatch, folder):
    clone = make_clone()
    beside = tmp_path / folder
    beside.mkdir()
    (beside / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(beside / "python"))
    before_dvc.set_up()
    script = str(beside / "dvc")
    site = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))
    if folder == "bin":
        bad = ("exp", "run", "-S", "architectures=5")
        done = run(script, *bad, cwd=clone, check=False, PYTHONPATH=site)
        assert done.returncode == 1 and "params.yaml: architectures = 5: allowed" in done.stdout
        assert not subprocess.check_output(["git", "status", "--porcelain"], cwd=clone)
    version = run(script, "--version", cwd=clone, PYTHONPATH=site).stdout
    assert version == run("dvc", "--version", cwd=clone).stdout


@pytest.mark.parametrize("command", ["doctor", "plan"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("architectures: 5", "params.yaml: architectures = 5: allowed: a list"),
        ("architectures: [mlp", "params.yaml: not valid YAML: line "),
    ],
)
def test_without_it_other_commands_name_what_dvc_cannot_use(make_clone, command, value, said):
    clone = make_clone()
    text = (clone / "params.yaml").read_text()
    changed = re.sub(r"^architectures:.*?^tune:", f"{value}\ntune:", text, flags=re.M | re.S)
    (clone / "params.yaml").write_text(changed)
    done = run(sys.executable, "-m", "pipeline", command, cwd=clone, check=False)
    assert done.returncode == 1 and said in done.stdout
    assert "Traceback" not in done.stdout and "dvc.org/support" not in done.stdout
