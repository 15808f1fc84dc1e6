"""The check of params.yaml before `dvc repro` and `dvc exp run` fill dvc.yaml with its values.

DVC resolves the templates of dvc.yaml before any stage runs, stage `check` among them, and some
values make it fail in its own words: "'Value' object is not iterable". `make setup` therefore puts
a small `dvc` into .venv, which calls `check` and then the real one. Where that is not installed,
`python -m pipeline doctor` and `plan` say what is wrong.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.base import paths
from pipeline.config import environment, params
from pipeline.data import location
from pipeline.running.terminal import run, say

# What Linux allows after #! is 127 bytes.
LONGEST_INTERPRETER = 120
COMMANDS = (["repro"], ["exp", "run"], ["experiments", "run"])
CHECK_STAGE = "python -m pipeline.stages check"
MARK = "A look at params.yaml, then DVC"
# It stands where pip puts DVC's own, which does the last two lines.
SCRIPT = f'''"""{MARK}. Written by `python -m pipeline dvc-setup`."""

import sys
from pathlib import Path

if Path("pipeline/commands/before_dvc.py").exists():
    sys.path.insert(0, "")
    from pipeline.commands import before_dvc

    before_dvc.check(sys.argv[1:])
    del sys.path[0]

from dvc.cli import main

sys.exit(main())
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
    if _of_this_pipeline() and any(list(arguments[: len(c)]) == c for c in COMMANDS):
        run(lambda: _check(_overrides(arguments)))


def _of_this_pipeline() -> bool:
    """Check that dvc.yaml here is this project's, with the parameters that it has."""
    return paths.PIPELINE.exists() and CHECK_STAGE in paths.PIPELINE.read_text(errors="replace")


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
