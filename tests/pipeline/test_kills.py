"""The real thing: `dvc repro` killed at random moments ends like one that was left alone."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.project import run

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("CONVOY_TEST_KILLS", "10"))
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


def start(folder, target="tune@simple_cnn"):
    with log_of(folder).open("a") as log:
        return subprocess.Popen(
            ["dvc", "repro", target], cwd=folder, start_new_session=True, stdout=log, stderr=log
        )


def log_of(folder):
    return folder.with_name(f"{folder.name}.log")


def killed_in_time(folder, moments, seconds):
    """Start dvc, then kill it and all that it has started; tell whether it was still running.

    Every other kill comes at any moment of the `seconds` that a run takes here, the rest once a
    trial is being computed, because starting takes most of the time.
    """
    process = start(folder)
    claims = folder / ".state" / "store" / "claims"
    if moments.random() < 0.5:
        while process.poll() is None and not (claims.exists() and list(claims.glob("*.lock"))):
            time.sleep(0.05)
        wait = moments.uniform(0, seconds / 3)
    else:
        wait = moments.uniform(0, seconds)
    try:
        if process.wait(wait):
            mend(folder)
            return killed_in_time(folder, moments, seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def mend(folder):
    """Do what `doctor` says where DVC was killed while it wrote dvc.lock; nothing else may fail."""
    said = run("python", "-m", "pipeline", "doctor", cwd=folder, check=False).stdout
    assert "dvc.lock is cut off" in said, log_of(folder).read_text()[-3000:]
    # Nothing was committed here, so there is nothing to check out.
    (folder / "dvc.lock").unlink()


def forget(folder):
    """Take back the search's results and all but three of its trials, as if it had run so far."""
    path = folder / ".state" / "store" / "entries.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    shutil.rmtree(folder / "results" / "tune")
    shutil.rmtree(folder / ".dvc" / "cache" / "runs", ignore_errors=True)
    yaml = YAML()
    lock = yaml.load((folder / "dvc.lock").read_text())
    del lock["stages"]["tune@simple_cnn"]
    yaml.dump(lock, folder / "dvc.lock")


def stored_keys(folder):
    """List the trials in the store; a line that a kill has torn does not count."""
    path = folder / ".state" / "store" / "entries.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line)["entry"]["key"] for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["random", "hyperband"])
def test_a_search_killed_many_times_ends_like_one_left_alone(tmp_path, algorithm):
    alone = clone(tmp_path / "alone", algorithm)
    killed = clone(tmp_path / "killed", algorithm)
    assert start(killed, "split").wait() == 0
    assert start(alone, "split").wait() == 0
    begun = time.monotonic()
    assert start(alone).wait() == 0
    seconds = time.monotonic() - begun
    moments = random.Random(algorithm)
    kills, seen = 0, []
    while kills < KILLS:
        if killed_in_time(killed, moments, seconds):
            kills += 1
            now = stored_keys(killed)
            assert now[: len(seen)] == seen
            seen = now
        else:
            forget(killed)
            seen = stored_keys(killed)
    assert start(killed).wait() == 0, log_of(killed).read_text()[-3000:]
    keys = stored_keys(killed)
    assert len(set(keys)) == len(keys) == len(stored_keys(alone))
    for name in OUTPUTS:
        assert (killed / name).read_bytes() == (alone / name).read_bytes(), name
    assert not list((killed / ".state" / "store" / "claims").iterdir())
