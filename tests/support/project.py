"""What the tests share: a tiny setting, commands, and where the project is."""

import os
import subprocess
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
# What costs nothing and still goes through every stage.
TINY = {
    "architectures": ["mlp"],
    "tune": {"trials": 2, "epochs": 1, "in_flight": 2, "threads": 1},
    "select": {"baseline": "lenet5"},
    "train": {"epochs": 2, "seeds": [1, 2], "threads": 1},
}

# One of each, so that every stage has something to do.
LEAST = TINY | {
    # Of the two trials the recipe has more parameters, so that the other one is chosen.
    "select": TINY["select"]
    | {"confirm": {"top": 1, "seeds": 1}, "untuned": True, "most_parameters": 60_000},
    "train": TINY["train"] | {"seeds": [1]},
}
# Every stage from `split` on, in the order in which they run.
FROM_SPLIT = [
    "split",
    "settings",
    "tune@mlp",
    "explain",
    "confirm",
    "select",
    "train@baseline",
    "train@tuned",
    "untuned",
    "evaluate",
    "summary",
]


def write_params(folder, changes):
    """Write params.yaml into `folder`: the committed one with `changes` laid over it."""
    yaml = YAML()
    content = yaml.load((ROOT / "params.yaml").read_text())
    for section, values in changes.items():
        if isinstance(values, dict):
            content[section].update(values)
        else:
            content[section] = values
    yaml.dump(content, folder / "params.yaml")


def run(*command, cwd, check=True, **environment):
    """Run a command and return what it did; its output is shown when the test fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(f"$ {' '.join(command)}\n{done.stdout}")
    assert not check or done.returncode == 0, done.stdout
    return done
