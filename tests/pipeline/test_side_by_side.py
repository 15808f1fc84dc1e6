"""Real processes that train at the same time. They take seconds to start, so each test has two."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import psutil
import pytest

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config import params
from pipeline.stages import train
from pipeline.store.store import Store
from pipeline.training import fingerprint
from pipeline.workers.local import LocalProcesses

FOLDER = Path("models/tuned")
# `dvc` of the project's own environment makes the clone that they start from.
pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="needs a whole pipeline, which TensorFlow runs"
)


@pytest.fixture
def clone(finished, tmp_path, monkeypatch):
    clone = shutil.copytree(finished, tmp_path / "convoy", symlinks=True)
    shutil.rmtree(clone / ".state/store", ignore_errors=True)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("CONVOY_WORKERS", "2")
    return clone


def contents():
    files = [*FOLDER.iterdir(), Path("results/train/tuned.csv")]
    return {file.name: file.read_bytes() for file in files}


def train_endlessly(clone):
    """Start the stage with so many epochs that it does not end; wait for both processes."""
    params = clone / "params.yaml"
    params.write_text(params.read_text().replace("epochs: 2\n", "epochs: 100000\n"))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.stages", "train", "tuned"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Tests that run in the background of a shell inherit that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    return process, wait_for(lambda: trainers(process.pid))


def trainers(pid):
    """Give the two processes that train, once both send epochs."""
    found = [child for child in psutil.Process(pid).children(recursive=True) if trains(child)]
    return found if len(found) == 2 else None


def replaced(pid, before):
    """Return the processes that train now and did not before."""
    now = set(psutil.Process(pid).children(recursive=True))
    return [child for child in now - set(before) if trains(child)]


def trains(process):
    """Return whether a process sends messages, one an epoch."""
    try:
        # Starting takes some five. One that has waited for others bears their count, too.
        return process.io_counters().write_count > 20 and not process.children()
    except psutil.NoSuchProcess:  # libraries start others, which end at once
        return False


def wait_for(look, seconds=180):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def test_two_at_a_time_leave_the_bytes_of_one_after_the_other(clone, monkeypatch):
    before = contents()
    train.main(params.load(), "tuned")
    assert contents() == before
    # Finished: none is to train.
    monkeypatch.setattr(LocalProcesses, "run", None)
    train.main(params.load(), "tuned")
    assert contents() == before


@pytest.mark.slow
def test_a_killed_process_is_an_error_that_says_what_to_do(clone):
    """A process may be killed because of others: the second one to die of a seed is its fault."""
    process, children = train_endlessly(clone)
    os.kill(children[0].pid, signal.SIGKILL)
    others = wait_for(lambda: replaced(process.pid, children))
    os.kill(others[0].pid, signal.SIGKILL)
    said = process.communicate(timeout=180)[0]
    assert process.returncode == 1
    assert "perhaps for want of memory. CONVOY_WORKERS says how many train at a time" in said
    assert "Traceback" not in said
    wait_for(lambda: not any(child.is_running() for child in children))


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_nothing_goes_on_when_the_stage_is_ended(clone, ending):
    process, children = train_endlessly(clone)
    os.kill(process.pid, ending)
    said = process.communicate(timeout=180)[0]
    assert process.returncode == -ending
    assert ("interrupted. What is finished is kept" in said) == (ending == signal.SIGINT)
    assert "Traceback" not in said
    wait_for(lambda: not any(child.is_running() for child in children))


@pytest.mark.slow
def test_a_training_that_diverges_names_its_seed(clone):
    file = Path("results/select/tuned.json")
    content = json.loads(file.read_text())
    content["hyperparameters"] = {"optimizer": "sgd", "sgd_learning_rate": 1e38}
    file.write_text(json.dumps(content))
    with pytest.raises(ConvoyError, match=r"seed [12]: the loss is not finite after epoch 1"):
        train.main(params.load(), "tuned")


@pytest.mark.slow
def test_a_process_with_other_code_than_the_stages_is_refused(clone, monkeypatch):
    """As if the code had been edited while the process imported it."""
    original = fingerprint.software
    monkeypatch.setattr(fingerprint, "software", lambda *of: original(*of) | {"code": ""})
    with pytest.raises(ConvoyError, match=r"different: code: .* run the same again"):
        train.main(params.load(), "tuned")
    assert Store(paths.STORE, print).entries() == []
