"""Holding a piece of work, so that two processes that want its result do not both compute it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import AcquireReturnProxy, FileLock, Timeout

# Waiting longer than this for another process would look like a hang.
SILENT_SECONDS = 2.0


@contextmanager
def claimed(lock: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the work that this lock file stands for; wait while another process does.

    Whoever gets it must look first whether the result is there. The lock goes with the process
    that holds it, however that ends.

    Args:
        lock: The lock file; it is gone after the block, unless that ended with an error.
        wait: Called once, if the wait is going to be long.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _acquired(FileLock(lock), wait):
        yield
        # Safe although somebody may wait for it: the result is there by now.
        lock.unlink(missing_ok=True)


def _acquired(lock: FileLock, wait: Callable[[], None]) -> AcquireReturnProxy:
    try:
        return lock.acquire(timeout=SILENT_SECONDS)
    except Timeout:
        wait()
        return lock.acquire()
