"""The front view's frames to fit on, read clip by clip."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.material import FitClip, Float, Mask
from posture_cv.measure.front_model import camera_stand
from posture_cv.measure.front_reading import FrontReading, read_front
from posture_cv.measure.front_reference import FrontReference, MeshAxes, front_reference
from posture_cv.measure.front_room import room_columns


@dataclass(frozen=True, slots=True, eq=False)
class FitFrames:
    """Usable frames of all clips; readings clip by clip, since the camera belongs to the clip.

    `choosing` are the frames that decide how the fit is made (`gather`), the others only teach it. `bulk` are those of
    people of whom there are very many: never judged, never left out.
    """

    clips: tuple[FitClip, ...]
    references: tuple[FrontReference, ...]
    readings: tuple[FrontReading, ...]
    changes: dict[str, Float]
    subject: NDArray[np.str_]
    judged: Mask
    choosing: Mask
    bulk: Mask
    rows: NDArray[np.intp]

    def judgeable(self) -> FitFrames:
        """The same without the bulk."""
        if not self.bulk.any():
            return self
        people = set(self.subject[self.bulk])
        own = [k for k, clip in enumerate(self.clips) if clip.subject not in people]
        parts = (tuple(part[k] for k in own) for part in (self.clips, self.references, self.readings))
        keep = ~self.bulk
        return FitFrames(
            *parts,
            {name: change[keep] for name, change in self.changes.items()},
            *(x[keep] for x in (self.subject, self.judged, self.choosing, self.bulk, self.rows)),
        )

    def together(self, name: str) -> Float:
        """An attribute of the readings of all clips."""
        return np.concatenate([getattr(r, name) for r in self.readings])

    def room(self, weights: Float, growth: Float, pitch: Float) -> tuple[Float, Float]:
        """Every room column, given the camera's pitch weights and the refined head (N,)."""
        parts, start = [], 0
        for reading, reference in zip(self.readings, self.references, strict=True):
            own = slice(start, start + len(reading))
            start = own.stop
            parts.append(
                room_columns(reading, reference, camera_stand(reference, weights), growth[own], pitch[own])
            )
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def gather(
    clips: Sequence[FitClip], axes: MeshAxes, teaching: Collection[str] = (), bulk: Collection[str] = ()
) -> FitFrames:
    """All frames of which face, body and contour are seen, of the clips whose baseline shows a face.

    Args:
        clips: of all people.
        axes: of the mesh.
        teaching: the people whose frames are fitted on, but do not decide on projections, hyperparameters and shares,
            so that a fit without one of them differs from the whole fit in nothing else.
        bulk: likewise, people of whom there are very many.
    """
    clips = [clip for clip in clips if np.isfinite(clip.baseline.face).all()]
    references, readings, changes, subject, judged, choosing, rows = [], [], [], [], [], [], []
    for clip in clips:
        references.append(front_reference(clip.baseline, axes))
        found = read_front(clip.lm, references[-1])
        keep = found.face & found.body & found.contour & ~found.contradicts
        readings.append(found[keep])
        changes.append({k: v[keep] for k, v in clip.changes.items()})
        subject.append(np.repeat(clip.subject, int(keep.sum())))
        judged.append(~clip.calibration[keep])
        choosing.append(np.full(int(keep.sum()), clip.subject not in {*teaching, *bulk}))
        rows.append(clip.rows[keep])
    return FitFrames(
        tuple(clips),
        tuple(references),
        tuple(readings),
        {k: np.concatenate([c[k] for c in changes]) for k in changes[0]},
        np.concatenate(subject),
        np.concatenate(judged),
        np.concatenate(choosing),
        np.isin(np.concatenate(subject), list(bulk)),
        np.concatenate(rows),
    )
