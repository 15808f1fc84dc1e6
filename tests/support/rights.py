"""Commands that permissions stop, also where the tests run as root."""

import os
import shutil
import subprocess

import pytest

# Root without its capabilities is stopped by the bits of its own files.
AS_USER = [] if os.geteuid() else ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
needs_rights = pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root, and setpriv is not here"
)


def run(*command, cwd, **environment):
    """Run a command; return its status and what it printed."""
    done = subprocess.run(
        [*AS_USER, *command],
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout
