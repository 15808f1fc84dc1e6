"""The perceptual hash "pHash" of many images at once.

Source: Zauner (2010), "Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2.1,
as ImageHash's `phash` implements it: convert the image to grey, compute the 8×8 lowest frequencies
of its discrete cosine transform, and set a bit for each of them that is above their median. For
32×32 images the bits are those of ImageHash (a test compares them). Images of another size are not
resized to 32×32 pixels first: their own lowest frequencies carry the same information, and resizing
one image at a time is the main reason why ImageHash needs about 0.5 ms an image.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 8
BITS = SIDE * SIDE


def perceptual_hashes(images: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Compute the hashes, uint64 [n], of uint8 images [n, height, width, channels].

    Height and width are at least 8 pixels.
    """
    _, height, width, _ = images.shape
    grey = _grey(images) if images.shape[3] == 3 else images[..., 0]
    low = _cosines(height) @ grey.astype(np.float64) @ _cosines(width).T
    # Without rounding, values that are zero up to the last digits would differ between machines.
    low = low.reshape(-1, BITS).round(4)
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)


def _grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert RGB to grey with integer weights (ITU-R BT.601), bit for bit as Pillow does."""
    weighted = images.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighted + (1 << 15)) >> 16).astype(np.uint8)


@cache
def _cosines(size: int) -> NDArray[np.float64]:
    """Return the 8 lowest frequencies of the DCT-II as a matrix, float64 [8, size]."""
    frequency = np.arange(SIDE)[:, np.newaxis]
    return np.cos(np.pi * frequency * (2 * np.arange(size) + 1) / (2 * size))
