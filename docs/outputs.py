"""The output that pages show: each marked block is what the command above it prints.

    ```bash
    python -m pipeline classes
    ```

    <!-- output, written by make docs -->
    ```text
    ```

`make docs` runs these commands in the repository, where results are, and writes the blocks. They
need no models, and print the same everywhere.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "docs/tutorial.md"]
SHOWN = re.compile(
    r"```bash\n(?P<command>[^\n]+)\n```\n\n"
    r"(?P<mark><!-- output(?: of the first (?P<lines>\d+) lines)?, written by make docs -->\n)"
    r"```text\n.*?```\n",
    re.DOTALL,
)


def updated(text):
    """Return a page with what its commands print now."""
    return SHOWN.sub(_block, text)


def _block(found):
    lines = _output(found["command"])[: int(found["lines"]) if found["lines"] else None]
    shown = "".join(f"{line}\n" for line in lines)
    return f"```bash\n{found['command']}\n```\n\n{found['mark']}```text\n{shown}```\n"


def _output(command):
    """Run a command as in a fresh clone, and return its lines without spaces at their ends."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as state:
        # Without `.state/` there are no times of this machine; 90 columns hold every table.
        environment = {**os.environ, "PATH": path, "CONVOY_STATE": state, "COLUMNS": "90"}
        done = subprocess.run(
            command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(f"{command}: status {done.returncode}\n{done.stderr}")
    return [line.rstrip() for line in done.stdout.strip("\n").splitlines()]


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
