"""The command line: what it refuses, and that it does so at once."""

import os
import subprocess
import sys

import pytest
from support.project import ROOT
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands import before_dvc


def test_another_folder_is_refused_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("summary", "doctor", "store", "experiment"):
        result = CliRunner().invoke(app, [command])
        assert result.exit_code == 1
        assert "Run from the repository root" in result.stderr
    # It reads git, and says itself what is wrong.
    result = CliRunner().invoke(app, ["report", "--base", "main"])
    assert "repository root" not in result.stderr


def test_a_folder_that_has_been_removed_is_one_line_of_error(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    script = tmp_path / "dvc.py"
    script.write_text(before_dvc.SCRIPT)
    for command in (["-m", "pipeline", "doctor"], [str(script), "repro"]):
        done = subprocess.run(
            [sys.executable, *command],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("error: The folder that this runs in has been removed.")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["predict", "a.jpg"], "models/tuned: no trained model here. Run `dvc repro`"),
        (["throughput", "--architecture", "lenet"], "did you mean 'lenet5'? allowed: airbench,"),
        (["throughput"], "data/split/train: no images yet"),
        (["layers", "lenet"], "lenet: no such network; did you mean 'lenet5'?"),
        (["layers", "lenet5"], "results/data.json: no data yet"),
        (["layers"], "models/tuned: no trained model here"),
    ],
)
def test_what_is_missing_is_said_before_tensorflow_is_loaded(tmp_path, command, message):
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    code = (
        "import atexit, sys; from pipeline.__main__ import app; "
        "atexit.register(lambda: print('tensorflow' in sys.modules)); app(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stdout == "False\n"
