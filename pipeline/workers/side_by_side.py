"""Several jobs on one pool of workers, so that none idles while one of them waits for its last."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from pipeline.running.view import View, Views
from pipeline.workers.pool import Pool

Outcome = TypeVar("Outcome")


def run(
    jobs: Sequence[Callable[[], Outcome]], views: Sequence[View], pool: Pool
) -> Sequence[Outcome]:
    """Run jobs until all have ended, each in a thread; return their outcomes in order.

    If one fails the others are ended as well, and its error is raised.

    Args:
        jobs: Each asks the pool for trainings, which must be concurrent if there are several.
        views: What shows how far each is.
        pool: Computes.
    """
    # Keras' seeds are the whole process's, so no two trainings of one process may run at once.
    assert len(jobs) == 1 or pool.concurrent
    if len(jobs) == 1:
        with views[0]:
            return [jobs[0]()]
    with Views(views), ThreadPoolExecutor(len(jobs)) as threads:
        futures = [threads.submit(job) for job in jobs]
        try:
            for ended in as_completed(futures):
                ended.result()
        except BaseException:
            pool.close()  # else the others would go on to their ends
            raise
    return [future.result() for future in futures]
