"""On which of its quantities a posture hangs. Pure, and light: the tray reads it, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# A posture needs all its quantities beyond their limits, but of these one is enough.
_EITHER: Final[Mapping[str, tuple[str, ...]]] = {
    "shrug": ("shoulder_elevation_cm", "shoulder_elevation_left_cm", "shoulder_elevation_right_cm"),
    "slump": ("protraction_cm", "sink_cm"),
}


def hangs_on(cue: str, shares: Mapping[str, float | None]) -> str | None:
    """The quantity that decides: of what is needed that which is farthest off, of what is enough the nearest.

    Args:
        cue: the posture.
        shares: quantity -> its value as a share of its limit; None where it cannot be told.

    Returns:
        None where that one cannot be told, or there is none.
    """

    def known(quantity: str) -> float:
        share = shares[quantity]
        return -1.0 if share is None else share

    either = _EITHER.get(cue, ())
    needed = [quantity for quantity in shares if quantity not in either]
    enough = [quantity for quantity in shares if quantity in either]
    found = min([*needed, *([max(enough, key=known)] if enough else [])], key=known, default=None)
    return None if found is None or shares[found] is None else found
