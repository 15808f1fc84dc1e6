"""The prepared experiments: files of `experiments/` that override params.yaml.

Each file has only the parameters that it changes. Its first lines describe its purpose, duration
and results.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.commands import call
from pipeline.config import params, yaml_text
from pipeline.config.dvc_yaml import flatten
from pipeline.config.params import Params
from pipeline.running.terminal import command, console, plain, say


def names() -> list[str]:
    """Return the names of all experiments."""
    return sorted(file.stem for file in paths.EXPERIMENTS.glob("*.yaml"))


def show() -> None:
    """Print the experiments with the first line of each."""
    table = Table("experiment", "what for", title="python -m pipeline experiment NAME")
    for name in names():
        first = _file(name).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
        table.add_row(plain(name), plain(first.removeprefix("#").strip()))
    console.print(table)


def start(name: str, options: Sequence[str]) -> None:
    """Run an experiment with `dvc exp run`, which keeps its results under its name.

    Raises:
        ConvoyError: there is no such experiment, it has a value that is not allowed, it has
            already run, or DVC fails.
    """
    changed = changes(name)
    overrides = [part for change in changed for part in ("-S", change)]
    if _has_run(name):
        raise ConvoyError(
            f"{name} has been run on this commit. `dvc exp apply {name}` puts it into the "
            f"workspace; `dvc exp remove {name}` forgets it, to run it anew."
        )
    arguments = ["exp", "run", "--name", name, *options, *overrides]
    start = shlex.join(["dvc", "exp", "run", "--name", name, *options])
    command(" \\\n  ".join([start, *(shlex.join(["-S", change]) for change in changed)]))
    status = call.dvc(*arguments).returncode
    if status:
        raise ConvoyError(f"`dvc exp run` ended with status {status}; its message is above.")
    if "--queue" not in options:
        say(f"`dvc exp show` compares it, `dvc exp apply {name}` puts it into the workspace.")


def _has_run(name: str) -> bool:
    """Check whether DVC has an experiment of this name that started from the same commit."""
    return name in call.dvc("exp", "list", "--name-only", quiet=True).stdout.split()


def changes(name: str) -> list[str]:
    """Check an experiment and return it as `key=value` texts for `dvc exp run -S`.

    Raises:
        ConvoyError: there is no such experiment, or it has a value that is not allowed.
    """
    load(name)
    # "++" changes or adds a key: the keys under `tune.fixed` need not be in params.yaml.
    return [f"++{key}={json.dumps(value)}" for key, value in flatten(_content(name)).items()]


def load(name: str) -> Params:
    """Return all parameters of an experiment.

    Raises:
        ConvoyError: there is no such experiment, or it has a value that is not allowed.
    """
    params.load()
    whole = yaml_text.load(paths.PARAMS.read_bytes())
    return params.check(_laid_over(whole, _content(name)), _file(name))


def _content(name: str) -> dict[str, Any]:
    if name not in names():
        raise ConvoyError(f"no such experiment: {name}; there are {', '.join(names())}")
    try:
        return yaml_text.load(_file(name).read_bytes())
    except yaml_text.YamlTextError as error:
        raise ConvoyError(f"{_file(name)}: {error}") from None


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def _file(name: str) -> Path:
    return paths.EXPERIMENTS / f"{name}.yaml"
