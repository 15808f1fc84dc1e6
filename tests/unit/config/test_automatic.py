from dataclasses import replace

import pytest

from pipeline.config import automatic
from pipeline.config.automatic import Facts

SIGNS = Facts((136,) * 10, 272, 100, 100, True, 128)


def chosen(**changes):
    return {
        key: choice.value for key, choice in automatic.choose(replace(SIGNS, **changes)).items()
    }


def images(count):
    return {"per_class": (count // 2, count - count // 2)}


@pytest.mark.parametrize(
    ("count", "epochs"), [(200, 60), (1360, 36), (2445, 20), (8000, 12), (50_000, 12)]
)
def test_a_training_is_1500_steps_within_its_floor_and_roof(count, epochs):
    assert chosen(**images(count))["train.epochs"] == epochs


@pytest.mark.parametrize("count", [30, 150, 400, 1360, 2445, 50_000])
def test_a_trial_is_a_third_of_a_training_and_never_under_150_steps(count):
    values = chosen(**images(count))
    steps = values["tune.epochs"] * count / automatic.usual_batch(count)
    assert steps >= 150 or values["tune.epochs"] == values["train.epochs"]
    assert values["train.epochs"] / 3 <= values["tune.epochs"] <= values["train.epochs"]


@pytest.mark.parametrize("count", [80, 204, 1360, 2445, 50_000])
def test_batches_are_at_most_a_twentieth_of_the_training_images(count):
    offered = automatic.batch_sizes(count).value
    assert max(offered) <= count / 20
    assert automatic.usual_batch(count) in offered


def test_the_smallest_folder_has_a_batch_size_all_the_same():
    assert automatic.batch_sizes(2).value == (4,)


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [
        (100, 100, 128),
        (4000, 3000, 128),
        (90, 120, 64),
        (40, 90, 40),
        (16, 20, 28),
    ],
)
def test_the_image_size_follows_the_shorter_side_and_is_larger_for_a_pretrained_network(
    width, height, side
):
    assert automatic.image_size(width, height).value == side


@pytest.mark.parametrize(
    ("size", "proportion", "coloured", "fit"),
    [
        ((500, 375), 4 / 3, True, "crop"),
        ((300, 300), 2.5, True, "squash"),  # half of them upright: the medians do not tell
        ((500, 375), 4 / 3, False, "squash"),  # a scan has something at its edges, too
        ((80, 60), 4 / 3, True, "squash"),
    ],
)
def test_only_photographs_that_are_not_oblong_are_cropped(size, proportion, coloured, fit):
    assert automatic.fit(*size, proportion, coloured).value == fit


@pytest.mark.parametrize(("count", "seconds"), [(200, 1800), (2446, 4892), (50_000, 100_000)])
def test_a_trial_may_take_twenty_times_what_is_usual(count, seconds):
    assert chosen(**images(count))["tune.trial_seconds"] == seconds


@pytest.mark.parametrize("side", [16, 64, 200])
def test_images_are_shifted_by_a_tenth_of_the_size_that_they_have(side):
    assert chosen(image_size=side)["fit.augment.shift"] == side // 10


LISTED = ["mlp", "compact_cnn", "picture_cnn", "pretrained"]


def searched(facts):
    left_out = automatic.unsuited(LISTED, facts)
    return [name for name in LISTED if name not in left_out]


def test_the_architectures_that_suit_the_data_are_searched():
    assert searched(None) == ["mlp", "compact_cnn"]
    assert searched(SIGNS) == ["picture_cnn", "pretrained"]
    assert searched(replace(SIGNS, coloured=False)) == ["picture_cnn", "pretrained"]


def test_small_pictures_are_worth_a_pretrained_network_in_colour_and_up_to_some_thousands():
    small = replace(SIGNS, width=32)
    assert searched(small) == ["picture_cnn", "pretrained"]
    assert searched(replace(small, per_class=(501,) * 10)) == ["picture_cnn"]
    assert searched(replace(small, coloured=False)) == ["picture_cnn"]
    assert searched(replace(small, width=31)) == ["picture_cnn"]


def test_what_is_asked_for_alone_is_searched_whether_it_suits_or_not():
    assert automatic.unsuited(["lenet5"], SIGNS) == {}
    assert automatic.unsuited(["pretrained"], None) == {}


def test_with_few_validation_images_the_leaders_are_trained_again():
    assert chosen(validation_images=272)["select.confirm"] == {"top": 2, "seeds": 3}
    assert chosen(validation_images=8000)["select.confirm"] is None


def test_every_choice_gives_a_reason_with_its_numbers():
    choices = automatic.choose(SIGNS)
    assert all(choice.reason for choice in choices.values())
    assert "1,500 steps of 32 images take 36" in choices["train.epochs"].reason
    assert "1.8 points" in choices["select.confirm"].reason


@pytest.mark.parametrize(
    ("architectures", "folder", "needed"),
    [
        (["mlp", "pretrained"], False, []),
        (["mlp", "pretrained"], True, ["efficientnet_lite0"]),
        (["mlp", "pretrained_v2b0"], True, ["efficientnet_v2b0"]),
        (["mlp"], True, []),
        # Nothing else is listed, so it is searched.
        (["pretrained_b0"], False, ["efficientnet_b0"]),
    ],
)
def test_weights_are_brought_where_a_search_may_begin_from_them(architectures, folder, needed):
    assert automatic.networks_needed(architectures, folder=folder) == needed
