"""A worker process, seen from inside: it reads jobs from its input and writes their outcomes.

Started by `pipeline.workers.process`; nobody runs it by hand. TensorFlow starts once and the data
are mapped once, for as many trainings as come.
"""

import importlib
import os
import pickle
import queue
import resource
import signal
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline.base import code_digest
from pipeline.base.errors import ConvoyError
from pipeline.running import imports, terminal
from pipeline.training.work import Job, Outcome, Progress, Report, Result
from pipeline.workers.process import PROGRESS, receive, send

if TYPE_CHECKING:
    from pipeline.training.batches import SplitFolder


def main() -> None:
    """Train until the input ends."""
    # Ctrl-C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages, answers = _channels()
    code_digest.loaded()
    with imports.slim():
        # All that takes long, before anyone waits for it.
        from pipeline.training import backend, fingerprint, fitting, models  # noqa: F401
        from pipeline.training.architecture import load_architecture
        from pipeline.training.batches import SplitFolder
    code_digest.check_unchanged()

    def progress(report: Report) -> None:
        send(answers, pickle.dumps(report), PROGRESS)

    while True:
        message: Job | dict[str, Any] = pickle.loads(messages.get())
        if isinstance(message, dict):  # what the next jobs are about
            backend.start(message["threads"])
            importlib.import_module(message["module"])
            load_architecture(message["architecture"])
            train, validation = (SplitFolder(Path(message[n])) for n in ("train", "validation"))
            software = fingerprint.software(message["module"], message["architecture"])
            send(answers, pickle.dumps(software))
            if message["memory"] is not None:
                resource.setrlimit(resource.RLIMIT_DATA, (message["memory"],) * 2)
            continue
        send(answers, pickle.dumps(_outcome(message, train, validation, progress)))


def _outcome(
    job: Job, train: "SplitFolder", validation: "SplitFolder", progress: Progress
) -> Outcome:
    """Compute a job."""
    begun = time.monotonic()
    try:
        result, payload = job.work.run(train, validation, job.start, job.seconds, progress)
    except (ConvoyError, OSError) as error:
        result, payload = Result("failed", reason=terminal.in_words(error), cause="file"), None
    return Outcome(result, payload, time.monotonic() - begun)


def _channels() -> tuple["queue.Queue[bytes]", IO[bytes]]:
    """Take input and output for messages alone; send what else is printed to the error output.

    The input is read by a thread of its own, so that this process ends at once when the one that
    started it has died, even in the middle of a training.
    """
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    messages: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        while (message := receive(source)) is not None:
            messages.put(message)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return messages, sink


if __name__ == "__main__":
    main()
