"""Fit the oblique view's estimators (`fitting.block_fit`) on rendered people of our own, for the shared set has few.

Some of them answer, the rest is the bulk that teaches. The few known people teach, too, and are judged by fits without
them. Our people's necks are a little longer than those of the shared ones, so that the same way of the head turns the
craniovertebral angle less: that is made up for by the truth of the training people, whatever their view (`likened`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from fitting.block_fit import Arrays, Block, Float, Groups, Material, Scheme, each, fit_variant
from fitting.material import clips_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.block_model import CONTOUR, LANDMARKS
from posture_cv.measure.oblique import FITTED, MIRRORED, outline_usable
from posture_cv.measure.oblique_features import WIDTHS, oblique_reference, seen_at_an_angle
from posture_cv.measure.types import View

Set = tuple[Landmarks, Mapping[str, Any]]
ANSWERING: Final = 30  # rendered people whose frames answer; more cost more at run time (ours)
BLOCKS: Final[dict[str, Block]] = {
    **each("head", "head", WIDTHS["head"]),
    **each("shoulders", "shoulders", WIDTHS["shoulders"]),
    **each("outline", "outline", WIDTHS["outline"]),
    "marks": Block("marks", components=8),
    "azimuth": Block("azimuth"),
}
# The few known people are of the family that is judged: a frame of theirs counts for ten (ours).
SCHEME: Final = Scheme(BLOCKS, {"each_mark": Block("marks")}, still=("azimuth",), known_noise=0.1)
_ANGLE: Final = "cva_change_deg"
_GOES_WITH: Final = (
    *("head_forward_cm", "head_pitch_deg", "trunk_incl_deg", "sink_cm"),
    *("protraction_cm", "shoulder_elevation_cm"),
)
_BARE: Final = tuple(name for name in BLOCKS if not name.startswith("outline"))
# Head and trunk turn alike in the picture, and share their kernels.
_TOGETHER: Final = (
    *((name,) for name in FITTED if name not in ("head_yaw_deg", "head_roll_deg")),
    ("head_yaw_deg", "head_roll_deg"),
)
# Where the head is, the landmarks beside the mesh and the outline only blur: on rendered people left out.
_UNMARKED: Final = tuple(name for name in BLOCKS if name != "marks")
_PLACES: Final = {("cva_change_deg",), ("head_forward_cm",)}
GROUPS: Final[dict[str, Groups]] = {
    CONTOUR: tuple((names, _UNMARKED if names in _PLACES else tuple(BLOCKS)) for names in _TOGETHER),
    LANDMARKS: ((FITTED, _BARE),),
}


def fit_oblique(
    lm: Landmarks, truth: Mapping[str, Any], also: Sequence[Set] = (), bulk: Sequence[Set] = ()
) -> tuple[Arrays, dict[str, str]]:
    """Fit the oblique view.

    Args:
        lm, truth: the training set, whose bodies the rendered ones are likened to.
        also: sets with the few known people, of which only oblique clips are used.
        bulk: very many rendered people.

    Returns:
        Arrays of `oblique.npz`, and for each quantity a line of figures on persons left out.

    Raises:
        ValueError: there are no more rendered people than answer.
    """
    arrays: Arrays = {}
    lines: dict[str, str] = {}
    for variant, groups in GROUPS.items():
        material = likened(gather([(lm, truth), *also], bulk, variant), lm, truth)
        lines |= fit_variant(arrays, variant, material, SCHEME, groups)
    return arrays, lines


def likened(material: Material, lm: Landmarks, truth: Mapping[str, Any]) -> Material:
    """The frames with rendered people's craniovertebral angle as it would be of the training people's bodies.

    It is linear in the other quantities, but for 1.3 degrees, in both; their weights differ by a few percent.
    """
    clips = [clip for view in (View.FRONT, View.SIDE) for clip in clips_of(lm, dict(truth), view)]
    if not clips:
        return material
    shared = {q: np.concatenate([c.changes[q][~c.calibration] for c in clips]) for q in (_ANGLE, *_GOES_WITH)}
    made = material.choosing | material.bulk
    own = {q: material.truth[q][made] for q in (_ANGLE, *_GOES_WITH)}
    differ = _weights(shared) - _weights(own)
    angle = material.truth[_ANGLE].copy()
    angle[made] += np.stack([own[q] for q in _GOES_WITH], axis=1) @ differ
    return replace(material, truth={**material.truth, _ANGLE: angle})


def _weights(changes: Mapping[str, Float]) -> Float:
    """Of each of `_GOES_WITH` in the craniovertebral angle."""
    x = np.stack([changes[q] for q in _GOES_WITH], axis=1)
    return np.asarray(np.linalg.lstsq(x, changes[_ANGLE], rcond=None)[0])


def gather(known: Sequence[Set], bulk: Sequence[Set], variant: str) -> Material:
    """The judged frames of all oblique clips, mirrored so that every face looks to the right."""
    raw: list[dict[str, Float]] = []
    quality, who, truth, rendered = [], [], [], []
    for number, (lm, rows) in enumerate((*known, *bulk)):
        for clip in clips_of(lm, dict(rows), View.OBLIQUE):
            if (
                not np.isfinite(clip.baseline.face).all()
                or not np.isfinite(clip.baseline.pose[[11, 12], 0]).all()
            ):
                continue
            judged = ~clip.calibration
            seen = seen_at_an_angle(clip.lm[judged], clip.baseline)
            keep = np.isfinite(seen.head).all(axis=1) & np.isfinite(seen.shoulders).all(axis=1)
            if variant == CONTOUR:
                keep &= outline_usable(seen)
            sign = 1.0 if oblique_reference(clip.baseline).looks_right else -1.0
            blocks, bare = seen.blocks(), variant == LANDMARKS
            raw.append(
                {k: np.nan_to_num(v)[keep] for k, v in blocks.items() if not (bare and k == "outline")}
            )
            quality.append(seen.quality()[keep] * (0.0 if bare else 1.0))
            who.append(np.repeat(clip.subject, int(keep.sum())))
            truth.append(
                {k: (sign if k in MIRRORED else 1.0) * clip.changes[k][judged][keep] for k in FITTED}
            )
            rendered.append(np.full(int(keep.sum()), number >= len(known)))
    subjects, made = np.concatenate(who), np.concatenate(rendered)
    people = np.unique(subjects[made])
    if len(people) <= ANSWERING:
        raise ValueError(f"{len(people)} rendered people are too few: more than {ANSWERING} are needed")
    answering = np.isin(subjects, people[:: len(people) // ANSWERING][:ANSWERING])
    return Material(
        {k: np.concatenate([r[k] for r in raw]) for k in raw[0]},
        np.concatenate(quality),
        subjects,
        {name: np.concatenate([t[name] for t in truth]) for name in FITTED},
        answering | ~made,
        answering,
        made & ~answering,
    )
