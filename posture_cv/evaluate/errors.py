"""The error of this folder."""

from __future__ import annotations

from posture_cv.errors import PostureError


class EvaluationError(PostureError):
    """A data set cannot be evaluated: something in it is missing, damaged or contradicts itself."""
