"""The section `fit` of params.yaml: the conditions under which every model is fitted."""

from typing import Literal

from pipeline.config.fields import Degrees, Flag, Part, Pixels, Section

Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
Schedule = Literal["constant", "cosine", "one_cycle"]


class Augment(Section):
    """How the images of a batch are varied in training.

    Attributes:
        shift: Most pixels that an image moves along each axis.
        flip: Whether every other image, at random, is mirrored left to right.
        cutout: Side in pixels of a square that is blanked (DeVries and Taylor 2017).
        rotation: Most degrees that an image is turned by, either way.
        zoom: Most that an image grows or shrinks by: 0.1 means by a factor of 0.9 to 1.1.
    """

    shift: Pixels
    flip: Flag
    cutout: Pixels
    rotation: Degrees
    zoom: Part


class Conditions(Section):
    """How every model of a pipeline is fitted, whatever its architecture and hyperparameters.

    The search, the final training and the baseline share them, because a search has to judge
    models as they will be trained.

    Attributes:
        precision: Keras dtype policy of the layers; "auto" until `backend.resolved` has replaced
            it by the fastest one here.
        schedule: Course of the learning rate over the whole of a training.
        label_smoothing: Share of each label that is spread evenly over all classes
            (Szegedy et al. 2016, section 7).
        weight_average: Decay a step of the exponential moving average of the weights, which is
            what is scored and kept (Polyak and Juditsky 1992); 0: no average.
        class_weights: Whether images of rare classes count for more, so that classes count alike.
        augment: How images are varied in training.
    """

    precision: Precision
    schedule: Schedule
    label_smoothing: Part
    weight_average: Part
    class_weights: Flag
    augment: Augment

    @property
    def continuable(self) -> bool:
        """Whether a longer training begins with exactly the steps of a shorter one.

        A schedule that ends with the training has other steps from the first one on, and of
        averaged weights the unaveraged ones are lost.
        """
        return self.schedule == "constant" and not self.weight_average


# The conditions of a plain script.
PLAIN = Conditions(
    precision="float32",
    schedule="constant",
    label_smoothing=0.0,
    weight_average=0.0,
    class_weights=False,
    augment=Augment(shift=0, flip=False, cutout=0, rotation=0.0, zoom=0.0),
)
