"""The start of the workers that the environment asks for.

`CONVOY_WORKERS`, `CONVOY_WORKER_MEMORY` and `CONVOY_SCHEDULER` decide; no result depends on them.
"""

from typing import Literal

from pipeline.config import environment
from pipeline.running.terminal import say
from pipeline.workers.local import InProcess, LocalProcesses
from pipeline.workers.pool import Pool


def start_pool(section: Literal["tune", "train"], most: int, threads: int, epochs: int) -> Pool:
    """Start the workers that the environment asks for, all at once.

    If it does not say how many, long work gets as many as this machine has use for.

    Args:
        section: Section of params.yaml that the other arguments are from, for messages.
        most: How many trainings are asked for at a time, so that more workers are of no use.
        threads: Threads a training.
        epochs: Epochs of all trainings together.

    Raises:
        ConvoyError: a CONVOY_* variable has a value that is not allowed, or the cluster cannot be
            reached.
    """
    asked, memory = environment.workers(), environment.memory()
    if address := environment.scheduler():
        # Most runs stay on one machine and need not load Dask.
        from pipeline.workers.cluster import Cluster

        return Cluster(address, most, memory)
    count = min(asked or environment.usual_workers(threads, epochs), most)
    if asked and count < asked:
        limit = {"tune": "tune.in_flight a search", "train": "one a seed in train.seeds"}
        say(
            f"note: {environment.WORKERS}={asked}, but no more than {most} trainings run at a "
            f"time: {limit[section]}"
        )
    cores = environment.cores()
    if count > 1 and count * threads > cores and not environment.device_variables(0):
        say(
            f"note: {count} workers times {section}.threads={threads} is more than the "
            f"{cores} cores here; fewer workers would be as fast"
        )
    if count == 1:
        return InProcess(memory)
    pool = LocalProcesses(count, most, memory)
    pool.start()
    return pool
