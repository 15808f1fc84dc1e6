import pytest
from typer.testing import CliRunner

from pipeline import __main__ as command_line
from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.store.entry import Entry
from pipeline.store.store import Store
from pipeline.training.work import EpochRow, Result

COMPLETED = Result("completed", 0.9, 0.3, 12, curve=(EpochRow(1.0, 0.8, 0.3, 0.9),))
FAILED = Result("failed", reason="killed", cause="killed")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A store with two contexts of one architecture and one of another."""
    folder = tmp_path / "store"
    monkeypatch.setattr(paths, "STORE", folder)
    store = Store(folder, print)
    for number, (architecture, context, result) in enumerate(
        [("mlp", "old", COMPLETED), ("mlp", "new", COMPLETED), ("lenet5", "x", FAILED)]
    ):
        entry = Entry(f"k{number}", "trial", architecture, context, result, {}, 3600.0, number)
        store.add(entry, None)
        write_json(folder / "contexts" / f"{context}.json", {})
    return folder


def call(*arguments):
    done = CliRunner().invoke(command_line.app, ["store", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_list_says_what_is_kept_and_what_is_current(kept):
    lines = call().splitlines()
    rows = [line.split() for line in lines if "mlp" in line or "lenet5" in line]
    cells = [[cell for cell in row if cell != "│"] for row in rows]
    assert cells == [
        ["trial", "lenet5", "x", "0", "0", "1", "1.00", "yes"],
        ["trial", "mlp", "new", "1", "0", "0", "1.00", "yes"],
        ["trial", "mlp", "old", "1", "0", "0", "1.00"],
    ]
    assert "3 trainings" in lines[0]


@pytest.mark.parametrize(
    ("what", "keys", "contexts"),
    [
        ("old", {"k1", "k2"}, {"new", "x"}),
        ("failed", {"k0", "k1"}, {"old", "new"}),
        ("all", set(), set()),
    ],
)
def test_pruning_keeps_the_rest(kept, what, keys, contexts):
    call("--prune", what)
    assert {entry.key for entry in Store(kept, print).entries()} == keys
    assert {file.stem for file in (kept / "contexts").iterdir()} == contexts


def test_what_a_search_used_last_is_current_though_it_added_no_trial(kept):
    write_json(kept / "contexts" / "old.json", {})
    call("--prune", "old")
    assert {entry.key for entry in Store(kept, print).entries()} == {"k0", "k2"}
    (kept / "contexts" / "old.json").unlink()
    call("--prune", "old")
    assert {entry.key for entry in Store(kept, print).entries()} == {"k0", "k2"}


def test_what_interrupted_searches_left_is_dropped_but_not_what_runs(kept):
    for key in ("k0", "k1", "gone"):
        (kept / "payloads" / key).touch()
    claims = kept / "claims"
    (claims / "gone.attempts").touch()
    with Store(kept, print).claim("running", "a trial"):
        call("--prune", "old")
        assert [file.name for file in claims.glob("*.attempts")] == ["running.attempts"]
    assert {file.stem for file in (kept / "payloads").iterdir()} == {"k1"}


def test_the_current_trials_are_kept_though_a_final_training_came_later(kept):
    entry = Entry("k3", "seed", "mlp", "final", COMPLETED, {}, 60.0, 9)
    Store(kept, print).add(entry, b"model")
    call("--prune", "old")
    assert {entry.key for entry in Store(kept, print).entries()} == {"k1", "k2", "k3"}
    assert Store(kept, print).payload("k3") == b"model"
