"""What the profile shows: head, upper back, lower back and chest as pieces of the outline that move.

All quantities are against the baseline, in rough centimetres (`Anchors.unit`) and degrees, the face to the right:
forward is positive, down is positive, nodding forward is positive.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from posture_cv.measure.outline_edges import REAR, Edges, Places
from posture_cv.measure.profile_outline import NEAR_SHOULDER
from posture_cv.measure.rigid_fit import Motion, register
from posture_cv.measure.side_columns import ARM_POINTS, FACE_POINTS, MARKS
from posture_cv.measure.side_reference import FRONT_CM, HEAD_STARTS, Contour, SideReference
from posture_cv.measure.types import Float

Blocks = dict[str, Float]

# Tragus before and above C7 (cm, medians of the fitting persons).
_TRAGUS_FROM_C7: Final = (9.1, 12.8)
_SINKS_WITH_HEAD: Final = 0.3  # how much of the crown's drop the back is expected to share
_COARSE: Final = ((0.6, 1.4), (0.3, 0.9), (0.3, 0.6))  # Cauchy scales of head and back, cm
_FINE: Final = ((0.3, 0.45), (0.3, 0.35), (0.3, 0.35), (0.3, 0.35))
_BODY_POINTS: Final = [*ARM_POINTS, *FACE_POINTS]
_FAR: Final = 10.0  # cm beyond which a landmark has been lost rather than moved
_EDGE_FAR: Final = 5.0  # cm beyond which an edge is another body part's or thing's
_BACK_FAR: Final = 25.0  # cm by which the back may have moved at first sight
_CROWN_WITHIN: Final = 1.6  # of crown to throat: how far to the sides of the tragus the crown is looked for
# Where the tragus is believed to be against C7, cm: at least so far above, and between so far behind and ahead.
_LEAST_UP, _MOST_BEHIND, _MOST_AHEAD = 1.0, -8.0, 40.0


def find_pieces(edges: Edges, c: Contour) -> Motion:
    """Motion of head, upper back and lower back, (3, N) each."""
    starts = len(HEAD_STARTS)
    crown_drop, head_shift = _first_guess(edges, c)
    n = len(edges)
    q = np.zeros((starts + 2, n, 3))
    q[:starts, :, 0], q[:starts, :, 1], q[:starts, :, 2] = head_shift, crown_drop, HEAD_STARTS[:, None]
    places = Places.of(np.array([[REAR]]))
    back = edges.read(places, edges.scale_of(places), np.full((n, 1), c.back_y))[:, 0] - c.back_edge
    q[starts:, :, 0] = np.where(np.isfinite(back), np.clip(back, -_BACK_FAR, _BACK_FAR), head_shift[1])
    mean = q.copy()
    mean[:starts] = 0.0
    mean[starts:, :, 1] = _SINKS_WITH_HEAD * crown_drop[1]
    coarse = np.array([[head] * starts + [back, back] for head, back in _COARSE])
    q, rough = register(c.coarse, edges, q, mean, coarse)
    best = np.argmin(rough.cost[:starts], axis=0)
    start = np.stack([q[best, np.arange(n)], q[starts], q[starts + 1]])
    means = np.stack([np.zeros((n, 3)), mean[starts], mean[starts + 1]])
    return register(c.fine, edges, start, means, np.array([[h, b, b] for h, b in _FINE]))[1]


def _first_guess(edges: Edges, c: Contour) -> tuple[Float, Float]:
    """(S, N) shift down and forward that puts the turned head's crown and face onto the outline's."""
    crown = edges.highest(c.tragus.real, _CROWN_WITHIN * c.length)
    drop = crown - c.tragus.imag - c.top_of_start
    drop = np.where(np.isfinite(drop), drop, 0.0)
    places = Places.of(np.zeros((1, c.face_of_start.shape[1]), np.intp))
    at = c.tragus.imag + c.face_of_start.imag[:, None] + drop[..., None]
    gap = edges.read(places, edges.scale_of(places), at) - c.tragus.real - c.face_of_start.real[:, None]
    return drop, _median(gap)


def _median(values: Float) -> Float:
    """Median of the finite values along the last axis (the lower of two); 0 where there is none."""
    count = np.isfinite(values).sum(axis=-1)
    ordered = np.sort(values, axis=-1)  # NaN comes last
    middle = np.take_along_axis(ordered, np.maximum(count - 1, 0)[..., None] // 2, axis=-1)[..., 0]
    return np.where(count > 0, middle, 0.0)


def contour_blocks(edges: Edges, ref: SideReference, c: Contour) -> tuple[Blocks, Motion]:
    """All blocks of `side_columns.WIDTHS`, (N, width) each, and how the three pieces moved."""
    m = find_pieces(edges, c)
    angle = np.degrees(m.angle)
    gap_x, gap_y = m.forward[0] - m.forward[1], m.down[0] - m.down[1]
    shift = m.forward[1] + 1j * m.down[1]
    turn = np.exp(1j * m.angle[1])
    seen = np.conj(turn) * (c.tragus + m.forward[0] + 1j * m.down[0] - c.pivot - shift) + c.pivot - c.tragus
    blocks = {
        "gap": np.stack([gap_x, gap_y, angle[0]], axis=1),
        "thead": np.stack([seen.real, seen.imag, angle[0] - angle[1]], axis=1),
        "neck": _neck_turn(gap_x, gap_y)[:, None],
        "back": np.stack([angle[1], m.down[1]], axis=1),
        "slide": np.stack([m.forward[1], m.forward[2]], axis=1),
        "low": np.stack([m.forward[1] - m.forward[2], angle[1] - angle[2], angle[2]], axis=1),
        "fit": np.stack([m.rms[0], m.rms[1], m.rms[2], m.share[2]], axis=1),
        "shape": np.repeat(c.shape[None], len(edges), axis=0),
        "still_points": np.repeat(c.still[None], len(edges), axis=0),
        "still_front": np.repeat(c.edges.real[None, : len(FRONT_CM)], len(edges), axis=0),
    }
    moved = turn[:, None] * c.edges + (c.pivot + shift)[:, None]
    at = np.nan_to_num(moved.imag)  # NaN where the baseline shows no edge, and then nothing is read
    rest = edges.read(c.places, edges.scale_of(c.places), at) - moved.real
    rest = np.minimum(np.maximum(rest, -_EDGE_FAR), _EDGE_FAR)
    blocks["front"], blocks["rear"] = rest[:, : len(FRONT_CM)], rest[:, len(FRONT_CM) :]
    points = edges.points[:, _BODY_POINTS]
    home = (
        np.conj(turn)[:, None] * (points[..., 0] + 1j * points[..., 1] - (c.pivot + shift)[:, None]) + c.pivot
    )
    still = ref.points[_BODY_POINTS]
    x = np.minimum(np.maximum(home.real - still[:, 0], -_FAR), _FAR)
    y = np.minimum(np.maximum(home.imag - still[:, 1], -_FAR), _FAR)
    k = len(ARM_POINTS)
    blocks["arms"] = np.concatenate([x[:, :k], y[:, :k]], axis=1)
    blocks["face"] = np.concatenate([x[:, k:], y[:, k:]], axis=1)
    return blocks | landmark_blocks(edges, ref), m


def _neck_turn(forward: Float, down: Float) -> Float:
    """(N,) degrees by which the line C7-tragus of an average person turns when its ends move so against each other."""
    ahead, up = _TRAGUS_FROM_C7
    across = np.minimum(np.maximum(ahead + forward, _MOST_BEHIND), _MOST_AHEAD)
    now = np.arctan2(np.maximum(up - down, _LEAST_UP), across)
    return np.asarray(np.degrees(now - np.arctan2(up, ahead)))


def landmark_blocks(edges: Edges, ref: SideReference) -> Blocks:
    """The block of `side_columns.LANDMARK_WIDTHS`, (N, 20)."""
    moved = (edges.points - ref.points) / ref.mark_unit
    shoulder = moved[:, NEAR_SHOULDER].copy()
    moved = moved[:, list(MARKS)]
    moved[:, :-1] -= shoulder[:, None]
    return {"marks": np.minimum(np.maximum(moved, -_FAR), _FAR).reshape(len(edges), 2 * len(MARKS))}
