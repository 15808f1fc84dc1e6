"""What `auto` stands for in params.yaml: chosen from what a folder of pictures holds, with reasons.

A pure function of counts and sizes, so that the same data give the same choice on every machine.
"""

import math
from dataclasses import dataclass
from typing import Any

# A smaller picture is enlarged, for the network to halve it often enough; a larger one is reduced.
SMALLEST_SIDE, LARGEST_SIDE = 28, 64
BATCH_SIZES = (4, 8, 16, 32, 64, 128)
USUAL_BATCH = 32
FEWEST_STEPS_AN_EPOCH = 20
TRAINING_STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 1500, 6, 60
TRIAL_SHARE, FEWEST_TRIAL_STEPS = 3, 150
# With 1,000 validation images the standard error of an accuracy of 0.9 is one point.
FEW_VALIDATION_IMAGES = 1000
ARCHITECTURE = "picture_cnn"


@dataclass(frozen=True)
class Facts:
    """What is known of a folder of pictures once it is divided; nothing of the test images.

    Attributes:
        per_class: Training images of each class.
        validation_images: How many there are.
        official_validation: Whether the folder came with its own.
        width: Median width of the training pictures in pixels, before resizing.
        height: Their median height.
        coloured: Whether any of them has colours.
    """

    per_class: tuple[int, ...]
    validation_images: int
    official_validation: bool
    width: float
    height: float
    coloured: bool

    @property
    def training_images(self) -> int:
        """How many images there are to train on."""
        return sum(self.per_class)


@dataclass(frozen=True)
class Choice:
    """The value of one setting, and why it was chosen."""

    value: Any
    reason: str


def choose(facts: Facts) -> dict[str, Choice]:
    """Choose a value for every setting that accepts `auto`, by its key in params.yaml."""
    side = image_size(facts.width, facts.height, facts.coloured)
    batches = batch_sizes(facts.training_images)
    training = _training_epochs(facts.training_images)
    return {
        "dataset.image_size": side,
        "dataset.fit": _fit(facts),
        "dataset.channels": _channels(facts),
        "architectures": Choice((ARCHITECTURE,), "the best of those trained from scratch"),
        "tune.batch_sizes": batches,
        "tune.epochs": _trial_epochs(facts.training_images, training.value),
        "select.baseline": Choice(ARCHITECTURE, "its recipe as it is, which the search must beat"),
        "select.rule": Choice("best", "a network this small need not be smaller still"),
        "select.confirm": _confirm(facts),
        "train.epochs": training,
        **_conditions(side.value),
    }


def batch_sizes(training_images: int) -> Choice:
    """Choose the batch sizes that a search may draw for so many training images."""
    usual = usual_batch(training_images)
    most = max(training_images // FEWEST_STEPS_AN_EPOCH, usual)
    offered = tuple(s for s in BATCH_SIZES if usual // 2 <= s <= min(most, 4 * usual))
    reason = f"about {usual}, and at most a twentieth of {training_images:,} training images"
    return Choice(offered, reason)


def usual_batch(training_images: int) -> int:
    """Return the batch size of a recipe for so many training images."""
    most = training_images // FEWEST_STEPS_AN_EPOCH
    fitting = [size for size in BATCH_SIZES if size <= min(most, USUAL_BATCH)]
    return max(fitting, default=BATCH_SIZES[0])


def image_size(width: float, height: float, coloured: bool) -> Choice:
    """Choose the side in pixels to which pictures of this median size are brought."""
    shorter = min(width, height)
    side = round(min(max(shorter, SMALLEST_SIDE), LARGEST_SIDE))
    bounds = f"kept between {SMALLEST_SIDE} and {LARGEST_SIDE}"
    return Choice(side, f"the shorter side of a picture is {shorter:g} pixels (median); {bounds}")


def _fit(facts: Facts) -> Choice:
    return Choice("squash", f"pictures are {facts.width:g}×{facts.height:g} pixels (median)")


def _channels(facts: Facts) -> Choice:
    if facts.coloured:
        return Choice(3, "some training pictures have colours")
    return Choice(1, "no training picture has colours")


def _training_epochs(training_images: int) -> Choice:
    batch = usual_batch(training_images)
    wanted = math.ceil(TRAINING_STEPS * batch / training_images)
    epochs = min(max(wanted, FEWEST_EPOCHS), MOST_EPOCHS)
    steps = f"{TRAINING_STEPS:,} steps of {batch} images take {wanted}"
    return Choice(epochs, f"{steps}; kept between {FEWEST_EPOCHS} and {MOST_EPOCHS}")


def _trial_epochs(training_images: int, training_epochs: int) -> Choice:
    batch = usual_batch(training_images)
    fewest = math.ceil(FEWEST_TRIAL_STEPS * batch / training_images)
    epochs = min(max(math.ceil(training_epochs / TRIAL_SHARE), fewest), training_epochs)
    reason = f"a third of a training, and at least {FEWEST_TRIAL_STEPS} steps of {batch} images"
    return Choice(epochs, reason)


def _confirm(facts: Facts) -> Choice:
    count = facts.validation_images
    if count >= FEW_VALIDATION_IMAGES:
        return Choice(None, f"{count:,} validation images tell models apart")
    error = 100 * math.sqrt(0.9 * 0.1 / count)
    reason = f"{count:,} validation images: the standard error of 90 % is {error:.1f} points"
    return Choice({"top": 2, "seeds": 3}, reason)


def _conditions(side: int) -> dict[str, Choice]:
    measured = "measured on four folders"
    return {
        "fit.schedule": Choice("one_cycle", measured),
        "fit.label_smoothing": Choice(0.1, measured),
        "fit.augment.shift": Choice(side // 10, f"a tenth of {side} pixels"),
        "fit.augment.rotation": Choice(5.0, measured),
        "fit.augment.zoom": Choice(0.05, measured),
        "fit.augment.flip": Choice(
            False, "whether a mirrored picture keeps its class is for you to say"
        ),
    }
