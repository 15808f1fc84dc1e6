"""Stages that start without importing TensorFlow: forked from one process that has imported it.

A run of DVC starts a process for each stage, and the import of TensorFlow takes two seconds of each
that trains or judges. So a run has one process that imports it once, in the background while the
data are divided: the *warm process*. A stage that needs TensorFlow hands it arguments, environment,
input and output; it forks, and the fork runs the stage, while the process that DVC has started
waits for it and ends as it does.

The warm process computes nothing and has no threads, so it is safely forked. A fork drops the
modules of this project and imports them again, so that it runs the code that is there when the
stage starts. All of them end with the run of DVC. On macOS, with a GPU, on another backend of
Keras, or with CONVOY_FORK=0 there is none. No result depends on it.
"""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import psutil

from pipeline.config import environment
from pipeline.running import imports, tie

NAME = "warm"
# Stages that import TensorFlow, and those before them, which leave a core free for its import.
WARMED = ("tune", "confirm", "train", "untuned", "evaluate")
BEFORE = ("check", "download", "split", "settings")
# Beginnings of the names of variables that may differ between the stages of one run.
PASSING = ("DVC_", "OLDPWD", "PWD", "SHLVL", "_")
MOST_BYTES = 2**17  # of a message: arguments and environment
MOST_IDLE_SECONDS = 300.0  # a program that uses DVC as a library may live on for days


def prepare(starter: psutil.Process, stage: str) -> None:
    """Start the warm process of a run of DVC, unless it has one, cannot have one or needs none.

    Args:
        starter: The run of DVC.
        stage: The stage that is about to run.
    """
    if stage not in WARMED + BEFORE or not environment.forks() or not hasattr(os, "pidfd_open"):
        return
    address = tie.file_of(starter, NAME)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
        try:
            asked.bind(str(address))
        except OSError:  # it has one
            return
        address.chmod(0o600)
        asked.listen()
        subprocess.Popen(
            [sys.executable, "-m", __name__, str(starter.pid), str(asked.fileno()), str(address)],
            pass_fds=[asked.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def delegated(starter: psutil.Process, arguments: Sequence[str]) -> int | None:
    """Let the warm process run a stage, wait for its end, and return its exit status.

    Args:
        starter: The run of DVC.
        arguments: The stage and its item.

    Returns:
        As of `subprocess`, negative for a signal; None where this process has to run the stage.
    """
    if arguments[0] not in WARMED:
        return None
    address = tie.file_of(starter, NAME)
    if not address.exists():  # never on macOS
        return None
    told = {"arguments": arguments, "environment": dict(os.environ), "starter": starter.pid}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.connect(str(address))
            socket.send_fds(connection, [json.dumps(told).encode()], [0, 1, 2])
            accepted = connection.recv(MOST_BYTES)
        except OSError:
            return None
        if not accepted:
            return None
        # Ctrl-C in a terminal reaches the stage itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        answer = connection.recv(MOST_BYTES)
    return json.loads(answer) if answer else -signal.SIGKILL


def end_as(code: int) -> NoReturn:
    """End this process with the exit status of another, by the same signal if it was one."""
    if code < 0:
        with suppress(OSError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code % 256)


def serve(starter: int, asked: socket.socket) -> None:
    """Fork a stage for whoever asks, until the run of DVC has ended.

    Args:
        starter: Process number of the run of DVC.
        asked: A listening socket.
    """
    ended = os.pidfd_open(starter)
    # Ctrl-C in a terminal reaches this process too; whoever started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours = _lasting(os.environ)
    with imports.quiet():
        imports.slim_keras()
        # What a stage imports in any case. Its modules are imported anew, but not what they import.
        importlib.import_module("pipeline.running.stage")
    if not imports.unused_tensorflow():
        return
    forks: dict[int, tuple[int, socket.socket]] = {}  # by the descriptor that tells its end
    while True:
        watched = [ended, asked.fileno(), *forks]
        ready, _, _ = select.select(watched, [], [], None if forks else MOST_IDLE_SECONDS)
        if not ready or ended in ready:
            break
        for descriptor in forks.keys() & ready:
            pid, connection = forks.pop(descriptor)
            os.close(descriptor)
            with connection, suppress(OSError):  # nobody waits for it any more
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                connection.send(json.dumps(code).encode())
        if asked.fileno() in ready and (found := _forked(asked, ours)):
            forks[os.pidfd_open(found[0])] = found


def _forked(asked: socket.socket, ours: Mapping[str, str]) -> tuple[int, socket.socket] | None:
    """Fork the stage that somebody asks for; None if it is refused."""
    connection, _ = asked.accept()
    message, ends, _, _ = socket.recv_fds(connection, MOST_BYTES, 3)
    told = json.loads(message) if len(ends) == 3 else {}
    pid = None
    with suppress(OSError):  # no memory, too many processes
        if told and _lasting(told["environment"]) == ours:
            connection.send(b"accepted")
            pid = os.fork()
            if pid == 0:
                asked.close()
                _be_a_stage(connection, ends, told)
    for end in ends:
        os.close(end)
    if pid is None:
        connection.close()
        return None
    return pid, connection


def _be_a_stage(
    connection: socket.socket, ends: Sequence[int], told: Mapping[str, Any]
) -> NoReturn:
    """Run a stage as a process of its own, and end with it."""
    try:
        for place, end in enumerate(ends):
            os.dup2(end, place)
            os.close(end)
        os.environ.clear()
        os.environ.update(told["environment"])
        # Those of the warm process go nowhere, and take what they lead to for a file.
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=_end_after, args=[connection], daemon=True).start()
        for name in [name for name in sys.modules if name.partition(".")[0] == "pipeline"]:
            del sys.modules[name]
        importlib.import_module("pipeline.running.stage").main(
            told["arguments"], psutil.Process(told["starter"])
        )
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # noqa: BLE001 # of any kind: it must not go up
        sys.excepthook(type(error), error, error.__traceback__)
        code = -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    end_as(code)


def _end_after(connection: socket.socket) -> None:
    """End this process, at once, when the one that asked for it ends."""
    connection.recv(1)
    os._exit(1)


def _lasting(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are the same for all stages of a run."""
    return {name: value for name, value in variables.items() if not name.startswith(PASSING)}


if __name__ == "__main__":
    pid, descriptor, name = sys.argv[1:]
    with socket.socket(fileno=int(descriptor)) as listening:
        serve(int(pid), listening)
    Path(name).unlink(missing_ok=True)
