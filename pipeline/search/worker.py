"""A worker process, seen from inside: it reads trials from its input and writes their results.

Started by `pipeline.search.process`; nobody runs it by hand. TensorFlow starts once and the data
are mapped once, for as many trials as come.
"""

import os
import pickle
import queue
import signal
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeline.running import imports
from pipeline.search.process import receive, send
from pipeline.search.records import Job, Outcome

if TYPE_CHECKING:
    from pipeline.training.batches import SplitFolder


def main() -> None:
    """Greet, then run trials until the input ends."""
    # Ctrl-C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages, answers = _channels()
    with imports.slim():
        from pipeline.search import context, trial  # noqa: F401 - all imports before a trial's time
        from pipeline.training import backend
        from pipeline.training.architecture import load_architecture
        from pipeline.training.batches import SplitFolder
    settings = pickle.loads(messages.get())
    backend.start(settings["threads"])
    load_architecture(settings["architecture"])
    train = SplitFolder(Path(settings["train"]))
    validation = SplitFolder(Path(settings["validation"]))
    send(answers, pickle.dumps(context.software(settings["architecture"])))
    if settings["memory"] is not None:
        import resource  # Unix has it

        resource.setrlimit(resource.RLIMIT_DATA, (settings["memory"],) * 2)
    while True:
        job = pickle.loads(messages.get())
        send(answers, pickle.dumps(run(job, train, validation)))


def run(job: Job, train: "SplitFolder", validation: "SplitFolder") -> Outcome:
    """Run one trial and take its time."""
    from pipeline.search.trial import run_trial

    start = time.monotonic()
    result, state = run_trial(job.spec, train, validation, job.state, job.seconds)
    return Outcome(result, state, time.monotonic() - start)


def _channels() -> tuple["queue.Queue[bytes]", IO[bytes]]:
    """Take input and output for messages alone; what else is printed goes to the error output.

    The input is read by a thread of its own, so that this process ends at once when the one that
    started it has died, even in the middle of a trial.
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
