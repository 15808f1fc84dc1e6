"""Clones of the project as a user would have them: fresh, or with a whole run in them."""

import shutil
import sys

from support.project import ROOT, TINY, run, write_params


def make_clone(folder, changes=TINY):
    """Make a repository with the working tree's files, as if they were just committed."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in listed:
        # Results belong to the committed parameters, not to the tiny ones.
        if (ROOT / name).is_file() and not name.startswith(("results/", "dvc.lock")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    write_params(folder, changes)
    run("git", "init", "-q", "-b", "main", cwd=folder)
    run("git", "config", "user.name", "Test", cwd=folder)
    run("git", "config", "user.email", "test@example.org", cwd=folder)
    run(sys.executable, "-m", "pipeline", "merge-setup", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", "commit", "-qm", "all", cwd=folder)
    return folder


def run_and_commit(folder):
    """Run the whole pipeline in a clone and commit its results."""
    run("dvc", "repro", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", "commit", "-qm", "results", cwd=folder)
