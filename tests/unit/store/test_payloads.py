import os
import time

import pytest

from pipeline.store import store as stores
from pipeline.store.entry import Entry
from pipeline.store.store import Store
from pipeline.training.work import EpochRow, Result

CURVE = (EpochRow(0.1 + 0.2, 0.5, 1 / 3, 0.25), EpochRow(1e-9, 1.0, 0.1, 0.75))


def keep(store, key):
    result = Result("completed", 0.75, 0.1, 12, curve=CURVE)
    store.add(Entry(key, "seed", "mlp", "context", result, {}, 1.5, 1e9), b"weights")


def payloads(store):
    return list(store.payloads.iterdir())


def test_a_payload_comes_back_exactly_in_another_process_and_another_does_not(tmp_path):
    keep(Store(tmp_path, print), "k1")
    again = Store(tmp_path, print)
    assert again.payload("k1") == b"weights"
    assert again.find("k1", {}).result.curve == CURVE
    assert again.payload("k2") is None


@pytest.mark.parametrize("left", [0, 3, -1])
def test_a_torn_payload_is_none(tmp_path, left):
    store = Store(tmp_path, print)
    keep(store, "k1")
    (file,) = payloads(store)
    file.write_bytes(file.read_bytes()[:left])
    assert store.payload("k1") is None
    keep(store, "k1")
    assert store.payload("k1") == b"weights"


def test_a_training_goes_on_while_what_it_has_kept_is_deleted(tmp_path):
    store = Store(tmp_path, print)
    keep(store, "k1")
    for file in payloads(store):
        file.unlink()
    store.payloads.rmdir()
    assert store.payload("k1") is None
    keep(store, "k2")
    assert store.payload("k2") == b"weights"


def test_what_nobody_came_back_to_is_dropped_when_the_store_is_opened(tmp_path):
    store = Store(tmp_path, print)
    for key in ("abandoned", "recent", "used"):
        keep(store, key)
    killed = store.payloads / ".abandoned.1.part"  # in the middle of writing it
    killed.touch()
    long_ago = time.time() - stores.PAYLOAD_SECONDS - 60
    for file in (store.payloads / "abandoned", store.payloads / "used", killed):
        os.utime(file, (long_ago, long_ago))
    assert store.payload("used") == b"weights"
    left = payloads(Store(tmp_path, print))
    assert {file.name for file in left} == {"recent", "used"}
