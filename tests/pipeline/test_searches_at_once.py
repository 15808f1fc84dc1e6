"""The command `search`: what it computes is what the stages look for."""

import sys

from support.project import TINY, run, write_params

BOTH = TINY | {"architectures": ["mlp", "lenet5"], "tune": TINY["tune"] | {"seed": 7}}


def trainings(clone):
    return (clone / ".state/store/entries.jsonl").read_bytes().count(b"\n")


def test_searches_at_once_leave_nothing_to_compute(finished):
    def search():
        run(sys.executable, "-m", "pipeline", "search", cwd=finished, CONVOY_WORKERS="3")
        return trainings(finished)

    before = trainings(finished)
    write_params(finished, BOTH)
    assert search() == before + 4
    shown = run("dvc", "repro", "tune", cwd=finished).stdout
    assert shown.count("2/2 trials") == 2
    assert trainings(finished) == before + 4
    # What is up to date is not searched again, although nothing remembers its trials.
    (finished / ".state/store/entries.jsonl").write_bytes(b"")
    assert search() == 0
