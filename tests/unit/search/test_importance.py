import pytest

from pipeline.figures import search as pictures
from pipeline.search.importance import importance

NAMES = ["rate", "kind", "noise", "same"]


def trials(count=24):
    rows = []
    for n in range(count):
        rate, kind = n % 4, ["a", "b"][n // 4 % 2]
        score = 0.5 + 0.1 * rate + (0.02 if kind == "b" else 0)
        rows.append(
            {
                "trial": str(n + 1),
                "status": "completed",
                "epochs": "3",
                "val_accuracy": str(score),
                "parameters": str(100 * (n + 1)),
                "rate": f"{10.0**-rate}",
                "kind": kind,
                "noise": str(n * 7 % 5),
                "same": "1",
            }
        )
    return rows


def scores(rows):
    return [float(row["val_accuracy"]) for row in rows]


def test_what_decides_the_score_is_ranked_first_and_what_never_varies_is_left_out():
    rows = trials()
    ranked = importance(rows, NAMES, scores(rows))
    assert [name for name, _, _ in ranked][:2] == ["rate", "kind"]
    assert ranked[0][1] > 1 > 10 * ranked[1][1]
    assert "same" not in [name for name, _, _ in ranked]


@pytest.mark.parametrize("count", [0, 1, 9])
def test_with_too_few_trials_nothing_is_claimed(count):
    rows = trials(count)
    assert importance(rows, NAMES, scores(rows)) == []


@pytest.mark.parametrize("damage", ["none", "failed", "all failed", "one"])
def test_every_search_can_be_drawn_and_always_with_the_same_bytes(tmp_path, damage):
    rows = trials(1 if damage == "one" else 6)
    lost = {"failed": rows[2:4], "all failed": rows}.get(damage, [])
    for row in lost:
        row.update(status="failed", val_accuracy="", parameters="")
    scored = [row for row in rows if row["val_accuracy"]]
    ranked = importance(scored, NAMES, scores(scored))
    for name in ("first", "second"):
        pictures.draw(rows, NAMES, ranked, "title", tmp_path / f"{name}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
