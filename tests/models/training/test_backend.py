"""Settings from outside change no training, or its name. Each is read when Keras is imported."""

import json
import os
import subprocess
import sys

import keras
import pytest
from support.project import ROOT

from pipeline.training import backend

REPORT = """
import json, os
import keras
from pipeline.training import backend
backend.start(1)
config = keras.config
print(json.dumps([
    config.image_data_format(), config.floatx(), config.epsilon(),
    backend.software()["variables"], dict(os.environ),
]))
"""


def settings(**environment):
    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_keras_json_of_the_user_changes_nothing(tmp_path):
    content = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.001}
    (tmp_path / "keras.json").write_text(json.dumps(content))
    assert settings(KERAS_HOME=str(tmp_path))[:3] == ["channels_last", "float32", 1e-7]


@pytest.mark.parametrize("name", ["ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_MAX_CPU_ISA"])
def test_a_variable_that_changes_results_is_part_of_their_context(name):
    assert settings(**{name: "STRICT"})[3] == settings()[3] | {name: "STRICT"}


SET = {
    "jax": {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "XLA_FLAGS": "--xla_gpu_deterministic_ops=true",
    },
    "torch": {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"},
}


@pytest.mark.skipif(keras.backend.backend() not in SET, reason="TensorFlow takes no variables")
def test_a_backend_is_told_to_share_the_gpu_and_to_give_the_same_bits(monkeypatch):
    wanted = SET[keras.backend.backend()]
    for name in wanted:
        monkeypatch.delenv(name, raising=False)
    # The second one is like a process that a started one starts.
    for environment in (settings()[4], settings(**wanted)[4]):
        assert {name: environment.get(name) for name in wanted} == wanted


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="a variable of JAX's")
def test_what_a_user_asks_of_xla_is_kept(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_gpu_deterministic_ops=false --xla_gpu_autotune_level=0")
    before = backend.software()["variables"]["XLA_FLAGS"]
    backend.start(1)
    assert backend.software()["variables"]["XLA_FLAGS"] == before
