import pytest
from typer.testing import CliRunner

from pipeline import __main__ as command_line
from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.search.ledger import Entry, Ledger
from pipeline.search.records import TrialResult

COMPLETED = TrialResult("completed", 0.9, 0.3, 12, curve=((1.0, 0.8, 0.3, 0.9),))
FAILED = TrialResult("failed", reason="killed", cause="killed")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A ledger with two contexts of one architecture and one of another."""
    folder = tmp_path / "ledger"
    monkeypatch.setattr(paths, "LEDGER", folder)
    ledger = Ledger(folder)
    for number, (architecture, context, result) in enumerate(
        [("mlp", "old", COMPLETED), ("mlp", "new", COMPLETED), ("lenet5", "x", FAILED)]
    ):
        ledger.add(Entry(f"k{number}", architecture, context, result, {}, 3600.0, number))
        write_json(folder / "contexts" / f"{context}.json", {})
    return folder


def call(*arguments):
    done = CliRunner().invoke(command_line.app, ["ledger", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_list_says_what_is_kept_and_what_is_current(kept):
    lines = call().splitlines()
    rows = [line.split() for line in lines if "mlp" in line or "lenet5" in line]
    cells = [[cell for cell in row if cell != "│"] for row in rows]
    assert cells == [
        ["lenet5", "x", "0", "0", "1", "1.00", "yes"],
        ["mlp", "new", "1", "0", "0", "1.00", "yes"],
        ["mlp", "old", "1", "0", "0", "1.00"],
    ]
    assert "3 trials" in lines[0]


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
    assert {entry.key for entry in Ledger(kept).entries()} == keys
    assert {file.stem for file in (kept / "contexts").iterdir()} == contexts


def test_what_a_search_used_last_is_current_though_it_added_no_trial(kept):
    write_json(kept / "contexts" / "old.json", {})
    call("--prune", "old")
    assert {entry.key for entry in Ledger(kept).entries()} == {"k0", "k2"}
    (kept / "contexts" / "old.json").unlink()
    call("--prune", "old")
    assert {entry.key for entry in Ledger(kept).entries()} == {"k0", "k2"}


def test_what_interrupted_searches_left_is_dropped_but_not_what_runs(kept):
    (kept / "states").mkdir()
    for key in ("k0", "k1", "gone"):
        (kept / "states" / f"{key}.npz").touch()
    claims = kept / "claims"
    (claims / "gone.attempts").touch()
    with Ledger(kept).claim("running"):
        call("--prune", "old")
        assert [file.name for file in claims.glob("*.attempts")] == ["running.attempts"]
    assert {file.stem for file in (kept / "states").iterdir()} == {"k1"}
