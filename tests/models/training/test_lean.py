import subprocess
import sys

import pytest

from pipeline.base.code_digest import ROOT

LEAN = """
import sys
from pipeline.running import imports
with imports.slim():
    import keras
assert not {"sklearn", "matplotlib"} & sys.modules.keys()
import matplotlib, sklearn
"""
NOISY = """
import os, sys
from pipeline.running import imports
with imports.quiet():
    os.write(2, b"I0000 port.cc:153] oneDNN custom operations are on. You may see\\n")
    print("from Python", file=sys.stderr)
    os.write(2, b"from the library\\n")
    raise SystemExit("stopped")
"""
BAYESIAN = """
import sys
sys.path.insert(0, "tests")
from support.settings import tune
from pipeline.running import imports
with imports.slim(bayesian=True):
    from keras_tuner import HyperParameters
    from pipeline.search import oracles
space = HyperParameters()
space.Float("rate", 0.0, 1.0)
oracle = oracles.make(tune("bayesian"), space)
for number in range(8):
    trial = oracle.create_trial("a")
    oracle.update_trial(trial.trial_id, {oracles.OBJECTIVE: number / 10})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
"""
LIGHT = """
import sys
import {module}
assert not {{"keras", "tensorflow", "keras_tuner"}} & sys.modules.keys()
"""


def run(code, check=True):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, check=check, capture_output=True, text=True)


def test_what_keras_would_take_along_can_be_imported_afterwards():
    run(LEAN)


def test_keras_is_imported_without_a_word():
    assert run(LEAN).stderr == ""


def test_what_else_is_said_is_passed_on_even_by_an_import_that_fails():
    done = run(NOISY, check=False)
    assert done.stderr.splitlines() == ["from Python", "from the library", "stopped"]
    assert done.returncode == 1


def test_the_bayesian_oracle_has_what_it_needs():
    run(BAYESIAN)


@pytest.mark.parametrize("module", ["pipeline.stages.tune", "pipeline.workers.start"])
def test_the_worker_processes_are_started_before_tensorflow_is_imported(module):
    run(LIGHT.format(module=module))
