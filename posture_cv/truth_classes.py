"""The posture classes of a ground truth, which evaluations and sweeps read alike."""

from __future__ import annotations

from typing import Final

BAD_CLASSES: Final = ("bad", "bad_mild")
HARMLESS_CLASSES: Final = ("good", "confounder")
OTHER_CLASSES: Final = ("none", "transition")
"""Nobody there; on the way between two postures: neither good nor bad."""
CLASSES: Final = (*HARMLESS_CLASSES, *BAD_CLASSES, *OTHER_CLASSES)
