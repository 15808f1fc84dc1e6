"""The real thing: `dvc repro` killed at random moments ends like one that was left alone."""

import json
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("CONVOY_TEST_KILLS", "20"))
OUTPUTS = ["results/tune/simple_cnn.json", "results/trials/simple_cnn.csv", "dvc.lock"]


def clone(folder, algorithm):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith(("results/", "dvc.lock")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    yaml = YAML()
    content = yaml.load((folder / "params.yaml").read_text())
    content["architectures"] = ["simple_cnn"]
    content["tune"].update(algorithm=algorithm, trials=6, epochs=3, in_flight=2)
    yaml.dump(content, folder / "params.yaml")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def repro(folder, target="tune@simple_cnn", seconds=None):
    """Run dvc; after `seconds` kill it and all that it has started. Tell whether it ended."""
    process = subprocess.Popen(["dvc", "repro", "-q", target], cwd=folder, start_new_session=True)
    try:
        assert process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def ledger_keys(folder):
    """List the trials in the ledger; a line that a kill has torn does not count."""
    path = folder / ".state" / "ledger" / "trials.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line)["trial"]["key"] for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["random", "hyperband"])
def test_a_search_killed_many_times_ends_like_one_left_alone(tmp_path, algorithm):
    alone = clone(tmp_path / "alone", algorithm)
    repro(alone)
    killed = clone(tmp_path / "killed", algorithm)
    repro(killed, "split")
    moments = random.Random(algorithm)
    kills, seen = 0, []
    while kills < KILLS:
        if repro(killed, seconds=moments.uniform(2, 20)):
            # Done before its last kill: forget the stage's results, and one trial, and go on.
            path = killed / ".state" / "ledger" / "trials.jsonl"
            path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
            shutil.rmtree(killed / "results" / "tune")
            shutil.rmtree(killed / ".dvc" / "cache" / "runs", ignore_errors=True)
            seen = ledger_keys(killed)
            continue
        kills += 1
        now = ledger_keys(killed)
        assert now[: len(seen)] == seen
        seen = now
    assert repro(killed)
    keys = ledger_keys(killed)
    assert len(set(keys)) == len(keys) == len(ledger_keys(alone))
    for name in OUTPUTS:
        assert (killed / name).read_bytes() == (alone / name).read_bytes(), name
    assert not list((killed / ".state" / "ledger" / "claims").iterdir())
