"""What is said before `dvc repro` and `dvc exp run` begin, and after DVC has ended.

DVC resolves the templates of dvc.yaml before any stage runs, stage `check` among them, and some
values make it fail in its own words: "'Value' object is not iterable". `make setup` therefore puts
a small `dvc` into .venv, which calls `check`, then the real one, and `explain` if that fails: DVC
removes old outputs and writes new ones by itself, and where it may not, it has no advice. Where
stage `summary` had nothing to do, `conclude` prints the table. Where that `dvc` is not installed,
`python -m pipeline doctor` and `plan` say what is wrong.
"""

import argparse
import contextlib
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.base import paths
from pipeline.commands import writable
from pipeline.config import environment, params
from pipeline.data import location
from pipeline.running.terminal import complain, of_a_file, run, say

# What Linux allows after #! is 127 bytes.
LONGEST_INTERPRETER = 120
COMMANDS = (["repro"], ["exp", "run"], ["experiments", "run"])
# The whole pipeline, with no option that asks for less output or none.
WHOLE = (["repro"], ["repro", "-P"], ["repro", "--all-pipelines"])
# Other commands that write to the workspace.
WRITERS = (["checkout"], ["pull"], ["fetch"])
# On a disk with less room than this, DVC cannot write its own files.
LEAST_FREE = 2**20
CHECK_STAGE = "python -m pipeline.stages check"
MARK = "A look at params.yaml, then DVC"
# It stands where pip puts DVC's own, which does the last two lines.
SCRIPT = f'''"""{MARK}. Written by `python -m pipeline dvc-setup`."""

import sys
from pathlib import Path

module, shown = None, 0
try:
    here = Path.cwd()
except FileNotFoundError:
    sys.exit("error: The folder that this runs in has been removed. Go to the repository root.")
for folder in (here, *here.parents):
    if (folder / "pipeline/commands/before_dvc.py").exists():
        sys.path.insert(0, str(folder))
        from pipeline.commands import before_dvc as module

        module.check(sys.argv[1:])
        # An older revision may be checked out, which has less of this.
        shown = getattr(module, "summaries", int)()
        del sys.path[0]
        break

from dvc.cli import main

status = main()
if status and module:
    module.explain(sys.argv[1:])
elif hasattr(module, "conclude"):
    module.conclude(sys.argv[1:], shown)
sys.exit(status)
'''


def set_up() -> None:
    """Write the `dvc` that checks first, beside the Python of this environment."""
    python = Path(sys.executable)
    script = python.with_name("dvc")
    script.write_text(f"{_first_lines(python)}{SCRIPT}", encoding="utf-8")
    script.chmod(0o755)
    say(f"{script} looks at params.yaml before it runs a pipeline.")


def _first_lines(python: Path) -> str:
    """Return what starts a script with this Python, as pip writes it where a path has spaces."""
    if " " not in str(python) and len(str(python)) < LONGEST_INTERPRETER:
        return f"#!{python}\n"
    return f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"


def check(arguments: Sequence[str]) -> None:
    """Check params.yaml as this call of DVC would leave it; end the process if it is refused.

    Args:
        arguments: Those of `dvc` on the command line.
    """
    if _is_one_of(COMMANDS, arguments) and (root := _root()):
        with contextlib.chdir(root):
            run(lambda: _check(_overrides(arguments)))


def explain(arguments: Sequence[str]) -> None:
    """Print what may have made DVC fail: a full disk, a folder that it cannot write to."""
    if not (_is_one_of((*COMMANDS, *WRITERS), arguments) and (root := _root())):
        return
    with contextlib.chdir(root):
        for folder in (Path(), writable.CACHE):
            if folder.is_dir() and shutil.disk_usage(folder).free < LEAST_FREE:
                complain(of_a_file(_error(errno.ENOSPC, folder)))
                return
        for folder in writable.refusing()[:1]:
            complain(of_a_file(_error(errno.EACCES, folder / "*")))


def summaries() -> int:
    """Return how often stage `summary` has printed the table here, as the record of costs says."""
    root = _root()
    if root is None:
        return 0
    with contextlib.chdir(root):
        return paths.COSTS.read_text().count('"stage": "summary"') if paths.COSTS.exists() else 0


def conclude(arguments: Sequence[str], shown: int) -> None:
    """Print the table after a run of the whole pipeline in which stage `summary` did not run.

    Args:
        arguments: Those of `dvc` on the command line.
        shown: What `summaries` returned before.
    """
    if list(arguments) not in WHOLE or not (root := _root()) or summaries() > shown:
        return
    with contextlib.chdir(root):
        if paths.SUMMARISED.exists():
            from pipeline.evaluation import summary  # takes SciPy's second

            run(summary.show)


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))


def _is_one_of(commands: Sequence[list[str]], arguments: Sequence[str]) -> bool:
    given = list(arguments[2:] if arguments[:1] == ["--cd"] else arguments)
    return any(given[: len(command)] == command for command in commands)


def _root() -> Path | None:
    """Return the folder of this pipeline, here or above; None if there is another's dvc.yaml."""
    here = Path.cwd()
    found = next((f for f in (here, *here.parents) if (f / paths.PIPELINE).exists()), here)
    file = found / paths.PIPELINE
    is_ours = file.exists() and CHECK_STAGE in file.read_text(errors="replace")
    return found if is_ours else None


def _overrides(arguments: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-S", "--set-param", action="append", default=[])
    return parser.parse_known_args(arguments)[0].set_param


def _check(overrides: Sequence[str]) -> None:
    """Check the environment and the parameters with these `key=value` overrides.

    Raises:
        ConvoyError: a value is not allowed, or an override is malformed. Nothing has been changed.
    """
    environment.check()
    if not overrides:
        _refuse(paths.PARAMS)
        return
    params.written()  # a file that cannot be read cannot be changed either
    from pipeline.commands import affected  # takes DVC's second

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / paths.PARAMS
        shutil.copy(paths.PARAMS, copy)
        # A sweep is many files; stage `check` sees each.
        affected.set_parameters(copy, [text for text in overrides if not affected.is_sweep(text)])
        _refuse(copy)


def _refuse(file: Path) -> None:
    settings = params.load(file, shown_as=paths.PARAMS)
    # DVC looks for the folder whatever the data set is.
    location.find(settings.dataset.path)
