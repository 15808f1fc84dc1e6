"""Candidates for label errors: what confident learning finds where some labels are flipped."""

import numpy as np

from pipeline.statistics.label_errors import candidates


def test_the_definition_by_hand():
    # Thresholds: (0.9 + 0.7 + 0.2) / 3 = 0.6 for class 0, (0.8 + 0.45) / 2 = 0.625 for class 1.
    labels = np.array([0, 0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.2, 0.8], [0.55, 0.45]])
    found, rather = candidates(labels, probabilities)
    # The last image is rather of class 0, but not surely enough.
    assert found.tolist() == [2] and rather.tolist() == [1]


def test_flipped_labels_are_found_and_the_most_doubtful_come_first():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 5, 2000)
    logits = generator.normal(size=(2000, 5))
    logits[np.arange(2000), truth] += 5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = truth.copy()
    flipped = generator.choice(2000, 100, replace=False)
    labels[flipped] = (labels[flipped] + 1) % 5
    found, rather = candidates(labels, probabilities)
    right = np.isin(found, flipped)
    assert right.mean() > 0.8 and right.sum() > 75
    assert right[:50].mean() >= right[50:].mean()
    assert (rather == truth[found])[right].mean() > 0.95


def test_a_class_without_images_is_never_suggested():
    probabilities = np.array([[0.1, 0.2, 0.7], [0.2, 0.1, 0.7], [0.3, 0.6, 0.1]])
    _, rather = candidates(np.array([0, 0, 1]), probabilities)
    assert 2 not in rather
