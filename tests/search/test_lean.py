import subprocess
import sys

import pytest

from pipeline.sources import ROOT

LEAN = """
import sys
from pipeline.search import lean
with lean.imports():
    import keras
assert not {"sklearn", "matplotlib"} & sys.modules.keys()
import matplotlib, sklearn
"""
BAYESIAN = """
import sys
sys.path.insert(0, "tests")
from settings import tune
from pipeline.search import lean
with lean.imports(bayesian=True):
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


def run(code):
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_what_keras_would_take_along_can_be_imported_afterwards():
    run(LEAN)


def test_the_bayesian_oracle_has_what_it_needs():
    run(BAYESIAN)


@pytest.mark.parametrize("module", ["pipeline.stages.tune", "pipeline.search.placement"])
def test_the_worker_processes_are_started_before_tensorflow_is_imported(module):
    run(LIGHT.format(module=module))
