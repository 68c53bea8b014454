"""Where faces are in a recorded video, so that none is shown: from the landmarks, and from a search of every frame.

Privacy comes first. The person's head is hidden where face mesh and pose say it is, over half a second before and
after. Where the person was not found in the looked-at frame before or in the one after, or these are more than a
second away, the whole picture is hidden, because a face may be anywhere in it; so it is half a second behind the last
look. Other people are looked for in every frame, by the face model and by the pose model, which knows heads that are
turned, too; they stay hidden for a second where they were seen. What this does not cover: another person whom neither
model finds (far off, half hidden).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import nanmean_quiet
from posture_cv.output.blur import Box, hide_all, hide_boxes

Image = NDArray[np.uint8]
Float = NDArray[np.float64]
FindFaces = Callable[[Image], list[Box]]
FindPeople = Callable[[Image], Landmarks]

AROUND_S: Final = 0.5  # a head moves little in that time, and a face lost for a moment is still there (ours)
KEEP_S: Final = 1.0  # another person's head, after it was last found
GROW: Final = 1.4  # of a face's box about its middle: forehead, hair and what the models miss by (ours)
_HEAD: Final = list(range(names.LEFT_SHOULDER))


@dataclass(frozen=True, slots=True, eq=False)
class HeadTrack:
    """The person's head over N looked-at frames.

    Attributes:
        t_s: (N,) seconds.
        boxes: (N, 4) left, top, right, bottom as shares of the picture; NaN where nobody was found.
    """

    t_s: Float
    boxes: Float

    @classmethod
    def of(cls, blocks: Iterable[Landmarks]) -> HeadTrack:
        """Read off landmarks, block by block."""
        parts = [(block.t_s, head_boxes(block)) for block in blocks]
        if not parts:
            return cls(np.empty(0), np.empty((0, 4)))
        return cls(np.concatenate([t for t, _ in parts]), np.concatenate([boxes for _, boxes in parts]))

    def around(self, t_s: float) -> Float | None:
        """(K, 4) every head box near a time; None where the head is not known just before or just after."""
        before = int(np.searchsorted(self.t_s, t_s + 1e-6, side="right")) - 1
        after = int(np.searchsorted(self.t_s, t_s - 1e-6, side="left"))
        reach_s = KEEP_S
        if after == len(self.t_s):  # behind the last look no other one says where the head has gone
            after, reach_s = before, AROUND_S
        if before < 0 or not np.isfinite(self.boxes[[before, after]]).all():
            return None
        if max(t_s - self.t_s[before], self.t_s[after] - t_s) > reach_s:
            return None
        first = min(before, int(np.searchsorted(self.t_s, t_s - AROUND_S)))
        last = max(after, int(np.searchsorted(self.t_s, t_s + AROUND_S, side="right")) - 1)
        near = self.boxes[first : last + 1]
        return near[np.isfinite(near).all(axis=1)]


def head_boxes(lm: Landmarks) -> Float:
    """(N, 4) a box round the head as shares of the picture: face mesh and pose together; NaN where nobody is found.

    The pose's head is its eleven points, grown to a square of at least twice the ear-to-shoulder distance, so that
    it covers head and hair in front and in profile, and of at least one and a half times the shoulders' width: bent
    down, the ears are near the shoulders and the crown is far above the face. The contour's upper edge is not used: it
    may be a chair's.
    """
    size = lm.size_px.astype(np.float64)
    points = lm.pose_px()
    low, high = _span(points[:, _HEAD])
    up = np.linalg.norm(
        nanmean_quiet(points[:, names.EARS], 1) - nanmean_quiet(points[:, names.SHOULDERS], 1), axis=1
    )
    wide = np.linalg.norm(points[:, names.SHOULDERS[0]] - points[:, names.SHOULDERS[1]], axis=1)
    half = np.fmax(np.fmax(up, 0.75 * wide), GROW * (high - low).max(axis=1) / 2.0)
    middle = (low + high) / 2.0
    boxes = np.concatenate([middle - half[:, None], middle + half[:, None]], axis=1)
    face_low, face_high = _span(lm.face_px()[:, :, :2])
    centre, reach = (face_low + face_high) / 2.0, GROW * (face_high - face_low) / 2.0
    boxes[:, :2] = np.fmin(boxes[:, :2], centre - reach)
    boxes[:, 2:] = np.fmax(boxes[:, 2:], centre + reach)
    known = np.isfinite(boxes).all(axis=1) & lm.person_found
    return np.where(known[:, None], boxes / np.tile(size, 2), np.nan)


def _span(points: Float) -> tuple[Float, Float]:
    """(N, 2) least and (N, 2) greatest finite coordinates; NaN where there are none."""
    known = np.isfinite(points)
    low = np.where(known, points, np.inf).min(axis=1)
    high = np.where(known, points, -np.inf).max(axis=1)
    return np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)


class FaceHider:
    """Hides the faces of a video's frames, which come in the order of their time.

    Args:
        heads: of the person who was measured.
        find_faces: looks for every face in a picture; boxes in pixels.
        find_people: looks for everybody in a picture, a frame each.
    """

    def __init__(self, heads: HeadTrack, find_faces: FindFaces, find_people: FindPeople) -> None:
        self._heads = heads
        self._find_faces, self._find_people = find_faces, find_people
        self._others: list[tuple[float, Float]] = []  # shares of the picture, whose size may change

    def hidden(self, image_bgr: Image, t_s: float) -> Image:
        """A copy of the frame at `t_s` that shows no face."""
        height, width = image_bgr.shape[:2]
        size_px = np.array([width, height, width, height], np.float64)
        faces = [np.array(grown(box)) / size_px for box in self._find_faces(image_bgr)]
        self._others += [(t_s, box) for box in (*faces, *head_boxes(self._find_people(image_bgr)))]
        self._others = [(seen_s, box) for seen_s, box in self._others if t_s - seen_s <= KEEP_S]
        heads = self._heads.around(t_s)
        if heads is None:
            return hide_all(image_bgr)
        shares = np.stack([*heads, *(box for _, box in self._others)])
        known = shares[np.isfinite(shares).all(axis=1)] * size_px
        return hide_boxes(image_bgr, [(a, b, c, d) for a, b, c, d in known.tolist()])


def grown(box: Box) -> Box:
    """A found face's box with its margin."""
    x, y = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
    wide, high = GROW * (box[2] - box[0]) / 2.0, GROW * (box[3] - box[1]) / 2.0
    return x - wide, y - high, x + wide, y + high
