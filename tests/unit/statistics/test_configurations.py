import numpy as np
import pytest
from scipy.stats import t, ttest_ind, ttest_rel

from pipeline.statistics.configurations import difference_of_means


def models(generator, seeds, images, accuracy, spread, difficulty):
    """Draw models [seeds, n]: seeds differ in skill by `spread`, images in difficulty."""
    skill = generator.normal(accuracy, spread, seeds)[:, np.newaxis]
    return generator.random((seeds, images)) < np.clip(skill + difficulty, 0, 1)


@pytest.mark.parametrize(("seeds", "images"), [(1, 10), (2, 1)])
def test_one_seed_or_one_image_is_refused(seeds, images):
    one, two = np.ones((seeds, images), bool), np.ones((2, images), bool)
    with pytest.raises(ValueError, match="two seeds on each side, and two images"):
        difference_of_means(one, two)


def test_without_image_variance_it_is_welchs_t_test():
    # Each model is wrong on its own images, so no image is hard for one configuration.
    n = 10_000
    wrong = [[100, 160, 130, 170], [220, 300, 250, 290]]
    generator = np.random.default_rng(1)
    sides = []
    for counts in wrong:
        side = np.ones((len(counts), n), bool)
        for model, count in zip(side, counts, strict=True):
            model[generator.choice(n, count, replace=False)] = False
        sides.append(side)
    found = difference_of_means(*sides)
    expected = ttest_ind(*(side.mean(axis=1) for side in reversed(sides)), equal_var=False)
    assert found.estimate == pytest.approx(-0.0125)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.15)
    assert found.degrees_of_freedom == pytest.approx(expected.df, rel=0.15)
    assert found.low < found.estimate < found.high < 0


def test_pairs_without_image_variance_are_a_paired_t_test():
    # Each pair shares most of its mistakes, which are on other images in each pair.
    n = 10_000
    generator = np.random.default_rng(1)
    sides = np.ones((2, 4, n), bool)
    for pair, (shared, extra) in enumerate([(100, 40), (400, 55), (250, 30), (600, 47)]):
        wrong = generator.choice(n, shared + extra, replace=False)
        sides[0, pair, wrong[:shared]] = False
        sides[1, pair, wrong] = False
    found = difference_of_means(*sides, paired=True)
    expected = ttest_rel(*(side.mean(axis=1) for side in reversed(sides)))
    assert found.estimate == pytest.approx(expected.statistic * expected_error(sides))
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.15)
    assert found.p_value < 0.01 < difference_of_means(*sides).p_value


def expected_error(sides):
    differences = np.subtract(*(side.mean(axis=1) for side in reversed(sides)))
    return differences.std(ddof=1) / np.sqrt(len(differences))


def test_sides_of_unequal_numbers_of_seeds_cannot_be_paired():
    with pytest.raises(ValueError, match="as many seeds on one side"):
        difference_of_means(np.ones((3, 10), bool), np.ones((2, 10), bool), paired=True)


@pytest.mark.parametrize("shared", [0.0, 0.009])
def test_equal_configurations_paired_by_seed_alarm_in_at_most_one_of_twenty(shared):
    # Whether or not a seed does something to both of its models.
    generator = np.random.default_rng(1)
    difficulty = -0.6 * generator.beta(0.1, 1, 300)
    own = np.sqrt(0.01**2 - shared**2)
    alarms = 0
    for _ in range(600):
        common = generator.normal(0, shared, (3, 1))
        sides = [models(generator, 3, 300, 0.97, own, difficulty + common) for _ in range(2)]
        alarms += difference_of_means(*sides, paired=True).p_value <= 0.05
    assert alarms <= 600 * 0.05


def test_more_seeds_shrink_the_seed_part_and_more_images_the_image_part():
    generator = np.random.default_rng(2)

    def compare(seeds, n):
        # The first configuration finds some images hard, the second others.
        hard = [np.where(np.arange(n) % 20 == side, -0.8, 0.0) for side in (0, 1)]
        return difference_of_means(
            *(models(generator, seeds, n, 0.95, 0.01, difficulty) for difficulty in hard)
        )

    few, many_seeds, many_images = compare(4, 500), compare(40, 500), compare(4, 5000)
    assert many_seeds.seed_error < few.seed_error / 2
    assert many_images.image_error < few.image_error / 2


def test_interval_and_p_value_agree():
    generator = np.random.default_rng(3)
    for _ in range(50):
        first = models(generator, 3, 200, 0.90, 0.02, 0.0)
        second = models(generator, 3, 200, 0.93, 0.02, 0.0)
        found = difference_of_means(first, second)
        assert (found.p_value <= 0.05) == (found.low > 0 or found.high < 0)
        error = np.hypot(found.seed_error, found.image_error)
        half = t.ppf(0.975, found.degrees_of_freedom) * error
        assert found.high - found.estimate == pytest.approx(half)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_equal_configurations_alarm_in_at_most_one_of_twenty(seeds):
    generator = np.random.default_rng(seeds)
    difficulty = -0.6 * generator.beta(0.1, 1, 300)
    alarms = 0
    for _ in range(600):
        sides = [models(generator, seeds, 300, 0.97, 0.01, difficulty) for _ in range(2)]
        alarms += difference_of_means(*sides).p_value <= 0.05
    assert alarms <= 600 * 0.05


@pytest.mark.parametrize("seeds", [(2, 10), (10, 2), (3, 10)])
def test_unequal_numbers_of_seeds_alarm_no_more_often(seeds):
    # Nearly all of the difference is luck of the seeds: with Welch's own degrees of freedom 9 % of
    # these pairs alarm where it is 2 seeds against 10, and 6 % where it is 3.
    generator = np.random.default_rng(5)
    alarms = 0
    for _ in range(600):
        sides = [models(generator, count, 300, 0.7, 0.1, 0.0) for count in seeds]
        alarms += difference_of_means(*sides).p_value <= 0.05
    assert alarms <= 600 * 0.05
