import json
import multiprocessing
import os
import resource
import signal
import threading
import time

import pytest

from pipeline.base import locks
from pipeline.store.entry import Entry
from pipeline.store.store import Store, StoreError
from pipeline.training.work import EpochRow, Result

NO_LIMITS = {"trial_seconds": None, "memory": None}
GOOD = Result("completed", 0.1 + 0.2, 1 / 3, 12, curve=(EpochRow(1.5, 0.5, 1.25, 0.1 + 0.2),))


def entry(key="k1", result=GOOD, limits=NO_LIMITS):
    return Entry(key, "trial", "mlp", "context", result, limits, 1.5, 1e9)


def failure(cause):
    return Result("failed", reason="why", cause=cause)


def test_an_entry_comes_back_exactly_in_another_process(tmp_path):
    Store(tmp_path, print).add(entry(), None)
    assert Store(tmp_path, print).find("k1", NO_LIMITS) == entry()


def test_what_another_process_added_meanwhile_is_found(tmp_path):
    early, late = Store(tmp_path, print), Store(tmp_path, print)
    late.add(entry(), None)
    assert early.find("k1", NO_LIMITS) == entry()


def test_a_torn_last_line_is_reported_and_the_next_line_is_whole(tmp_path):
    Store(tmp_path, print).add(entry("k1"), None)
    Store(tmp_path, print).add(entry("k2"), None)
    path = tmp_path / "entries.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    said = []
    store = Store(tmp_path, said.append)
    assert "torn" in said[0] and str(path) in said[0]
    assert store.find("k2", NO_LIMITS) is None
    store.add(entry("k3"), None)
    assert {e.key for e in Store(tmp_path, said.append).entries()} == {"k1", "k3"}
    assert len(said) == 1


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda line: json.dumps({**json.loads(line), "version": 2}), "version 2"),
        (lambda line: line.replace("0.5", "0.6", 1), "checksum"),
        (lambda line: line[:40], "not used"),
    ],
)
def test_a_line_of_another_version_or_a_damaged_one_is_reported_and_not_used(
    tmp_path, damage, word
):
    Store(tmp_path, print).add(entry("k1"), None)
    Store(tmp_path, print).add(entry("k2"), None)
    path = tmp_path / "entries.jsonl"
    first, second = path.read_text().splitlines()
    path.write_text(f"{damage(first)}\n{second}\n")
    said = []
    store = Store(tmp_path, said.append)
    assert len(said) == 1 and word in said[0]
    assert [e.key for e in store.entries()] == ["k2"]


def test_a_full_disk_is_an_error_that_keeps_the_earlier_trainings(tmp_path):
    store = Store(tmp_path, print)
    store.add(entry("k1"), None)
    size = (tmp_path / "entries.jsonl").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, hard))
    try:
        with pytest.raises(StoreError, match=r"cannot write a finished training.*Make room"):
            store.add(entry("k2"), None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "entries.jsonl").stat().st_size == size
    said = []
    assert [e.key for e in Store(tmp_path, said.append).entries()] == ["k1"]
    assert said == []


@pytest.mark.parametrize(
    ("cause", "limit", "had", "have", "used"),
    [
        ("time", "trial_seconds", 10, 10, True),
        ("time", "trial_seconds", 10, 5, True),
        ("time", "trial_seconds", 10, 20, False),
        ("time", "trial_seconds", 10, None, False),
        ("memory", "memory", 10, 20, False),
        ("memory", "memory", None, None, True),
        ("killed", "memory", 10, 20, False),
        ("killed", "memory", 10, None, False),
        ("killed", "memory", 10, 10, True),
        ("killed", "memory", 10, 5, True),
        ("killed", "memory", None, 20, True),
        ("killed", "trial_seconds", 10, 20, True),
        ("specification", "memory", 10, 20, True),
    ],
)
def test_a_failure_for_want_of_time_or_memory_is_tried_again_with_more(
    tmp_path, cause, limit, had, have, used
):
    store = Store(tmp_path, print)
    store.add(entry(result=failure(cause), limits={**NO_LIMITS, limit: had}), None)
    assert (store.find("k1", {**NO_LIMITS, limit: have}) is not None) == used


def test_two_processes_do_not_compute_a_training_at_once(tmp_path):
    order = []
    inside = threading.Event()

    def first():
        with Store(tmp_path, print).claim("k", "a trial"):
            inside.set()
            time.sleep(0.2)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with Store(tmp_path, print).claim("k", "a trial") as attempts:
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert attempts == 0
    assert list((tmp_path / "claims").iterdir()) == []


def _die_in_claim(folder):
    with Store(folder, print).claim("k", "a trial"):
        os.kill(os.getpid(), signal.SIGKILL)


def test_an_attempt_whose_process_died_is_counted(tmp_path):
    for _ in range(2):
        process = multiprocessing.get_context("spawn").Process(
            target=_die_in_claim, args=(tmp_path,)
        )
        process.start()
        process.join()
    with Store(tmp_path, print).claim("k", "a trial") as attempts:
        assert attempts == 2
    with Store(tmp_path, print).claim("k", "a trial") as attempts:
        assert attempts == 0


def test_pruning_drops_what_is_not_wanted_also_for_a_stage_that_runs(tmp_path):
    running = Store(tmp_path, print)
    for key in ("k1", "k2", "k3"):
        running.add(entry(key), None)
    assert Store(tmp_path, print).keep(lambda e: e.key == "k2") == 2
    assert running.find("k1", NO_LIMITS) is None
    assert running.find("k2", NO_LIMITS) == entry("k2")


def test_a_wait_for_another_process_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.05)
    said = []
    with Store(tmp_path, print).claim("k", "a trial"):
        other = threading.Thread(
            target=lambda: Store(tmp_path, said.append).claim("k", "a trial").__enter__()
        )
        other.start()
        while not said and other.is_alive():
            time.sleep(0.01)
    other.join()
    assert said == ["waiting for a trial, which another process is training"]


@pytest.mark.parametrize("name", ["entries.jsonl", "claims/k1.attempts"])
@pytest.mark.parametrize("put", [lambda p: p.mkdir(), lambda p: p.symlink_to(p), os.mkfifo])
def test_what_is_no_file_in_the_place_of_one_is_put_out_of_the_way(tmp_path, name, put):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    put(tmp_path / name)
    said = []
    store = Store(tmp_path, said.append)
    with store.claim("k1", "trial 1") as attempts:
        assert attempts == 0
    store.add(entry(), None)
    assert store.find("k1", NO_LIMITS) == entry()
    assert "something else in the place of a file" in said[0]
