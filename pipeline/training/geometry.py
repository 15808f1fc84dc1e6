"""Convolution arithmetic: the output size of a convolution or pooling layer along one axis.

The formula is that of Stanford's cs231n notes ("Convolutional Networks", section "Spatial
arrangement"):

    output = floor((n + 2p - k) / s) + 1

Each axis is computed separately, and the depth of the output is the number of filters.
"""

from dataclasses import dataclass

from pipeline.base.errors import ConvoyError


class GeometryError(ConvoyError):
    """A layer that cannot be built on an input of this size."""


@dataclass(frozen=True)
class Window:
    """The movement of a kernel or a pooling window along one axis, all in pixels.

    Attributes:
        kernel: Length of the window, at least 1.
        stride: Step between two positions, at least 1.
        padding: Zeros added at each end, at least 0.
    """

    kernel: int
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        """Check that the values are possible.

        Raises:
            GeometryError: a value is too small.
        """
        for name, least in (("kernel", 1), ("stride", 1), ("padding", 0)):
            value = getattr(self, name)
            if value < least:
                raise GeometryError(f"{name} = {value}: must be at least {least}")


def output_size(size: int, window: Window) -> int:
    """Count the positions of `window` along an axis of `size` pixels.

    Raises:
        GeometryError: the window is larger than the padded input.
    """
    return _room(size, window) // window.stride + 1


def unused_pixels(size: int, window: Window) -> int:
    """Count the pixels at the far end that no position of the window reaches.

    0 means that the stride fits evenly: (n + 2p - k) / s is a whole number.
    """
    return _room(size, window) % window.stride


def output_shape(shape: tuple[int, int], *windows: Window) -> tuple[int, int]:
    """Compute height and width after several layers that treat both axes alike.

    Raises:
        GeometryError: a window is larger than its padded input.
    """
    height, width = shape
    for window in windows:
        height, width = output_size(height, window), output_size(width, window)
    return height, width


def fits(shape: tuple[int, int], *windows: Window) -> bool:
    """Check whether these layers, one after the other, can be built on an image of this shape."""
    try:
        output_shape(shape, *windows)
    except GeometryError:
        return False
    return True


def same_padding(kernel: int) -> int:
    """Return the number of zeros at each end that keeps the size at stride 1.

    Raises:
        GeometryError: the kernel is even, so no symmetric padding keeps the size.
    """
    if kernel % 2 == 0:
        raise GeometryError(
            f"a kernel of {kernel} pixels cannot keep the size with equal padding at both ends; "
            "allowed: an odd number"
        )
    return kernel // 2


def _room(size: int, window: Window) -> int:
    """Return the number of pixels by which the window can move.

    Raises:
        GeometryError: the window is larger than the padded input.
    """
    padded = size + 2 * window.padding
    if window.kernel > padded:
        raise GeometryError(
            f"a kernel that spans {window.kernel} pixels is larger than its padded input of "
            f"{padded} pixels ({size} + 2 × {window.padding})"
        )
    return padded - window.kernel
