"""Where the front view's error comes from: `python tools/error_budget.py TRAIN [--repeat MEASURED.npz ...]`.

TRAIN is a training set (`ground_truth.csv` and `landmarks.npz`, the contour included), MEASURED the same pictures
measured again with small changes (`tools/measure_pictures.py TRAIN OUT.npz --view front --jitter SEED`). Everything is
judged on persons left out, with the hyperparameters of the shipped fit. Prints two tables in Markdown: the budget of
the change of craniovertebral angle, and what each cue contributes (the error without it, weights fitted anew).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from fitting import material
from fitting.front import Fitter, mesh_axes
from fitting.front_frames import FitFrames, gather
from fitting.front_judge import FOLDS, Judged, Models, folds_of, judged_by
from fitting.material import FitClip, Float

from posture_cv.measure.front import FITTED
from posture_cv.measure.front_arrays import front_model
from posture_cv.measure.front_columns import CONTOUR_BLOCKS
from posture_cv.measure.front_groups import GROUPS, VARIANTS
from posture_cv.measure.front_model import FrontModel
from posture_cv.measure.types import View

COEFFICIENTS = Path(__file__).resolve().parent.parent / "posture_cv" / "coefficients" / "front.npz"
SHOWN = ("cva_change_deg", "head_forward_cm", "head_pitch_deg", "shoulder_elevation_cm", "protraction_cm")
CVA = FITTED.index(SHOWN[0])
SCALE = frozenset(
    {"log_scale", "scale_ratio", "outline_ratio", "head_forward", "forward_gap", "outline_forward_gap"}
)
HEIGHT = frozenset(
    {
        "eye_v",
        "head_up",
        "up_gap",
        "outline_up_gap",
        "carried_up_gap",
        "shoulder_up",
        "outline_up",
        "outline_v",
    }
)
CUES = {
    "nothing (the fit alone)": frozenset[str](),
    "the face mesh's scale": SCALE,
    "the face mesh's shape": frozenset({"mesh_even", "mesh_odd"}),
    "heights in the picture": HEIGHT,
    "head pitch": frozenset({"pitch", "head_pitch"}),
    "the contour": CONTOUR_BLOCKS,
    "the contour below the shoulders (rows, arms)": frozenset(
        {"rows_even", "rows_odd", "arms_even", "arms_odd"}
    ),
    "the camera's stand": frozenset(
        {"camera_pitch", "camera_scale", "camera_height", "camera_breadth", "camera_gap"}
    ),
    "other pose points": frozenset({"pose_even", "pose_odd"}),
}


def main() -> None:
    """Parse the command line, fit, judge, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("--repeat", type=Path, nargs="*", default=[], metavar="MEASURED")
    chosen = parser.parse_args()
    lm, truth = material.read_truth(chosen.train)
    clips = list(material.clips_of(lm, truth, View.FRONT))
    fitter = fitted(clips, tuple(VARIANTS.values()))
    folds = folds_of(fitter.frames.subject)
    keeps = [~np.isin(fitter.frames.subject, people) for people in folds]
    parts = zip(folds, fitter.alphas(keeps, anew=True), map(fitter.networks, keeps, [1] * FOLDS), strict=True)
    models = [(people, front_model({**part, **beside})) for people, part, beside in parts]
    judged = judged_by(fitter.frames, models)
    repeats = [
        list(material.clips_of(*material.read_measured(chosen.train, path), View.FRONT))
        for path in chosen.repeat
    ]
    for line in budget(judged, models, repeats):
        print(line, flush=True)
    print()
    for line in ablation(fitter, judged, models[0][1]):
        print(line, flush=True)


def shipped() -> dict[str, NDArray[np.generic]]:
    """The shipped arrays."""
    with np.load(COEFFICIENTS, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def fitted(clips: list[FitClip], variants: tuple[str, ...], dropped: frozenset[str] = frozenset()) -> Fitter:
    """Some variants fitted as shipped, or without some blocks."""
    arrays, axes = shipped(), mesh_axes(clips)
    fitter = Fitter(gather(clips, axes), axes)
    fitter.like(arrays)
    fitter.arrays |= {key: value for key, value in arrays.items() if key.endswith(".share")}
    fitter.dropped = dropped
    with contextlib.redirect_stdout(io.StringIO()):
        for variant in variants:
            fitter.fit_variant(variant)
    return fitter


def budget(judged: Judged, models: Models, repeats: list[list[FitClip]]) -> Iterator[str]:
    """The table of the budget."""
    frames, own = judged.frames, judged.frames.judged
    value = told(judged, models[0][1])[:, CVA]
    y = frames.changes[SHOWN[0]]
    yield "| part of the error of the change of CVA, front | root mean square | mean |"
    yield "|---|---|---|"
    parts = apart(value - y, y, frames.subject, own)
    yield from (row(name, error[own]) for name, error in parts.items())
    for k, clips in enumerate(repeats):
        noise, shift = repeated(value, frames, clips, models)
        yield row(f"landmarks: repeat {k + 1}, within a clip, one of two", noise)
        yield row(f"landmarks: repeat {k + 1}, constant of a clip, one of two", shift)


def row(name: str, error: Float) -> str:
    """One line of the table."""
    return f"| {name} | {np.sqrt((error**2).mean()):.2f}° | {np.abs(error).mean():.2f}° |"


def apart(error: Float, y: Float, subject: NDArray[np.str_], own: NDArray[np.bool_]) -> dict[str, Float]:
    """The error in parts: constant of a clip, proportional to the change, the rest."""
    constant, gain = np.zeros_like(error), np.zeros_like(error)
    slope = np.polyfit(y[own], error[own], 1)[0]
    for who in np.unique(subject):
        mine = (subject == who) & own
        a = np.stack([np.ones(mine.sum()), y[mine] - y[mine].mean()], axis=1)
        middle, steep = np.linalg.lstsq(a, error[mine], rcond=None)[0]
        constant[mine], gain[mine] = middle - slope * (y[mine].mean() - y[own].mean()), steep * a[:, 1]
    return {
        "all of it": error,
        "constant of a clip (baseline, what is special to that person and camera)": constant,
        "proportional to the change (shrinkage, unknown field of view)": gain,
        "the rest of it": error - constant - gain,
        "left with a perfect baseline": error - constant,
    }


def told(judged: Judged, model: FrontModel) -> Float:
    """(N, T) what is told of frames that show everything."""
    return judged.answers["full"].mixed(model.share["full"], model.spread["full"]).value


def repeated(value: Float, frames: FitFrames, clips: list[FitClip], models: Models) -> tuple[Float, Float]:
    """The same frames measured twice: half the difference's variance, within clips and of the clips' means."""
    again_frames = gather(clips, models[0][1].axes)
    other = told(judged_by(again_frames, models), models[0][1])[:, CVA]
    noise, shift = [], []
    for clip, clip_again in zip_clips(frames, again_frames):
        names, values = keys(frames, clip), value[frames.subject == clip.subject]
        found = dict(
            zip(keys(again_frames, clip_again), other[again_frames.subject == clip.subject], strict=True)
        )
        pairs = [(v, found[n]) for n, v in zip(names, values, strict=True) if n in found]
        difference = np.array([a - b for a, b in pairs]) / np.sqrt(2.0)
        shift.append(difference.mean())
        noise.append(difference - difference.mean())
    return np.concatenate(noise), np.array(shift)


def zip_clips(one: FitFrames, other: FitFrames) -> list[tuple[FitClip, FitClip]]:
    """Clips of the same person in both."""
    found = {clip.subject: clip for clip in other.clips}
    return [(clip, found[clip.subject]) for clip in one.clips if clip.subject in found]


def keys(frames: FitFrames, clip: FitClip) -> list[tuple[float, ...]]:
    """What tells a clip's frames apart whatever the file: their true changes."""
    mine = frames.subject == clip.subject
    parts = [frames.changes[q][mine] for q in ("cva_change_deg", "head_pitch_deg", "sink_cm")]
    return [tuple(np.round(v, 3)) for v in zip(*parts, strict=True)]


def ablation(fitter: Fitter, judged: Judged, model: FrontModel) -> Iterator[str]:
    """The table of cues: mean absolute error and correlation of each quantity without one of them."""
    whole = told(judged, model)
    yield f"| front, without | {' | '.join(SHOWN)} |"
    yield "|---|" + "---|" * len(SHOWN)
    yield cells("nothing", fitter.frames, {q: whole[:, FITTED.index(q)] for q in SHOWN})
    for name, dropped in CUES.items():
        found = fitted(list(fitter.frames.clips), ("full",), dropped) if dropped else fitter
        values = {
            q: found.predicted[f"full.{g}"][:, k]
            for g, names in GROUPS.items()
            for k, q in enumerate(names)
            if q in SHOWN
        }
        label = f"{name} (and the networks)" if dropped else "the networks"
        yield cells(label, fitter.frames, values)


def cells(name: str, frames: FitFrames, values: dict[str, Float]) -> str:
    """One line: MAE and r of each shown quantity."""
    own, out = frames.judged, []
    for q in SHOWN:
        v, y = values[q][own], frames.changes[q][own]
        out.append(f"{np.abs(v - y).mean():.2f}, {np.corrcoef(v, y)[0, 1]:.2f}")
    return f"| {name} | {' | '.join(out)} |"


if __name__ == "__main__":
    main()
