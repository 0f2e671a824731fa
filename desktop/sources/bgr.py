"""From what cameras and picture files hold to the pixels of a frame: BGR, 8 bits."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.frame import Pixels


def bgr(pixels: NDArray[Any]) -> Pixels:
    """(height, width) or (height, width, 1 to 4 or more) of any type -> (height, width, 3) BGR uint8, contiguous.

    16 bits are scaled by their whole range, floats from 0..1. Grey is repeated, with or without alpha; transparent
    parts are laid over black. Channels after the fourth are left out.
    """
    eight = _eight_bits(pixels)
    if eight.ndim == 2:
        eight = eight[..., None]
    channels = eight.shape[2]
    if channels in (2, 4):
        return _over_black(_colour(eight[..., : channels - 1]), eight[..., channels - 1])
    return _colour(eight[..., :3])


def _colour(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(np.repeat(pixels, 3, axis=2))
    return np.ascontiguousarray(pixels)


def _over_black(pixels: Pixels, alpha: Pixels) -> Pixels:
    if (alpha == 255).all():
        return pixels
    return np.asarray(cv2.multiply(pixels, cv2.merge([alpha, alpha, alpha]), scale=1 / 255), np.uint8)


def _eight_bits(pixels: NDArray[Any]) -> Pixels:
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, np.uint8)
    if pixels.dtype == np.uint16:
        return np.asarray((pixels.astype(np.uint32) + 128) // 257, np.uint8)
    if pixels.dtype.kind == "f":
        return np.asarray((np.nan_to_num(pixels, nan=0.0).clip(0, 1) * 255).round(), np.uint8)
    if pixels.dtype == np.bool_:
        return np.asarray(pixels, np.uint8) * np.uint8(255)
    limits = np.iinfo(pixels.dtype)
    return np.asarray((pixels.astype(np.float64).clip(0, None) * (255 / limits.max)).round(), np.uint8)
