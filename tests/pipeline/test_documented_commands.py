"""Every command that the documentation shows is run, or at least read by the program it calls.

Commands in blocks are run in a finished clone, in the order of the pages, unless `ONLY_READ` says
why not. Those, and commands within sentences, are read: options, names of files of the project,
and values of parameters as a run would check them. What is neither has a mark on its page.
"""

import re
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image
from support import documented
from support.project import ROOT, run
from typer.testing import CliRunner

from pipeline.__main__ import app

COMMANDS = documented.all_commands()
# Commands that are not run here: the reason, and where something of the kind is.
ONLY_READ = {
    "dvc (exp run|repro)": "trains for minutes: tests/pipeline/test_pipeline.py, test_places.py",
    "dvc queue start": "goes on in the background: tests/pipeline/test_places.py",
    "dvc (push|pull|remote|checkout)": "needs a remote: tests/pipeline/test_sharing.py",
    "python -m pipeline experiment .": "trains for minutes: tests/pipeline/test_experiments.py",
    "python -m pipeline settle": "trains for minutes: tests/pipeline/test_settle.py",
    "python -m pipeline throughput": "measures: tests/models/commands/test_throughput.py",
    "python -m pipeline export .*(onnx|web)": "needs more packages: tests/models/export/",
    "make": "installs: tests/workflows/test_makefile.py",
    "git commit": "needs changes: tests/pipeline/test_merging.py",
    "cut": "is for the default run: tests/pipeline/test_tutorial.py",
}
# What the program must say where the page shows a refusal, or the reader has added a file.
REFUSED = {
    "dvc exp run -S dataset.name=NAME": "'NAME'",
    "dvc exp run -S dataset.name=mnits": "no such data set; did you mean 'mnist'?",
    "dvc exp run -S dataset.name=folder -S dataset.channels=1 -S 'architectures=[mine]' "
    "-S tune.trials=1 -S train.epochs=15": "'mine'",
}


def only_read(command):
    return any(re.match(pattern, command.text) for pattern in ONLY_READ)


TO_RUN = [c for c in COMMANDS if c.block and not c.marked and not only_read(c)]
TO_READ = sorted(
    {c.text: c for c in COMMANDS if not c.marked and c not in TO_RUN}.values(), key=str
)


@pytest.fixture(scope="module")
def clone(make_finished):
    """Return a finished clone with what the pages take for granted: pictures, branches, a run."""
    folder = make_finished()
    pixels = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    (folder / "more").mkdir()
    for name in ("photo.jpg", "scan.png", "more/1.png"):
        Image.fromarray(pixels).save(folder / name)
    for name in ("cat", "dog"):
        with zipfile.ZipFile(folder / f"{name}-samples.zip", "w") as archive:
            archive.write(folder / "photo.jpg", "0.jpg")
    for branch in ("my-branch", "pr-12"):
        run("git", "branch", branch, cwd=folder)
    run("dvc", "exp", "save", "-n", "surer-tier", cwd=folder)
    return folder


@pytest.mark.parametrize("command", TO_RUN, ids=str)
def test_it_runs(command, clone, monkeypatch):
    monkeypatch.chdir(clone)
    _, words = documented.split(command.text)
    if words[:3] == ["python", "-m", "pipeline"]:
        done = CliRunner().invoke(app, words[3:])
        assert done.exit_code == 0, done.output
    else:
        program = sys.executable if words[0] == "python" else words[0]
        run(program, *words[1:], cwd=clone)


@pytest.mark.parametrize("command", TO_READ, ids=str)
def test_it_is_understood(command, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    if command.text not in REFUSED:
        documented.read(command.text, monkeypatch, whole=command.block)
        return
    with pytest.raises(SystemExit):
        documented.read(command.text, monkeypatch)
    assert REFUSED[command.text] in capsys.readouterr().err


def test_a_command_that_does_not_exist_is_found(monkeypatch, recwarn):
    monkeypatch.chdir(ROOT)
    for text in (
        "python -m pipeline summery",
        "python -m pipeline report --bas main",
        "python -m pipeline.stages.nothing",
        "dvc exp run -S train.epoch=3",
        "dvc exp show --only-chnged",
        "make no-such-goal",
        "CONVOY_WORKERS=many dvc repro",
        "CONVOY_WORKRS=2 dvc repro",
        "srun something",
    ):
        with pytest.raises(BaseException):  # noqa: B017 # each program has its own
            documented.read(text, monkeypatch)
    assert [str(warning.message) for warning in recwarn] == []  # one error, and nothing beside it


def test_where_it_is_said_to_be_run_there_is_a_test():
    for reason in ONLY_READ.values():
        assert (ROOT / reason.partition(": ")[2].partition(",")[0]).exists()
