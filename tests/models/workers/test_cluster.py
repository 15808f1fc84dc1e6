"""A real Dask scheduler and two real workers on this machine, which share nothing with it."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile

import psutil
import pytest
from support.settings import tune

from pipeline.base import paths
from pipeline.config.conditions import PLAIN
from pipeline.search.search import Search
from pipeline.search.space import search_space
from pipeline.workers.cluster import Cluster, pack
from pipeline.workers.local import InProcess
from pipeline.workers.pool import WorkerError

pytestmark = pytest.mark.slow
ADDRESS = "tcp://127.0.0.1:18786"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start the scheduler and two workers, each in an empty folder, without this repository."""
    environment = {**os.environ, "PYTHONPATH": "", "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}
    started = []

    def start(*arguments):
        folder = tmp_path_factory.mktemp("node")
        command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        started.append(subprocess.Popen(command, cwd=folder, env=environment))
        return started[-1]

    start("dask_scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard")
    workers = [
        start("dask_worker", ADDRESS, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        for _ in range(2)
    ]
    yield workers
    for process in started:
        process.kill()
    for process in started:
        process.wait()


def search(settings, pool, splits, folder, monkeypatch):
    monkeypatch.setattr(paths, "STORE", folder)
    space = search_space("simple_cnn", splits[0].shape, 3, {})
    with pool, Search.open("simple_cnn", settings, PLAIN, *splits, pool) as found:
        return [(r.spec, r.result) for r in found.run(space)]


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, splits, tmp_path, monkeypatch):
    settings = tune("hyperband", trials=6, epochs=3, in_flight=3)
    local = search(settings, InProcess(None), splits, tmp_path / "local", monkeypatch)
    assert {spec.resume_from for spec, _ in local} == {0, 1}

    victim = cluster[1]

    def kill_once_it_works():
        while not (children := psutil.Process(victim.pid).children()):
            time.sleep(0.1)
        time.sleep(8)
        victim.send_signal(signal.SIGKILL)
        orphans.extend(children)

    orphans = []
    killer = threading.Thread(target=kill_once_it_works, daemon=True)
    killer.start()
    remote = search(settings, Cluster(ADDRESS, 3, None), splits, tmp_path / "remote", monkeypatch)
    killer.join()
    assert victim.wait() == -signal.SIGKILL
    assert remote == local
    assert psutil.wait_procs(orphans, timeout=10)[1] == []
    assert psutil.Process(cluster[0].pid).children() == []


def test_published_weights_travel_with_code_and_images(splits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.WEIGHTS.mkdir(parents=True)
    (paths.WEIGHTS / "network.pth").write_bytes(b"weights")
    with zipfile.ZipFile(io.BytesIO(pack(*(split.folder for split in splits)))) as archive:
        assert archive.read("data/weights/network.pth") == b"weights"
        assert {"train/images.npy", "validation/labels.npy"} <= set(archive.namelist())


def test_no_scheduler_is_an_error_that_names_the_address(monkeypatch):
    monkeypatch.setattr("pipeline.workers.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(WorkerError, match=r"CONVOY_SCHEDULER=tcp://127\.0\.0\.1:1: no scheduler"):
        Cluster("tcp://127.0.0.1:1", 2, None)
