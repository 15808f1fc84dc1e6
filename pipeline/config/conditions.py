"""The conditions of fitting: what params.yaml says once for search, final training and baseline."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
Schedule = Literal["constant", "cosine", "one_cycle"]


@dataclass(frozen=True)
class Conditions:
    """How every model of a pipeline is fitted, whatever its architecture and hyperparameters.

    Attributes:
        precision: Keras dtype policy of the layers.
        schedule: Course of the learning rate over the whole of a training.
        label_smoothing: Share of each label that is spread evenly over all classes
            (Szegedy et al. 2016, section 7).
        weight_average: Decay a step of the exponential moving average of the weights, which is
            what is scored and kept (Polyak and Juditsky 1992); 0: no average.
        class_weights: Whether images of rare classes count for more, so that classes count alike.
        shift: Augmentation: most pixels that an image moves along each axis.
        flip: Augmentation: whether every other image, at random, is mirrored left to right.
        cutout: Augmentation: side in pixels of a square that is blanked (DeVries and Taylor 2017).
        rotation: Augmentation: most degrees that an image is turned by, either way.
        zoom: Augmentation: most that an image grows or shrinks by, as a share of its size.
    """

    precision: Precision = "float32"
    schedule: Schedule = "constant"
    label_smoothing: float = 0.0
    weight_average: float = 0.0
    class_weights: bool = False
    shift: int = 0
    flip: bool = False
    cutout: int = 0
    rotation: float = 0.0
    zoom: float = 0.0

    @property
    def continuable(self) -> bool:
        """Whether a longer training begins with exactly the steps of a shorter one.

        A schedule that ends with the training has other steps from the first one on, and of
        averaged weights the unaveraged ones are lost.
        """
        return self.schedule == "constant" and not self.weight_average


# What a plain script would do.
PLAIN = Conditions()
