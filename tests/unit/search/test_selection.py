"""Which trial is chosen, and that nothing that could be is dropped before."""

import random

import pytest

from pipeline.search.selection import Candidate, choose, front


def candidate(trial, parameters, accuracy, loss):
    return Candidate("mlp", trial, accuracy, 0.01, loss, parameters, {}, "digest")


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
