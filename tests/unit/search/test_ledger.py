import json
import multiprocessing
import os
import resource
import signal
import threading
import time

import pytest

from pipeline.base import locks
from pipeline.search.ledger import Entry, Ledger, LedgerError
from pipeline.search.records import TrialResult

NO_LIMITS = {"trial_seconds": None, "memory": None}
GOOD = TrialResult("completed", 0.1 + 0.2, 1 / 3, 12, curve=((1.5, 0.5, 1.25, 0.1 + 0.2),))


def entry(key="k1", result=GOOD, limits=NO_LIMITS):
    return Entry(key, "mlp", "context", result, limits, 1.5, 1e9)


def failure(cause):
    return TrialResult("failed", reason="why", cause=cause)


def test_an_entry_comes_back_exactly_in_another_process(tmp_path):
    Ledger(tmp_path).add(entry())
    assert Ledger(tmp_path).find("k1", NO_LIMITS) == entry()


def test_what_another_process_added_meanwhile_is_found(tmp_path):
    early, late = Ledger(tmp_path), Ledger(tmp_path)
    late.add(entry())
    assert early.find("k1", NO_LIMITS) == entry()


def test_a_torn_last_line_is_reported_and_the_next_line_is_whole(tmp_path):
    Ledger(tmp_path).add(entry("k1"))
    Ledger(tmp_path).add(entry("k2"))
    path = tmp_path / "trials.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    said = []
    ledger = Ledger(tmp_path, said.append)
    assert "torn" in said[0] and str(path) in said[0]
    assert ledger.find("k2", NO_LIMITS) is None
    ledger.add(entry("k3"))
    assert {e.key for e in Ledger(tmp_path, said.append).entries()} == {"k1", "k3"}
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
    Ledger(tmp_path).add(entry("k1"))
    Ledger(tmp_path).add(entry("k2"))
    path = tmp_path / "trials.jsonl"
    first, second = path.read_text().splitlines()
    path.write_text(f"{damage(first)}\n{second}\n")
    said = []
    ledger = Ledger(tmp_path, said.append)
    assert len(said) == 1 and word in said[0]
    assert [e.key for e in ledger.entries()] == ["k2"]


def test_a_full_disk_is_an_error_that_keeps_the_earlier_trials(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.add(entry("k1"))
    size = (tmp_path / "trials.jsonl").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, hard))
    try:
        with pytest.raises(LedgerError, match=r"cannot write a finished trial.*Make room"):
            ledger.add(entry("k2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "trials.jsonl").stat().st_size == size
    said = []
    assert [e.key for e in Ledger(tmp_path, said.append).entries()] == ["k1"]
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
    ledger = Ledger(tmp_path)
    ledger.add(entry(result=failure(cause), limits={**NO_LIMITS, limit: had}))
    assert (ledger.find("k1", {**NO_LIMITS, limit: have}) is not None) == used


def test_two_searches_do_not_run_a_trial_at_once(tmp_path):
    order = []
    inside = threading.Event()

    def first():
        with Ledger(tmp_path).claim("k"):
            inside.set()
            time.sleep(0.2)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with Ledger(tmp_path).claim("k") as attempts:
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert attempts == 0
    assert list((tmp_path / "claims").iterdir()) == []


def _die_in_claim(folder):
    with Ledger(folder).claim("k"):
        os.kill(os.getpid(), signal.SIGKILL)


def test_an_attempt_whose_process_died_is_counted(tmp_path):
    for _ in range(2):
        process = multiprocessing.get_context("spawn").Process(
            target=_die_in_claim, args=(tmp_path,)
        )
        process.start()
        process.join()
    with Ledger(tmp_path).claim("k") as attempts:
        assert attempts == 2
    with Ledger(tmp_path).claim("k") as attempts:
        assert attempts == 0


def test_pruning_drops_what_is_not_wanted_also_for_a_search_that_runs(tmp_path):
    running = Ledger(tmp_path)
    for key in ("k1", "k2", "k3"):
        running.add(entry(key))
    assert Ledger(tmp_path).keep(lambda e: e.key == "k2") == 2
    assert running.find("k1", NO_LIMITS) is None
    assert running.find("k2", NO_LIMITS) == entry("k2")


def test_a_wait_for_another_search_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.05)
    said = []
    with Ledger(tmp_path).claim("k"):
        other = threading.Thread(
            target=lambda: Ledger(tmp_path, said.append).claim("k").__enter__()
        )
        other.start()
        while not said and other.is_alive():
            time.sleep(0.01)
    other.join()
    assert said == ["waiting for a trial that another search is running"]
