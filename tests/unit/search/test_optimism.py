"""The winner's score promises too much, and is said to."""

import numpy as np
import pytest

from pipeline.search.optimism import caution, optimism, resolution
from pipeline.search.selection import Candidate
from pipeline.statistics.proportions import standard_error

IMAGES = 240


def trials(accuracies, images=IMAGES):
    return [
        Candidate("mlp", n, a, standard_error(a, images), 0.1, 100 * n, 9, {}, "code", images, 4)
        for n, a in enumerate(map(float, accuracies), start=1)
    ]


@pytest.mark.parametrize("rule", ["best", "one_standard_error"])
def test_of_one_trial_nothing_was_chosen(rule):
    assert optimism(trials([0.97]), rule) == 0


@pytest.mark.parametrize("rule", ["best", "one_standard_error"])
def test_the_estimate_is_near_what_choosing_among_equals_adds(rule):
    draw = np.random.default_rng(3)
    true, estimated = [], []
    for _ in range(40):
        found = trials(draw.binomial(IMAGES, 0.97, 16) / IMAGES)
        best = max(c.val_accuracy for c in found)
        bar = best - standard_error(best, IMAGES) * (rule == "one_standard_error")
        true.append(next(c.val_accuracy for c in found if c.val_accuracy >= bar) - 0.97)
        estimated.append(optimism(found, rule))
    assert np.mean(estimated) == pytest.approx(np.mean(true), rel=0.2)


def test_it_grows_with_the_trials_and_shrinks_with_the_images():
    few, many = ([0.97] * count for count in (4, 64))
    assert optimism(trials(few), "best") < optimism(trials(many), "best")
    assert optimism(trials(many, 24_000), "best") < optimism(trials(many), "best") / 5


def test_a_winner_far_ahead_owes_little_to_luck():
    ahead, close = [0.97, *[0.8] * 15], [0.97] * 16
    assert optimism(trials(ahead), "best") < 0.1 * optimism(trials(close), "best")


def test_perfect_scores_and_those_at_chance_can_be_estimated():
    assert 0 <= optimism(trials([1.0] * 4), "best") <= 1
    assert 0 <= optimism(trials([0.0, 0.0, 1.0]), "one_standard_error") <= 1


def test_the_same_trials_have_the_same_optimism_whatever_their_order():
    found = trials([0.9, 0.95, 0.94, 0.93])
    assert optimism(found, "best") == optimism(found[::-1], "best")


def test_the_score_is_shown_with_what_is_to_be_taken_off_it():
    assert caution(0.985, 240, 16, 0.0104) == (
        "validation accuracy 0.9850 on 240 images; being chosen among 16 by it, it is too high by "
        "about 1.0 points"
    )
    assert caution(0.985, 240, 1, 0.0) == "validation accuracy 0.9850 on 240 images"
    assert caution(0.9, 10_000, 2, 0.0004).endswith("too high by less than 0.1 points")


def test_what_validation_images_cannot_tell_apart_is_said_only_of_leaders_that_are_close():
    assert resolution(trials([0.9, 0.89, 0.88, 0.5])) == (
        "240 validation images resolve differences of about ±5.5 points, and 3 of 4 completed "
        "trials are that close to the best: more trials will not help to choose among them, more "
        "validation images will."
    )
    assert not resolution(trials([0.9, 0.89, 0.8]))
    assert not resolution(trials([0.9, 0.89, 0.88], images=24_000))
