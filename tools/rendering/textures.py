"""Textures from files, ready for mipmaps."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from rendering.scene import Bytes

LARGEST: Final = 2048
"""Pixels of a longer side at most: the pictures are 640 wide."""
SPREAD: Final = 6.0
"""How far colour is spread under what is transparent: standard deviation of a blur in pixels, ours."""


def read_texture(file: Path) -> Bytes:
    """Return the picture of a file, (H, W, 4) RGBA, with the colour of hair spread under what is transparent."""
    found = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise FileNotFoundError(f"no picture in {file}")
    if found.dtype != np.uint8:
        found = (found / 257).astype(np.uint8)  # 16 bits
    if found.ndim == 2:
        found = cv2.cvtColor(found, cv2.COLOR_GRAY2BGR)
    has_alpha = found.shape[2] == 4
    largest = max(found.shape[:2])
    if largest > LARGEST:
        scale = LARGEST / largest
        found = cv2.resize(found, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rgba = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGBA)
    return _spread(np.asarray(rgba, np.uint8)) if has_alpha else np.asarray(rgba, np.uint8)


def _spread(rgba: Bytes) -> Bytes:
    """Fill what is transparent with the colour next to it: mipmaps would else mix in the black beneath."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    if alpha.min() > 0.99 or alpha.max() < 0.01:
        return rgba
    weighted = rgba[..., :3].astype(np.float32) * alpha
    near = cv2.GaussianBlur(weighted, (0, 0), SPREAD)
    weight = cv2.GaussianBlur(alpha, (0, 0), SPREAD)[..., None]
    mean = weighted.sum((0, 1)) / alpha.sum()
    around = (near + 1e-3 * mean) / (weight + 1e-3)
    filled = alpha * rgba[..., :3] + (1 - alpha) * around
    return np.dstack([np.clip(filled, 0, 255).astype(np.uint8), rgba[..., 3]])
