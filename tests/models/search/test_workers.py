"""Real worker processes. They take seconds to start, so the tests share what they can."""

import os
import signal
import threading
import time

import pytest

from pipeline.base.code_digest import ROOT
from pipeline.search import context, workers
from pipeline.search.process import WorkerDiedError, WorkerProcess
from pipeline.search.records import TrialSpec
from pipeline.search.workers import LocalProcesses, Setting, WorkerError

SPEC = TrialSpec("simple_cnn", {"filters_1a": 8, "filters_1b": 16, "batch_size": 64}, 2, 1)


def setting(splits, **more):
    return Setting("simple_cnn", *splits, 1, context.software("simple_cnn"), **more)


@pytest.fixture(scope="module")
def pool(splits):
    pool = LocalProcesses(setting(splits), 1, [WorkerProcess(ROOT, {})])
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def here(splits):
    return workers.InProcess(setting(splits)).run(SPEC, None, False).result


def test_a_process_gives_the_bits_of_this_one(pool, here):
    started = pool.running[0]
    assert here.status == "completed"
    assert pool.run(SPEC, None, False).result == here
    assert pool.running[0] is started


def test_a_state_travels(pool, here):
    first = TrialSpec(SPEC.architecture, SPEC.values, 1, 1, promotable=True)
    state = pool.run(first, None, False).state
    second = TrialSpec(SPEC.architecture, SPEC.values, 2, 1, resume_from=1)
    assert pool.run(second, state, False).result == here


def test_a_process_killed_while_it_starts_is_replaced(splits, here):
    starting = WorkerProcess(ROOT, {})
    threading.Timer(0.5, os.kill, (starting.pid, signal.SIGKILL)).start()
    pool = LocalProcesses(setting(splits), 1, [starting])
    assert pool.run(SPEC, None, False).result == here
    pool.close()


@pytest.mark.slow
def test_a_process_killed_once_costs_nothing(pool, here):
    long = TrialSpec(SPEC.architecture, SPEC.values, 30, 1)
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
        pool.run(TrialSpec(SPEC.architecture, SPEC.values, 100_000, 1), None, False)
    assert pool.running[0].pid == pid
    assert not pool.running[0].alive


def test_ctrl_c_says_nothing_about_a_trial_that_may_have_killed_its_process_before(splits):
    pool = LocalProcesses(setting(splits), 1)
    pool.run(SPEC, None, False)
    threading.Timer(1, pool.close).start()
    with pytest.raises(WorkerError, match="stopped"):
        pool.run(TrialSpec(SPEC.architecture, SPEC.values, 100_000, 1), None, True)


def test_a_process_leaves_ctrl_c_to_the_one_that_started_it(splits):
    pool = LocalProcesses(setting(splits), 1)
    pool.run(SPEC, None, False)
    os.kill(pool.running[0].pid, signal.SIGINT)
    assert pool.run(SPEC, None, False).result.status == "completed"
    assert pool.running[0].asked == 2
    pool.close()


@pytest.mark.slow
def test_memory_that_runs_out_fails_the_trial_alone(splits):
    """A real allocation failure: one layer has 1.6 GB of weights, the worker may hold 1.5 GB."""
    huge = TrialSpec("mlp", {"layers": 2, "units_1": 20_000, "units_2": 20_000}, 1, 1)
    limited = LocalProcesses(
        Setting("mlp", *splits, 1, context.software("mlp"), memory=1_500_000_000), 1
    )
    result = limited.run(huge, None, False).result
    assert (result.status, result.cause) == ("failed", "memory")
    pid = limited.running[0].pid
    after = limited.run(TrialSpec("mlp", {"units_1": 32}, 1, 1), None, False).result
    assert after.status == "completed"
    assert limited.running[0].pid == pid
    limited.close()


@pytest.mark.slow
def test_a_trial_that_does_not_come_back_is_killed(splits, monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", -0.5)
    pool = LocalProcesses(setting(splits, seconds=1.0), 1)
    start = time.monotonic()
    result = pool.run(TrialSpec(SPEC.architecture, SPEC.values, 100_000, 1), None, False).result
    pool.close()
    assert (result.status, result.cause) == ("failed", "time")
    assert time.monotonic() - start < 120


@pytest.mark.slow
def test_a_worker_with_other_software_is_refused(splits):
    ours = {**context.software("mlp"), "packages": {"keras": "0"}}
    pool = LocalProcesses(Setting("mlp", *splits, 1, ours), 1)
    with pytest.raises(WorkerError, match="packages"):
        pool.run(TrialSpec("mlp", {}, 1, 1), None, False)
    pool.close()


def test_a_process_that_cannot_start_says_so(tmp_path):
    with pytest.raises(WorkerDiedError, match="status 1"):
        WorkerProcess(tmp_path, {"PYTHONPATH": ""}).greet(b"")


@pytest.mark.slow
def test_a_process_ends_with_the_one_that_started_it(splits):
    pool = LocalProcesses(setting(splits), 1)
    pool.run(SPEC, None, False)
    process = pool.running[0]
    process._process.stdin.close()
    process._process.wait(10)
    assert not process.alive


@pytest.mark.slow
def test_a_trial_that_loses_a_second_process_has_failed_with_the_reason(splits):
    pool = LocalProcesses(setting(splits), 1)
    long = TrialSpec(SPEC.architecture, SPEC.values, 100_000, 1)
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
