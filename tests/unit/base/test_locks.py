import threading

import pytest
from filelock import FileLock

from pipeline.base import locks


def never():
    pytest.fail("nobody else holds it")


def test_a_lock_is_gone_after_the_work_and_stays_after_an_error(tmp_path):
    lock = tmp_path / "claims/a.lock"
    with locks.claimed(lock, never):
        assert lock.exists()
    assert not lock.exists()
    with pytest.raises(KeyError), locks.claimed(lock, never):
        raise KeyError
    with locks.claimed(lock, never):  # and can be had again
        pass


def test_who_comes_second_is_told_of_a_long_wait_and_then_gets_it(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.01)
    lock, waiting, order = tmp_path / "a.lock", threading.Event(), []

    def second():
        with locks.claimed(lock, waiting.set):
            order.append("second")

    held = FileLock(lock)
    with held:
        other = threading.Thread(target=second)
        other.start()
        assert waiting.wait(30)
        order.append("first")
    other.join(30)
    assert order == ["first", "second"]
