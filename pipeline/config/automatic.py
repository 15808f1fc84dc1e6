"""What `auto` stands for in params.yaml: chosen from what a folder of pictures holds, with reasons.

A pure function of counts and sizes, so that the same data give the same choice on every machine.
Stage `settings` writes it down; the built-in data sets have fixed values (`FIXED`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Stands in params.yaml for a value that the pipeline chooses.
AUTO = "auto"
# A smaller picture is enlarged, for the network to halve it often enough; a larger one is reduced.
SMALLEST_SIDE, LARGEST_SIDE = 28, 64
BATCH_SIZES = (4, 8, 16, 32, 64, 128)
USUAL_BATCH = 32
FEWEST_STEPS_AN_EPOCH = 20
TRAINING_STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 1500, 12, 60
TRIAL_SHARE, FEWEST_TRIAL_STEPS = 3, 150
# A network that begins from weights of another task has learnt in a third of the steps.
PRETRAINED_STEPS, PRETRAINED_FEWEST_EPOCHS = 500, 6
# With 1,000 validation images the standard error of an accuracy of 0.9 is one point.
FEW_VALIDATION_IMAGES = 1000
ARCHITECTURE = "picture_cnn"
# Architectures that begin from published weights, and the networks of these weights.
BACKBONES = {
    "pretrained": "efficientnet_lite0",
    "pretrained_b0": "efficientnet_b0",
    "pretrained_v2b0": "efficientnet_v2b0",
}
# Smaller pictures are enlarged for a network that has seen ImageNet, which then takes three times
# as long and more as one that is trained on them alone (docs/folders.md).
PRETRAINED_FROM = 96
PRETRAINED_SIDE = 128
# Small pictures in colour gain so much that it is worth that time, unless there are many of them.
PRETRAINED_SMALL_FROM, MOST_SMALL_PICTURES = 32, 5_000
# A square cut out of a picture that is longer than this, by its shorter side, loses a third of it.
CROPPED_UP_TO = 1.5
# An ordinary trial takes a tenth of a second of one processor for each training image at most. The
# limit is for what has gone astray: a busy machine must not come to another choice.
LEAST_TRIAL_SECONDS, TRIAL_SECONDS_AN_IMAGE = 1800.0, 2.0

# How leaders are retrained where they are.
CONFIRMED = {"top": 2, "seeds": 3}

# What `auto` stands for with a built-in data set; docs/training.md says what was tried.
FIXED: dict[str, Any] = {
    "tune.epochs": 4,
    "tune.batch_sizes": None,
    "tune.trial_seconds": None,
    "select.baseline": "simple_cnn",
    "select.rule": "one_standard_error",
    "select.confirm": None,
    "select.untuned": False,
    "fit.schedule": "one_cycle",
    "fit.label_smoothing": 0.0,
    "fit.augment.shift": 2,
    "fit.augment.rotation": 0.0,
    "fit.augment.zoom": 0.0,
    "train.epochs": 6,
    "train.threads": 2,
}
# With fewer images an epoch has fewer steps.
FEW_TRAINING_IMAGES, EPOCHS_OF_FEW = 10_000, 12


@dataclass(frozen=True)
class Facts:
    """What is known of a folder of pictures once it is divided; nothing of the test images.

    Attributes:
        per_class: Training images of each class.
        validation_images: How many there are.
        width: Median width of the training pictures in pixels, before resizing.
        height: Their median height.
        coloured: Whether any of them has colours.
        image_size: Pixels a side to which they were resized.
    """

    per_class: tuple[int, ...]
    validation_images: int
    width: float
    height: float
    coloured: bool
    image_size: int

    @property
    def training_images(self) -> int:
        """How many images there are to train on."""
        return sum(self.per_class)

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> "Facts":
        """Take the facts from results/data.json of a folder of pictures."""
        pictures = report["pictures"]
        return cls(
            tuple(count for _, count in report["train"]["per_class"]),
            report["validation"]["images"],
            pictures["width"],
            pictures["height"],
            pictures["coloured"],
            pictures["image_size"],
        )


@dataclass(frozen=True)
class Choice:
    """The value of one setting, and why it was chosen."""

    value: Any
    reason: str


def choose(facts: Facts) -> dict[str, Choice]:
    """Choose a value for every setting that accepts `auto`, by its key in params.yaml."""
    batches = batch_sizes(facts.training_images)
    training = _training_epochs(facts.training_images, TRAINING_STEPS, FEWEST_EPOCHS)
    return {
        "tune.batch_sizes": batches,
        "tune.epochs": _trial_epochs(facts.training_images, training.value),
        "tune.trial_seconds": _trial_seconds(facts.training_images),
        "select.baseline": Choice(ARCHITECTURE, "its recipe as it is, which the search must beat"),
        "select.rule": Choice("best", "a network this small need not be smaller still"),
        "select.confirm": _confirm(facts),
        "select.untuned": Choice(False, "its cost is not known"),  # `budget` decides
        "train.epochs": training,
        "train.threads": Choice(1, "seeds are trained side by side, one a core"),
        **_conditions(facts.image_size),
    }


def fixed(training_images: int) -> dict[str, Choice]:
    """Return what `auto` stands for with a built-in data set of so many training images."""
    every = "as for every built-in data set"
    values = {key: Choice(value, every) for key, value in FIXED.items()}
    if training_images < FEW_TRAINING_IMAGES:
        reason = f"only {training_images:,} training images"
        values["train.epochs"] = Choice(EPOCHS_OF_FEW, reason)
        values["train.threads"] = Choice(1, f"{reason}: seeds are trained side by side, one a core")
    return values


def own_epochs(facts: Facts | None) -> dict[str, dict[str, int]]:
    """Return the epochs of architectures that need others than the rest, by section of params.yaml.

    They stand beside `tune.epochs` and `train.epochs` where these are `auto`.
    """
    if facts is None:
        return {"tune": {}, "train": {}}
    images = facts.training_images
    training = _training_epochs(images, PRETRAINED_STEPS, PRETRAINED_FEWEST_EPOCHS).value
    trial = _trial_epochs(images, training).value
    return {"tune": dict.fromkeys(BACKBONES, trial), "train": dict.fromkeys(BACKBONES, training)}


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


def image_size(width: float, height: float) -> Choice:
    """Choose the side in pixels to which pictures of this median size are brought."""
    shorter = min(width, height)
    found = f"the shorter side of a picture is {shorter:g} pixels (median)"
    if shorter >= PRETRAINED_FROM:
        return Choice(PRETRAINED_SIDE, f"{found}: enough for a pretrained network")
    side = round(min(max(shorter, SMALLEST_SIDE), LARGEST_SIDE))
    return Choice(side, f"{found}; kept between {SMALLEST_SIDE} and {LARGEST_SIDE}")


def fit(width: float, height: float, proportion: float, coloured: bool) -> Choice:
    """Choose how pictures that are not square are brought to a square.

    Args:
        width: Median width in pixels.
        height: Median height.
        proportion: Median of the longer side by the shorter.
        coloured: Whether any of them has colours.
    """
    photographs = coloured and min(width, height) >= PRETRAINED_FROM
    if photographs and proportion <= CROPPED_UP_TO:
        return Choice("crop", "photographs keep their proportions, and have their subject inside")
    return Choice("squash", "nothing is cut off, and no borders take the place of pixels")


def unsuited(architectures: Sequence[str], facts: Facts | None) -> dict[str, str]:
    """Return the architectures that are not worth a search here, each with the reason.

    Where none would be left, what params.yaml lists is what is wanted, and all are searched.

    Args:
        architectures: Those that params.yaml lists.
        facts: What a folder of pictures holds; None for a built-in data set.
    """
    if facts is None:
        reasons = dict.fromkeys((ARCHITECTURE, *BACKBONES), "for folders of pictures")
    else:
        short = "made for small images of one kind, not for pictures"
        reasons = dict.fromkeys(("mlp", "simple_cnn", "lenet5", "compact_cnn"), short)
        if not _suits_pretrained(facts):
            small = (
                f"made for pictures of {PRETRAINED_FROM} pixels a side and more, or of "
                f"{PRETRAINED_SMALL_FROM} in colour, up to {MOST_SMALL_PICTURES:,} of them"
            )
            reasons |= dict.fromkeys(BACKBONES, small)
    found = {name: reasons[name] for name in architectures if name in reasons}
    return found if len(found) < len(architectures) else {}


def _suits_pretrained(facts: Facts) -> bool:
    shorter = min(facts.width, facts.height)
    few = facts.training_images <= MOST_SMALL_PICTURES
    small = facts.coloured and shorter >= PRETRAINED_SMALL_FROM and few
    return small or shorter >= PRETRAINED_FROM


def networks_needed(architectures: Sequence[str], *, folder: bool) -> list[str]:
    """Return the networks from whose published weights a search may begin.

    Args:
        architectures: Those that params.yaml lists.
        folder: Whether the data set is a folder of pictures. What suits it is known only once it is
            divided, so the weights are needed if they are listed.
    """
    left_out = {} if folder else unsuited(architectures, None)
    return [BACKBONES[name] for name in architectures if name in BACKBONES and name not in left_out]


def nearest(wanted: int, batch_sizes: Sequence[int]) -> int:
    """Return the batch size on offer that is nearest to the wanted one, as a ratio."""
    return min(sorted(batch_sizes), key=lambda size: abs(math.log(size / wanted)))


def _training_epochs(training_images: int, most_steps: int, fewest: int) -> Choice:
    batch = usual_batch(training_images)
    wanted = math.ceil(most_steps * batch / training_images)
    epochs = min(max(wanted, fewest), MOST_EPOCHS)
    steps = f"{most_steps:,} steps of {batch} images take {wanted}"
    return Choice(epochs, f"{steps}; kept between {fewest} and {MOST_EPOCHS}")


def _trial_epochs(training_images: int, training_epochs: int) -> Choice:
    batch = usual_batch(training_images)
    fewest = math.ceil(FEWEST_TRIAL_STEPS * batch / training_images)
    epochs = min(max(math.ceil(training_epochs / TRIAL_SHARE), fewest), training_epochs)
    reason = f"a third of a training, and at least {FEWEST_TRIAL_STEPS} steps of {batch} images"
    return Choice(epochs, reason)


def _trial_seconds(training_images: int) -> Choice:
    most = max(LEAST_TRIAL_SECONDS, TRIAL_SECONDS_AN_IMAGE * training_images)
    return Choice(most, f"twenty times an ordinary trial of {training_images:,} images")


def _confirm(facts: Facts) -> Choice:
    count = facts.validation_images
    if count >= FEW_VALIDATION_IMAGES:
        return Choice(None, f"{count:,} validation images tell models apart")
    error = 100 * math.sqrt(0.9 * 0.1 / count)
    reason = f"{count:,} validation images: the standard error of 90 % is {error:.1f} points"
    return Choice(dict(CONFIRMED), reason)


def _conditions(side: int) -> dict[str, Choice]:
    usual = "as is usual for pictures"
    return {
        "fit.schedule": Choice("one_cycle", usual),
        "fit.label_smoothing": Choice(0.1, usual),
        "fit.augment.shift": Choice(side // 10, f"a tenth of {side} pixels"),
        "fit.augment.rotation": Choice(5.0, usual),
        "fit.augment.zoom": Choice(0.05, usual),
    }
