"""What can go wrong when a baseline is made."""

from __future__ import annotations

from posture_cv.errors import NobodyFoundError, PostureError


class CalibrationError(PostureError):
    """No baseline can be made of what was seen, or one so poor that it would mislead."""


class NobodySeenError(CalibrationError, NobodyFoundError):
    """No frame shows anybody at all (exit code 1: an answer, not a fault)."""

    exit_code = NobodyFoundError.exit_code
