"""Which trial is chosen, and that nothing that could be is dropped before."""

import random
from dataclasses import replace

import pytest

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import write_json
from pipeline.config.params import Select
from pipeline.search.selection import (
    Candidate,
    choose,
    front,
    pareto_front,
    read_candidates,
    within,
)
from pipeline.statistics.proportions import standard_error


def candidate(trial, parameters, accuracy, loss):
    return Candidate(
        "mlp", trial, accuracy, 0.01, loss, parameters, 10 * parameters, {}, "digest", 240, 4
    )


def drawn(seed):
    """Draw candidates of few sizes, accuracies and losses, so that ties are common."""
    draw = random.Random(seed)
    return [
        candidate(
            trial,
            draw.choice([100, 200, 300]),
            draw.choice([0.93, 0.94, 0.945, 0.95]),
            draw.choice([0.1, 0.2, 0.3]),
        )
        for trial in range(1, 1 + draw.randint(1, 12))
    ]


def test_the_smallest_within_one_standard_error_of_the_best():
    candidates = [candidate(1, 300, 0.95, 0.2), candidate(2, 100, 0.945, 0.2)]
    candidates.append(candidate(3, 50, 0.939, 0.1))
    chosen, reason = choose(candidates, "one_standard_error")
    assert chosen.trial == 2
    assert reason == (
        "the smallest model within one standard error (0.0100) of the best, mlp trial 1 with 0.9500"
    )
    assert choose(candidates, "best")[0].trial == 1


def test_a_perfect_score_of_a_large_model_does_not_beat_a_small_one_with_a_single_mistake():
    large, small = (
        replace(
            candidate(trial, size, right / 240, 0.1),
            standard_error=standard_error(right / 240, 240),
        )
        for trial, size, right in ((1, 600_000, 240), (2, 1000, 239))
    )
    assert choose([large, small], "one_standard_error")[0] == small


def test_ties_go_to_fewer_parameters_then_lower_loss_then_the_earlier_trial():
    equals = [(1, 200, 0.95, 0.1), (2, 100, 0.95, 0.3), (3, 100, 0.95, 0.2), (4, 100, 0.95, 0.2)]
    for rule in ("one_standard_error", "best"):
        assert choose([candidate(*each) for each in equals], rule)[0].trial == 3


def test_of_one_size_the_one_with_the_lower_loss_is_kept_beside_the_best():
    best, chosen = candidate(1, 100, 0.95, 0.2), candidate(2, 100, 0.945, 0.1)
    assert front([best, chosen, candidate(3, 100, 0.94, 0.3)]) == [chosen, best]


@pytest.mark.parametrize("rule", ["one_standard_error", "best"])
def test_the_front_holds_whatever_would_be_chosen_of_all(rule):
    for seed in range(500):
        candidates = drawn(seed)
        assert choose(front(candidates), rule)[0] == choose(candidates, rule)[0]


def test_candidates_of_another_version_are_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CANDIDATES", tmp_path)
    write_json(tmp_path / "mlp.json", [{"architecture": "mlp", "trial": 1}])
    with pytest.raises(ConvoyError, match=r"mlp\.json: .*accuracy: field required.*`dvc repro`"):
        read_candidates(["mlp"])


def sized(trial, accuracy, parameters, multiply_adds):
    return Candidate(
        "mlp", trial, accuracy, 0.01, 0.1, parameters, multiply_adds, {}, "digest", 240, 4
    )


def test_the_pareto_front_has_what_none_beats_in_accuracy_and_both_sizes():
    best = sized(1, 0.95, 300, 3000)
    fewer_parameters, quicker = sized(2, 0.94, 100, 9000), sized(3, 0.94, 500, 1000)
    beaten, equal = sized(4, 0.93, 100, 9000), sized(5, 0.95, 300, 3000)
    found = pareto_front([beaten, quicker, equal, best, fewer_parameters])
    assert found == [best, fewer_parameters, quicker]


def test_no_candidate_off_the_front_is_as_good_as_one_on_it():
    for seed in range(200):
        candidates = drawn(seed)
        kept = pareto_front(candidates)
        for other in candidates:
            assert any(
                c.val_accuracy >= other.val_accuracy and c.parameters <= other.parameters
                for c in kept
            )
        # Smaller ones only if less accurate, since multiply-adds go with parameters here.
        assert [c.val_accuracy for c in kept] == sorted({c.val_accuracy for c in kept})[::-1]


def limits(**most):
    given = {"most_parameters": None, "most_multiply_adds": None} | most
    return Select(rule="best", confirm=None, baseline="mlp", untuned=False, **given)


def test_only_models_within_the_limits_are_kept():
    candidates = [sized(1, 0.95, 300, 3000), sized(2, 0.94, 100, 9000)]
    assert within(candidates, limits()) == candidates
    assert within(candidates, limits(most_parameters=299)) == candidates[1:]
    assert within(candidates, limits(most_multiply_adds=3000)) == candidates[:1]
    message = (
        r"params\.yaml: select\.most_parameters = 99 and select\.most_multiply_adds = 100: none of "
        r"the 2 candidates is as small; .* 100 parameters and 3,000 multiply_adds\. Raise"
    )
    with pytest.raises(ConvoyError, match=message):
        within(candidates, limits(most_parameters=99, most_multiply_adds=100))
