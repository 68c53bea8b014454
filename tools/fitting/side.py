"""Fit the side view's estimators (`fitting.block_fit`) on the registered pieces of the outline.

Which blocks a quantity sees was chosen on training persons left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from fitting.block_fit import Arrays, Block, Float, Groups, Material, Scheme, each, fit_variant
from fitting.material import clips_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.block_model import CONTOUR, LANDMARKS, NetworkBeside
from posture_cv.measure.side import FITTED, contour_usable, side_blocks
from posture_cv.measure.side_columns import OF_BASELINE, WIDTHS
from posture_cv.measure.types import View

# By name: single numbers (gap0 = head against upper back, forward), whole sources (`side_columns`), and patterns.
BLOCKS: Final[dict[str, Block]] = {
    **each("gap", "gap", WIDTHS["gap"]),
    **each("thead", "thead", WIDTHS["thead"]),
    **each("back", "back", WIDTHS["back"]),
    **each("slide", "slide", WIDTHS["slide"]),
    **each("low", "low", WIDTHS["low"]),
    **each("fit", "fit", WIDTHS["fit"]),
    **each("arm", "arms", WIDTHS["arms"]),
    **each("face", "face", WIDTHS["face"]),
    **{name: Block(name) for name in ("gap", "thead", "neck", "back", "fit", "shape")},
    "faces": Block("face", components=4),
    "front": Block("front", components=6),
    "chest": Block("front", tuple(range(3, 13)), 10),
    "throat": Block("front", tuple(range(2, 9)), 7),
    "rear": Block("rear", components=6),
    "rear_low": Block("rear", tuple(range(12, 24)), 4),
    "still_points": Block("still_points", components=5),
    "still_front": Block("still_front", components=4),
    "marks": Block("marks", components=10),
    "arm_marks": Block("marks", (12, 13, 14, 15, 18, 19), 6),
    "hip_mark": Block("marks", (16, 17)),
    "shoulder_mark": Block("marks", (18, 19)),
}
# What the network sees besides all that the processes see: each number as it is.
EACH: Final[dict[str, Block]] = {
    f"each_{name}": Block(name)
    for name in ("front", "rear", "marks", "arms", "still_points", "still_front", "face")
}
SCHEME: Final = Scheme(
    BLOCKS,
    EACH,
    still=OF_BASELINE,
    in_cm=("front", "rear"),
    tuning_people=70,  # enough, and fast
)
_POSE: Final = ("thead0", "thead1", "thead2", "back0", "back1")
_GAP: Final = ("gap0", "gap1", "gap2")
_LOW: Final = ("low0", "low1", "low2")
_SHOULDERS: Final = tuple(f"arm{k}" for k in (0, 6, 1, 7, 2, 8, 3, 9))  # x and y of both shoulders and elbows
_EAR_NOSE: Final = ("face2", "face5", "face0", "face3")
_TRUNK: Final = ("gap0", "gap1", "back0", "back1", *_LOW, "slide0", "slide1")
_FIRST = ("gap", "thead", "neck", "back", "fit", "rear", "throat", "faces", "marks", "shape")
_SECOND = (*_GAP, *_POSE, "neck", *_LOW, "front", "rear", *_EAR_NOSE, "shape")
# Variant -> groups of quantities and the blocks they see.
GROUPS: Final[dict[str, Groups]] = {
    CONTOUR: (
        (("cva_change_deg",), _FIRST),
        (("cva_change_deg",), _SECOND),
        (("head_forward_cm",), _SECOND),
        (("head_pitch_deg",), (*_GAP, *_POSE, *_EAR_NOSE, "face1", "face4", "neck", "shape", "still_points")),
        (
            ("shoulder_elevation_cm",),
            (*_POSE, *_SHOULDERS, *_EAR_NOSE, "low0", "low1", "front", "still_front", "arm_marks", "marks"),
        ),
        (
            ("protraction_cm",),
            (*_POSE, *_SHOULDERS, "chest", "throat", "still_front", "shape", "still_points", "arm_marks"),
        ),
        (("trunk_incl_deg",), (*_TRUNK, "fit2", "fit3", "hip_mark", "shoulder_mark", "rear_low")),
        (("trunk_incl_deg",), (*_TRUNK, "hip_mark", "shape", "still_points")),
        (
            ("sink_cm",),
            (*_TRUNK, *_POSE[:3], "fit", "front", "rear", "arm_marks", "hip_mark", "shoulder_mark"),
        ),
    ),
    LANDMARKS: ((FITTED, ("marks", "hip_mark", "shoulder_mark")),),
}


def gather(sets: Sequence[tuple[Landmarks, Mapping[str, Any]]], variant: str, bulk: int = 0) -> Material:
    """The judged frames of all side clips; the first set with a person is that person's clean one.

    Args:
        sets: landmarks and truth.
        variant: what is seen.
        bulk: so many of the last sets are the bulk's.
    """
    known = len(sets) - bulk
    raw: list[dict[str, Float]] = []
    quality, who, truth, clean = [], [], [], []
    first: dict[str, int] = {}
    for number, (lm, rows) in enumerate(sets):
        for clip in clips_of(lm, dict(rows), View.SIDE):
            first.setdefault(clip.subject, number)
            judged = ~clip.calibration & clip.lm.person_found
            blocks, motion, marks = side_blocks(clip.lm[judged], clip.baseline)
            if variant == CONTOUR and motion is None:
                continue
            keep = np.ones(int(judged.sum()), bool) if variant == LANDMARKS else contour_usable(motion)
            found = marks if variant == LANDMARKS else blocks
            raw.append({k: np.where(np.isfinite(v), v, 0.0)[keep] for k, v in found.items()})
            quality.append(np.zeros((len(keep), 2)) if variant == LANDMARKS else motion.rms[:2].T[keep])
            who.append(np.repeat(clip.subject, int(keep.sum())))
            truth.append({name: clip.changes[name][judged][keep] for name in FITTED})
            clean.append(np.full(int(keep.sum()), number == first[clip.subject] < known))
    subjects = np.concatenate(who)
    return Material(
        {k: np.concatenate([r[k] for r in raw]) for k in raw[0]},
        np.concatenate(quality),
        subjects,
        {name: np.concatenate([t[name] for t in truth]) for name in FITTED},
        np.concatenate(clean),
        np.isin(subjects, [person for person, number in first.items() if number == 0]),
        np.isin(subjects, [person for person, number in first.items() if number >= known]),
    )


def fit_side(
    lm: Landmarks,
    truth: Mapping[str, Any],
    also: Sequence[tuple[Landmarks, Mapping[str, Any]]] = (),
    bulk: Sequence[tuple[Landmarks, Mapping[str, Any]]] = (),
    networks: Mapping[str, NetworkBeside] | None = None,
) -> tuple[Arrays, dict[str, str]]:
    """Fit the side view.

    Args:
        lm, truth: the training set; only its side clips are used.
        also: the same pictures turned, scaled, shifted and re-exposed, measured anew, with their truth: they teach
            how the landmarks and the outline scatter, and are fitted on, never judged. Likewise other people, who
            teach too; the first set with a person is that person's clean one.
        bulk: very many other people.
        networks: of each variant, to stand beside the processes as they are; none is taught then, and none is among
            the arrays. Otherwise the bulk teaches them.

    Returns:
        Arrays of `side.npz`, and for each quantity a line of figures on persons left out.
    """
    arrays: Arrays = {}
    lines: dict[str, str] = {}
    for variant, groups in GROUPS.items():
        material = gather([(lm, truth), *also, *bulk], variant, len(bulk))
        lines |= fit_variant(arrays, variant, material, SCHEME, groups, (networks or {}).get(variant))
    return arrays, lines
