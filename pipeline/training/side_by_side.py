"""Several seeds of a final training at the same time, each in a process of its own.

Each process leaves what one after another would leave: the seed's model in its folder, and the
seed among the finished ones, where the process that asked finds it.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from pipeline.base.errors import ConvoyError
from pipeline.config import environment
from pipeline.training import backend
from pipeline.training.final import Show, Training, finish_seed
from pipeline.training.finished import FinishedSeeds

# In a process of the pool: where it reports its epochs.
_epochs: "SimpleQueue[tuple[int, float] | None]"


def train_seeds(
    training: Training,
    seeds: Sequence[int],
    count: int,
    folder: Path,
    finished: FinishedSeeds,
    show: Show,
) -> None:
    """Train these seeds, `count` at a time.

    Args:
        training: What decides about their models.
        seeds: Those to train.
        count: Processes, each with `train.threads` threads and its share of the GPUs.
        folder: Where their models are written.
        finished: Where they are kept.
        show: Told of each epoch.

    Raises:
        ConvoyError: a loss is not finite, a process was killed, or would give other models.
    """
    # Forking would copy TensorFlow's threads half.
    context = multiprocessing.get_context("spawn")
    numbers, epochs = context.SimpleQueue(), context.SimpleQueue()
    for number in range(count):
        numbers.put(number)
    listener = threading.Thread(target=_listen, args=(epochs, show), daemon=True)
    listener.start()
    given = (training.settings.threads, numbers, epochs)
    with ProcessPoolExecutor(count, context, _start, given) as pool:
        try:
            waiting = [pool.submit(_train, training, seed, folder, finished) for seed in seeds]
            for future in as_completed(waiting):
                future.result()
        except BrokenProcessPool:
            raise ConvoyError(
                f"{folder}: a process that trained one of the seeds {', '.join(map(str, seeds))} "
                f"was killed, perhaps for want of memory. {environment.WORKERS}={count} trains "
                f"{count} at a time; with fewer, run the same again: finished seeds are kept."
            ) from None
        except BaseException:
            # The seeds in flight, which leaving the block would wait for, are of no use now.
            for process in multiprocessing.active_children():
                process.kill()
            raise
    epochs.put(None)
    listener.join()


def _listen(epochs: "SimpleQueue[tuple[int, float] | None]", show: Show) -> None:
    while (report := epochs.get()) is not None:
        show(*report)


def _start(
    threads: int, numbers: "SimpleQueue[int]", epochs: "SimpleQueue[tuple[int, float] | None]"
) -> None:
    """Prepare a process of the pool."""
    global _epochs
    # Ctrl-C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(environment.device_variables(numbers.get()))
    backend.start(threads)
    _epochs = epochs


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _train(training: Training, seed: int, folder: Path, finished: FinishedSeeds) -> None:
    here = training.depends_on()
    if different := [name for name in here if here[name] != finished.depends_on[name]]:
        raise ConvoyError(
            f"seed {seed}: its process would train another model than the stage's own; different: "
            f"{', '.join(different)}. If the code was edited meanwhile, run the same again; "
            f"{environment.WORKERS}=1 uses no other process."
        )
    finish_seed(training, seed, folder, finished, lambda *report: _epochs.put(report))
