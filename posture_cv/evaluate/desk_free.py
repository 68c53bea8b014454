"""People whose quantities were varied one by one and at random (`single_…` segments): which kind each frame is.

Only frames with a single quantity changed are taken, and only where it changed by about as much as in the key
postures; how much it did is known from the truth, not from its measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.naming import CVA_PER_PITCH, CVA_PER_TRUNK
from posture_cv.evaluate.dataset import Clip, Dataset
from posture_cv.evaluate.quantities import COMPARED, true_changes
from posture_cv.landmarks.types import Landmarks

Mask = NDArray[np.bool_]
PREFIX: Final = "single_"
_NECK: Final = "neck_deg"
# Segment -> (key segment, quantity, from, to): half way between the key set's amounts.
_RULES: Final = (
    ("single_loss", "fhp_mild", _NECK, 4.0, 8.5),
    ("single_loss", "fhp_moderate", _NECK, 8.5, 15.0),
    ("single_loss", "fhp_severe", _NECK, 15.0, 90.0),
    ("single_pitch", "look_down_keyboard", "head_pitch_deg", 15.0, 90.0),
    ("single_protract", "rounded_mild", "protraction_cm", 1.6, 3.4),
    ("single_protract", "rounded_severe", "protraction_cm", 3.4, 20.0),
    ("single_elevate", "shrug", "shoulder_elevation_cm", 2.2, 20.0),
    ("single_slump", "slump", "trunk_incl_deg", 2.0, 20.0),
    ("single_lean", "lean_in", "trunk_incl_deg", 6.0, 90.0),
    ("single_lean", "recline", "trunk_incl_deg", -90.0, -6.0),
)
# Harmless whatever the amount.
_WHOLE: Final = {"single_tz": "chair_closer", "single_lateral": "lateral_lean"}


def is_free(dataset: Dataset, clip: Clip) -> bool:
    """Whether the clip has frames with a single quantity varied."""
    return any(str(name).startswith(PREFIX) for name in dataset.truth.segment[clip.rows])


def free_segments(dataset: Dataset, clip: Clip) -> dict[str, Landmarks]:
    """The clip's frames by the key segment that they are like; those like none are left out."""
    segment = dataset.truth.segment[clip.judged]
    chosen: dict[str, Mask] = {}
    for name, mask in _matches(dataset, clip, segment):
        chosen[name] = chosen.get(name, np.zeros(len(segment), bool)) | mask
    found = {name: dataset.landmarks[clip.judged[mask]] for name, mask in chosen.items() if mask.any()}
    return {"calibration": dataset.landmarks[clip.calibration], **found}


def _matches(dataset: Dataset, clip: Clip, segment: NDArray[np.str_]) -> Iterator[tuple[str, Mask]]:
    changes = {name: true_changes(dataset.truth, clip, q) for name, q in COMPARED.items()}
    trunk, pitch = (np.maximum(changes[name], 0.0) for name in ("trunk_incl_deg", "head_pitch_deg"))
    changes[_NECK] = -changes["cva_change_deg"] - CVA_PER_TRUNK * trunk - CVA_PER_PITCH * pitch
    for source, name, quantity, low, high in _RULES:
        value = changes[quantity]
        yield name, (segment == source) & (value >= low) & (value < high)
    for source, name in _WHOLE.items():
        yield name, segment == source
