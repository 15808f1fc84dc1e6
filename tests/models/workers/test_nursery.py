"""Forked workers, each test in a process of its own: this one has used TensorFlow already."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from pipeline.base.code_digest import ROOT

START = """
import os, signal, sys
import psutil
from pipeline.running import imports
with imports.slim():
    from pipeline.search import tuning
from pipeline.workers.local import LocalProcesses
held = open("README.md")
pool = LocalProcesses(2, 2, None)
pool.start()
one, other = pool.running.values()
"""
LIVES = """
assert one.pid != other.pid
# Its keeper, the nursery, this process.
assert psutil.Process(one.pid).parent().parent().ppid() == os.getpid()
(nursery,) = psutil.Process().children()
assert "README.md" not in [os.path.basename(file.path) for file in nursery.open_files()]
os.kill(one.pid, signal.SIGKILL)
assert one.close() == -signal.SIGKILL
assert not one.alive and other.alive
third = pool._start(0)
os.kill(nursery.pid, signal.SIGKILL)
nursery.wait(60)
assert third.alive
started = pool._start(0)
assert psutil.Process(started.pid).ppid() == os.getpid()
pool.close()
assert not (other.alive or started.alive)
third.close()
"""
DIES = """
print(*[child.pid for child in psutil.Process().children(recursive=True)], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
USED = """
import keras
from pipeline.workers import nursery
os.environ["CONVOY_FORK"] = "0"
assert not nursery.possible()
del os.environ["CONVOY_FORK"]
assert nursery.possible()
keras.ops.ones(1)
assert not nursery.possible()
pool.close()
"""
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow",
    reason="workers are forked on Linux, with TensorFlow",
)


def run(code):
    variables = {name: text for name, text in os.environ.items() if name != "CONVOY_FORK"}
    return subprocess.run(
        [sys.executable, "-c", START + code],
        cwd=ROOT,
        env=variables | {"CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_forked_worker_is_killed_replaced_and_started_anew_where_none_can_be_forked():
    assert run(LIVES).returncode == 0


def test_all_of_them_end_with_the_process_that_has_them_forked():
    done = run(DIES)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 5  # the nursery, and two workers with their keepers
    end = time.monotonic() + 60
    while any(psutil.pid_exists(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_nothing_is_forked_where_it_is_forbidden_or_tensorflow_has_been_used():
    assert run(USED).returncode == 0
