import numpy as np
import pytest

from pipeline.figures import search as pictures
from pipeline.search.importance import Ranked, finding, importance, out_of_bag

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
    assert [row.name for row in ranked if row.above_noise] == ["rate"]
    assert ranked[0].importance > 1 > 3 * max(row.importance for row in ranked[1:])
    assert "same" not in [row.name for row in ranked]
    assert finding(ranked) == "rate stands above noise"


def test_the_importance_of_noise_is_about_zero():
    # It was 0.2 to 0.4 where a forest was asked about the trials that it was grown on.
    draw = np.random.default_rng(2)
    found = [out_of_bag(draw.random((20, 3)), draw.random(20)) for _ in range(15)]
    assert abs(np.mean(found)) < 0.05


def test_where_nothing_stands_above_noise_it_is_said():
    row = Ranked("rate", 0.2, 0.3, 0.2)
    assert finding([row]) == "nothing stands above noise: too few trials to say what mattered"


def test_a_configuration_that_hyperband_has_trained_several_times_counts_once():
    rows = trials(9)
    assert importance(rows + rows, NAMES, scores(rows + rows)) == []


@pytest.mark.parametrize("count", [0, 1, 9])
def test_with_too_few_trials_nothing_is_claimed(count):
    rows = trials(count)
    assert importance(rows, NAMES, scores(rows)) == []


@pytest.mark.parametrize("damage", ["none", "failed", "all failed", "one", "many"])
def test_every_search_can_be_drawn_and_always_with_the_same_bytes(tmp_path, damage):
    rows = trials({"one": 1, "many": 12}.get(damage, 6))
    lost = {"failed": rows[2:4], "all failed": rows}.get(damage, [])
    for row in lost:
        row.update(status="failed", val_accuracy="", parameters="")
    scored = [row for row in rows if row["val_accuracy"]]
    ranked = importance(scored, NAMES, scores(scored))
    for name in ("first", "second"):
        pictures.draw(rows, NAMES, ranked, "title", tmp_path / f"{name}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
