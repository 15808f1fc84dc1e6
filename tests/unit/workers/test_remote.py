"""Several searches on one Dask worker: real processes beside it, which only say who they are."""

import io
import threading
import time
import zipfile
from types import SimpleNamespace

import psutil
import pytest

from pipeline.base.code_digest import ROOT
from pipeline.workers import remote
from pipeline.workers.process import WorkerDiedError

# Answers every question with the greeting, after a while if it is asked to wait. It has no need of
# TensorFlow, so it starts at once.
WORKER = """
import os, time
from pipeline.workers.process import receive, send
source, sink = os.fdopen(0, "rb"), os.fdopen(1, "wb")
hello = receive(source)
send(sink, hello)
while (message := receive(source)) is not None:
    time.sleep(float(message))
    send(sink, hello + b" " + open("train", "rb").read())
"""


def archive(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in ("pipeline/__init__.py", "pipeline/workers/__init__.py"):
            file.writestr(name, "")
        file.write(ROOT / "pipeline/workers/process.py", "pipeline/workers/process.py")
        file.writestr("pipeline/workers/worker.py", WORKER)
        file.writestr("train", data)
    return buffer.getvalue()


@pytest.fixture
def dask_worker(tmp_path, monkeypatch):
    """Stand in for a Dask worker: a place to keep things, and a folder."""
    worker = SimpleNamespace(local_directory=str(tmp_path), address="tcp://here:1")
    monkeypatch.setattr(remote, "get_worker", lambda: worker)
    yield worker
    for search in "ab":
        remote.leave(search, worker)


def ask(search, hello, seconds=0.0, data="images"):
    question = remote.Question(search, hello, str(seconds).encode(), None, False)
    kind, answer, greeting, _ = remote.serve(question, archive(data))
    assert kind == "answer" and greeting == hello
    return answer.decode()


def waiting(search, hello):
    """Ask for something long in a thread; give it, its outcome to come, and the process."""
    said = []

    def wait():
        try:
            said.append(ask(search, hello, seconds=3))
        except WorkerDiedError as error:
            said.append(str(error))

    mine = psutil.Process()
    before = set(mine.children())
    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(1)
    (process,) = set(mine.children()) - before
    return thread, said, process


def test_each_search_is_answered_by_a_process_that_was_told_its_own_setting(dask_worker, tmp_path):
    assert ask("a", b"one thread") == "one thread images"
    assert ask("b", b"two threads") == "two threads images"
    assert ask("a", b"one thread") == "one thread images"
    assert ask("b", b"two threads", data="others") == "two threads others"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_search_keeps_its_process_from_one_trial_to_the_next(dask_worker):
    before = set(psutil.Process().children())
    for _ in range(3):
        ask("a", b"hello")
    assert len(set(psutil.Process().children()) - before) == 1


def test_a_search_that_ends_leaves_the_trial_of_another_alone(dask_worker, tmp_path):
    ask("a", b"one thread")
    thread, said, _ = waiting("b", b"two threads")
    remote.leave("a", dask_worker)
    thread.join()
    assert said == ["two threads images"]
    remote.leave("b", dask_worker)
    assert list(tmp_path.iterdir()) == []


def test_a_search_that_ends_takes_its_own_trial_along_and_starts_no_other(dask_worker, tmp_path):
    thread, said, process = waiting("a", b"hello")
    remote.leave("a", dask_worker)
    thread.join()
    assert said == ["the search has ended"]
    with pytest.raises(WorkerDiedError, match="the search has ended"):
        ask("a", b"hello")
    assert not process.is_running()
    assert list(tmp_path.iterdir()) == []
