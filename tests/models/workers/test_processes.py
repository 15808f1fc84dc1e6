"""Real worker processes. They take seconds to start, so the tests share what they can."""

import errno
import os
import shutil
import signal
import threading
import time
from dataclasses import replace

import pytest
from support.settings import trial

from pipeline.base import paths
from pipeline.base.code_digest import ROOT
from pipeline.base.errors import ConvoyError
from pipeline.training import fingerprint
from pipeline.training.batches import SplitFolder
from pipeline.workers import pool as pools
from pipeline.workers.executor import Executor, unheard
from pipeline.workers.local import InProcess, LocalProcesses
from pipeline.workers.pool import Setup, WorkerError
from pipeline.workers.process import WorkerDiedError, WorkerProcess

SPEC = trial("simple_cnn", {"filters_1a": 8, "filters_1b": 16, "batch_size": 64}, 2, 1)
LONG = trial(SPEC.architecture, SPEC.values, 100_000, 1)


def ignore(report):
    pass


def setup(splits, architecture="simple_cnn", memory=None, seconds=None):
    software = fingerprint.software(SPEC.module, architecture)
    return Setup(SPEC.module, architecture, *splits, 1, software, memory, seconds)


class Asking:
    """A pool, and what its workers are told."""

    def __init__(self, pool, told):
        self.pool, self.told = pool, told
        self.close = pool.close

    @property
    def running(self):
        return self.pool.running

    def run(self, work, start, suspect, progress=ignore):
        return self.pool.run(self.told, work, start, suspect, progress)


def processes(splits, **more):
    return Asking(LocalProcesses(1, 1, more.get("memory")), setup(splits, **more))


@pytest.fixture(scope="module")
def pool(splits):
    pool = processes(splits)
    pool.pool.start()
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def here(splits):
    return Asking(InProcess(None), setup(splits)).run(SPEC, None, False).result


def test_a_process_gives_the_bits_of_this_one(pool, here):
    started = pool.running[0]
    assert here.status == "completed"
    assert pool.run(SPEC, None, False).result == here
    assert pool.running[0] is started


def test_epochs_are_reported_while_a_training_runs(pool, here):
    reports = []
    pool.run(SPEC, None, False, reports.append)
    ends = [(report.epochs, report.row) for report in reports if report.row]
    assert ends == [(1, here.curve[0]), (2, here.curve[1])]


def test_a_checkpoint_travels(pool, here):
    first = trial(SPEC.architecture, SPEC.values, 1, 1, promotable=True)
    checkpoint = pool.run(first, None, False).payload
    second = trial(SPEC.architecture, SPEC.values, 2, 1, resume_from=1)
    assert pool.run(second, checkpoint, False).result == here


def test_a_process_goes_from_one_architecture_to_another_and_back(splits, pool, here):
    pool.run(SPEC, None, False)
    pid, perceptron = pool.running[0].pid, trial("mlp", {}, 1, 1)
    alone = Asking(InProcess(None), setup(splits, "mlp")).run(perceptron, None, False).result
    other = Asking(pool.pool, setup(splits, "mlp"))
    assert other.run(perceptron, None, False).result == alone
    assert pool.run(SPEC, None, False).result == here
    assert pool.running[0].pid == pid


def test_an_error_of_who_hears_the_progress_is_no_failure_of_the_training(splits, here):
    def full(report):
        raise OSError(errno.ENOSPC, "No space left on device")

    pool = processes(splits)
    with pytest.raises(OSError, match="No space left"):
        pool.run(SPEC, None, False, full)
    assert pool.run(SPEC, None, False).result == here
    pool.close()


def test_a_file_that_cannot_be_read_stops_the_search_and_is_not_kept(splits, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    train = SplitFolder(shutil.copytree(splits[0].folder, tmp_path / "train"))
    opened = [1, None, train, splits[1]]
    with LocalProcesses(1, 1, None) as pool:
        executor = Executor.open(type(SPEC), SPEC.architecture, *opened, pool, unheard)
        (train.folder / "images.npy").write_bytes(b"")  # by now this process has looked at it
        with executor, pytest.raises(ConvoyError, match=r"train/images\.npy: no sound array"):
            executor.submit(SPEC).result()
    assert executor.store.entries() == []
    assert list(executor.store.claims.glob("*.attempts")) == []


def test_a_process_killed_while_it_starts_is_replaced(splits, here):
    starting = WorkerProcess(ROOT, {})
    threading.Timer(0.5, os.kill, (starting.pid, signal.SIGKILL)).start()
    pool = processes(splits)
    pool.running[0] = starting
    assert pool.run(SPEC, None, False).result == here
    pool.close()


@pytest.mark.slow
def test_a_process_killed_once_costs_nothing(pool, here):
    long = trial(SPEC.architecture, SPEC.values, 30, 1)
    pool.run(SPEC, None, False)  # started and greeted: a trial is what shall be killed
    pid = pool.running[0].pid
    threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()
    result = pool.run(long, None, False).result
    assert result.status == "completed"
    assert result.curve[:2] == here.curve
    assert pool.running[0].pid != pid


def test_closing_ends_a_trial_that_runs_and_starts_no_other(pool):
    pool.run(SPEC, None, False)
    pid = pool.running[0].pid
    threading.Timer(1, pool.close).start()
    with pytest.raises(WorkerError, match="stopped"):
        pool.run(LONG, None, False)
    assert pool.running[0].pid == pid
    assert not pool.running[0].alive


def test_ctrl_c_says_nothing_about_a_trial_that_may_have_killed_its_process_before(splits):
    pool = processes(splits)
    pool.run(SPEC, None, False)
    threading.Timer(1, pool.close).start()
    with pytest.raises(WorkerError, match="stopped"):
        pool.run(LONG, None, True)


def test_a_process_leaves_ctrl_c_to_the_one_that_started_it(splits):
    pool = processes(splits)
    pool.run(SPEC, None, False)
    os.kill(pool.running[0].pid, signal.SIGINT)
    assert pool.run(SPEC, None, False).result.status == "completed"
    assert pool.running[0].asked == 2
    pool.close()


@pytest.mark.slow
def test_memory_that_runs_out_fails_the_trial_alone(splits):
    """A real allocation failure: one layer has 1.6 GB of weights, the worker may hold 1.5 GB."""
    huge = trial("mlp", {"layers": 2, "units_1": 20_000, "units_2": 20_000}, 1, 1)
    limited = processes(splits, architecture="mlp", memory=1_500_000_000)
    result = limited.run(huge, None, False).result
    assert (result.status, result.cause) == ("failed", "memory")
    pid = limited.running[0].pid
    after = limited.run(trial("mlp", {"units_1": 32}, 1, 1), None, False).result
    assert after.status == "completed"
    assert limited.running[0].pid == pid
    limited.close()


@pytest.mark.slow
def test_a_trial_that_does_not_come_back_is_killed(splits, monkeypatch):
    monkeypatch.setattr(pools, "PATIENCE_SECONDS", -0.5)
    pool = processes(splits, seconds=1.0)
    start = time.monotonic()
    result = pool.run(LONG, None, False).result
    pool.close()
    assert (result.status, result.cause) == ("failed", "time")
    assert time.monotonic() - start < 120


@pytest.mark.slow
def test_a_worker_with_other_software_is_refused(splits):
    told = setup(splits, "mlp")
    ours = {**told.software, "packages": {"keras": "0"}}
    pool = Asking(LocalProcesses(1, 1, None), replace(told, software=ours))
    with pytest.raises(WorkerError, match="packages"):
        pool.run(trial("mlp", {}, 1, 1), None, False)
    pool.close()


def test_a_process_that_cannot_start_says_so(tmp_path):
    with pytest.raises(WorkerDiedError, match="status 1"):
        WorkerProcess(tmp_path, {"PYTHONPATH": ""}).greet(b"")


@pytest.mark.slow
def test_a_process_ends_with_the_one_that_started_it(splits):
    pool = processes(splits)
    pool.run(SPEC, None, False)
    process = pool.running[0]
    process._process.stdin.close()
    process._process.wait(10)
    assert not process.alive


@pytest.mark.slow
def test_a_trial_that_loses_a_second_process_has_failed_with_the_reason(splits):
    pool = processes(splits)
    long = LONG
    stop = threading.Event()

    def kill_every_process():
        while not stop.wait(0.2):
            process = pool.running.get(0)
            # Once it is greeted: before that, nobody has asked it anything.
            if process and process.alive and process.greeting and process.asked == 0:
                os.kill(process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_every_process)
    killer.start()
    result = pool.run(long, None, True).result
    stop.set()
    killer.join()
    pool.close()
    assert (result.status, result.cause) == ("failed", "killed")
    assert "SIGKILL" in result.reason
