"""Drawing on a picture: skeleton, outline, face, and what was measured. Pure: a new picture comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks

Image = NDArray[np.uint8]
Points = NDArray[np.float64]
Colour = tuple[int, int, int]  # blue, green, red

GREEN: Final[Colour] = (80, 200, 80)
AMBER: Final[Colour] = (40, 180, 255)
RED: Final[Colour] = (60, 60, 235)
GREY: Final[Colour] = (170, 170, 170)
WHITE: Final[Colour] = (245, 245, 245)
_BONE: Final[Colour] = (255, 220, 120)
_OUTLINE: Final[Colour] = (200, 140, 220)
_INK: Final[Colour] = (25, 25, 25)

BONES: Final = (
    (names.LEFT_SHOULDER, names.RIGHT_SHOULDER),
    (names.LEFT_EAR, names.LEFT_SHOULDER),
    (names.RIGHT_EAR, names.RIGHT_SHOULDER),
    (names.LEFT_SHOULDER, names.LEFT_ELBOW),
    (names.RIGHT_SHOULDER, names.RIGHT_ELBOW),
    (names.LEFT_ELBOW, names.LEFT_WRIST),
    (names.RIGHT_ELBOW, names.RIGHT_WRIST),
    (names.LEFT_SHOULDER, names.LEFT_HIP),
    (names.RIGHT_SHOULDER, names.RIGHT_HIP),
)
JOINTS: Final = (
    names.NOSE,
    names.LEFT_EAR,
    names.RIGHT_EAR,
    names.LEFT_SHOULDER,
    names.RIGHT_SHOULDER,
    names.LEFT_ELBOW,
    names.RIGHT_ELBOW,
)
# Rings of the face mesh (canonical_face_model.obj): oval of the face, the person's left and right eye, lips.
# fmt: off
FACE_RINGS: Final = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
     152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
)
# fmt: on
MIN_VISIBILITY: Final = 0.5  # of arms and hips; ears and shoulders are always drawn when somebody was found
_SUBPIXEL_BITS: Final = 3
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_SHRINK: Final = 0.97
_LEAST_SCALE: Final = 0.01  # letters are a pixel then, and no smaller ones fit either


def draw_overlay(
    image_bgr: Image,
    lm: Landmarks,
    lines: Sequence[str] = (),
    state_label: str = "",
    colour: Colour = GREY,
) -> Image:
    """A copy of the picture with what was seen and measured drawn on it.

    Args:
        image_bgr: (H, W, 3) uint8.
        lm: landmarks of this frame (N = 1); nothing is drawn of what was not found.
        lines: text for the panel at the lower left, one line each; characters beyond ASCII become "?".
        state_label: name of the state, for the badge at the upper left; empty: no badge.
        colour: of the badge and the frame around the picture.

    Raises:
        ValueError: `lm` holds another number of frames than one.
    """
    if len(lm) != 1:
        raise ValueError(f"draw_overlay takes the landmarks of one frame, got {len(lm)}")
    image = np.ascontiguousarray(image_bgr).copy()
    stroke = max(1, round(min(image.shape[:2]) / 300))
    size = np.array([image.shape[1], image.shape[0]], np.float64)
    write = _darkened_panel(image, lines) if lines else None
    _draw_contour(image, lm, size, stroke)
    if lm.face_found[0]:
        _draw_face(image, lm.face[0, :, :2].astype(np.float64) * size, stroke)
    if lm.person_found[0]:
        _draw_skeleton(image, lm.pose[0], size, stroke)
    if state_label:
        _draw_badge(image, state_label, colour)
    if write is not None:
        write()
    return image


def _draw_contour(image: Image, lm: Landmarks, size: Points, stroke: int) -> None:
    """Both sides of the person's outline, and its upper edge."""
    heights = lm.row_v_px()[0] / lm.size_px[0, 1] * size[1]
    places = lm.col_u_px()[0] / lm.size_px[0, 0] * size[0]
    left, right = lm.rows[0].astype(np.float64).T * size[0]
    top = lm.cols[0].astype(np.float64) * size[1]
    for points in (np.stack([left, heights], 1), np.stack([right, heights], 1), np.stack([places, top], 1)):
        for stretch in _stretches(points, longest_step_px=size[1] / 20):
            _polyline(image, stretch, _OUTLINE, max(1, stroke // 2), closed=False)


def _stretches(points: Points, longest_step_px: float) -> list[Points]:
    """Runs of neighbouring points without gaps and jumps."""
    known: NDArray[np.bool_] = np.asarray(np.isfinite(points).all(axis=1))
    step = np.linalg.norm(np.diff(np.nan_to_num(points), axis=0), axis=1)
    breaks = np.flatnonzero(~known[1:] | ~known[:-1] | (step > longest_step_px)) + 1
    runs = np.split(np.arange(len(points)), breaks)
    return [points[run] for run in runs if len(run) > 1 and known[run].all()]


def _draw_face(image: Image, points: Points, stroke: int) -> None:
    for ring in FACE_RINGS:
        _polyline(image, points[list(ring)], WHITE, max(1, stroke // 2), closed=True)


def _draw_skeleton(image: Image, pose: NDArray[np.float32], size: Points, stroke: int) -> None:
    points = pose[:, :2].astype(np.float64) * size
    sure: NDArray[np.bool_] = np.greater_equal(pose[:, 3], MIN_VISIBILITY)
    sure[list(JOINTS[:5])] = True
    for start, end in BONES:
        if sure[start] and sure[end]:
            _polyline(image, points[[start, end]], _BONE, 2 * stroke, closed=False)
    for joint in JOINTS:
        if sure[joint]:
            centre = _fixed(points[joint])
            cv2.circle(image, centre, (3 * stroke) << _SUBPIXEL_BITS, _BONE, -1, cv2.LINE_AA, _SUBPIXEL_BITS)


def _polyline(image: Image, points: Points, colour: Colour, width: int, *, closed: bool) -> None:
    corners = np.array([_fixed(point) for point in points], np.int32)
    cv2.polylines(image, [corners], closed, colour, width, cv2.LINE_AA, _SUBPIXEL_BITS)


def _fixed(point: Points) -> tuple[int, int]:
    """OpenCV's fixed-point place of a point whose (0, 0) is the corner of the picture."""
    scaled = np.clip((point - 0.5) * (1 << _SUBPIXEL_BITS), -(1 << 24), 1 << 24).round()
    return int(scaled[0]), int(scaled[1])


def _draw_badge(image: Image, label: str, colour: Colour) -> None:
    """The state at the upper left, and a frame in its colour."""
    height, width = image.shape[:2]
    edge = max(2, round(min(height, width) / 120))
    cv2.rectangle(image, (0, 0), (width - 1, height - 1), colour, edge)
    text = _ascii(label)
    scale = _fitting(text, height / 560, width - 6 * edge)
    (text_width, text_height), below = cv2.getTextSize(text, _FONT, scale, _weight(scale))
    pad = text_height // 2
    cv2.rectangle(image, (0, 0), (text_width + 2 * pad, text_height + below + 2 * pad), colour, -1)
    place = (pad, pad + text_height)
    cv2.putText(image, text, place, _FONT, scale, _INK, _weight(scale), cv2.LINE_AA)


def _darkened_panel(image: Image, lines: Sequence[str]) -> Callable[[], None]:
    """Darken the corner at the lower left, no wider than the lines of text need; what comes back writes them.

    What was seen is drawn between the two, so that the panel hides no shoulder.
    """
    height, width = image.shape[:2]
    texts = [_ascii(line) for line in lines]
    scale = min(_fitting(text, height / 800, width * 0.96) for text in texts)
    (_, text_height), below = cv2.getTextSize("Ag", _FONT, scale, _weight(scale))
    widest = max(cv2.getTextSize(text, _FONT, scale, _weight(scale))[0][0] for text in texts)
    line_px = round((text_height + below) * 1.35)
    top = max(0, height - line_px * len(texts) - below)
    left = round(width * 0.02)
    panel = image[top:, : 2 * left + widest]
    panel[:] = (panel.astype(np.float32) * 0.35).astype(np.uint8)

    def write() -> None:
        for number, text in enumerate(texts):
            place = (left, top + line_px * number + text_height + below)
            cv2.putText(image, text, place, _FONT, scale, WHITE, _weight(scale), cv2.LINE_AA)

    return write


def _fitting(text: str, scale: float, width_px: float) -> float:
    """The font scale, smaller where the text would not fit."""
    text_width = _width(text, scale)
    while text_width > width_px and scale > _LEAST_SCALE:
        # Letters have whole sizes: a scale in proportion may still leave the text too wide.
        scale *= min(width_px / text_width, _SHRINK)
        text_width = _width(text, scale)
    return scale


def _width(text: str, scale: float) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, _weight(scale))
    return int(width)


def _weight(scale: float) -> int:
    return max(1, round(scale * 1.6))


def _ascii(text: str) -> str:
    """OpenCV's built-in strokes know ASCII only; the degree sign is spelt out."""
    return text.replace("\N{DEGREE SIGN}", " deg").encode("ascii", "replace").decode("ascii")
