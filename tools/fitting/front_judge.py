"""Judge the front view's fit on persons left out: the networks' share, and what the errors depend on.

Persons are left out in groups, of the Gaussian processes and of the networks alike; projections, hyperparameters and
the camera's pitch are those of the whole fit. For the printed figures the trust in each frame is decided anew without
the group: decided with it, people never seen would do worse than was said. The uncertainty also sees the same frames
with trembling landmarks, as a worse camera gives them, so that it knows such a camera.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.front_frames import FitFrames, gather
from fitting.material import FitClip, Float, Mask, median_baseline
from fitting.network import at_once
from posture_cv.coefficients.people import WITHOUT
from posture_cv.measure.front_arrays import front_model
from posture_cv.measure.front_groups import GROUPS, VARIANTS, groups_of
from posture_cv.measure.front_model import Answers, Both, FrontModel, FrontView, camera_stand, sd_terms
from posture_cv.measure.front_reading import FrontReading, read_front
from posture_cv.measure.types import View

if TYPE_CHECKING:
    from fitting.front import Fitter

FOLDS: Final = 6
SHARES: Final = np.linspace(0.0, 1.0, 11)
BY_NETWORKS: Final = frozenset({"trunk_yaw_deg"})
"""What the networks tell alone: training people, who choose the shares, turn their trunks by 5 degrees at most, the
bulk by 20."""
REACHED: Final = 0.99  # share of the training people's frames within the reach of the fit
TREMBLES_PX: Final = (1.0, 3.0)  # noise of every point and edge in pictures 640 wide, beside none
Lines = dict[str, str]
Models = Sequence[tuple[NDArray[np.str_], FrontModel]]
"""Groups of persons, each with a model that never saw them."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Frames, and what models that never saw their persons answer.

    Attributes:
        frames: of which the judged ones count.
        reading: of all of them.
        answers: variant -> process and network.
    """

    frames: FitFrames
    reading: FrontReading
    answers: dict[str, Both]


def folds_of(subjects: NDArray[np.str_]) -> list[NDArray[np.str_]]:
    """The persons in `FOLDS` groups."""
    return np.array_split(np.random.default_rng(5).permutation(np.unique(subjects)), FOLDS)


def judge(
    fitter: Fitter, apart: Mapping[str, Mapping[str, NDArray[Any]]]
) -> tuple[dict[str, NDArray[Any]], Lines]:
    """The fit's arrays with shares and uncertainty, and a line of figures for each quantity of each variant.

    Args:
        fitter: has fitted every variant, and the networks.
        apart: people who are not of the training set -> arrays of the fit without that one; they get lines of their
            own.
    """
    teaching = tuple(apart)
    arrays, frames = fitter.arrays, fitter.shown
    folds = folds_of(frames.subject)
    keeps = [~np.isin(fitter.frames.subject, people) for people in folds]
    networks = at_once(lambda keep: fitter.networks(keep, 1), keeps)

    def models(*, anew: bool) -> Models:
        parts = zip(folds, fitter.alphas(keeps, anew=anew), networks, strict=True)
        return [(people, front_model({**part, **beside})) for people, part, beside in parts]

    known = models(anew=False)
    plain = judged_by(frames, known)
    for variant in VARIANTS.values():
        arrays[f"{variant}.share"] = best_share(plain, known[0][1], variant)
    arrays |= reach(frames, front_model(dict(arrays)))
    share = {variant: arrays[f"{variant}.share"] for variant in VARIANTS.values()}
    model = replace(known[0][1], share=share)
    clips, axes = frames.clips, model.axes
    trembling = [
        gather([trembled(c, px, k) for c in clips], axes, teaching) for k, px in enumerate(TREMBLES_PX)
    ]
    everything = [plain, *(judged_by(worse, known) for worse in trembling)]
    judged, lines = judged_by(frames, models(anew=True)), {}
    others = np.unique(frames.subject[~np.isin(frames.subject, teaching)])
    alone = [(np.array([person]), front_model(part)) for person, part in apart.items()]
    taught = judged_by(frames, [*alone, (others, model)])
    for variant in VARIANTS.values():
        weights = uncertainty(everything, variant, model)
        lines |= told(judged, variant, model, weights, frames.choosing)
        if teaching:
            extra = told(taught, variant, model, weights, ~frames.choosing)
            lines |= {f"also {name}": line for name, line in extra.items()}
        arrays |= _by_group(variant, weights)
        for person in teaching:
            without = _by_group(variant, uncertainty(everything, variant, model, person))
            arrays |= {f"{WITHOUT}.{person}.{key}": value for key, value in without.items()}
    return arrays, lines


def _by_group(variant: str, weights: Float) -> dict[str, NDArray[Any]]:
    """The uncertainty's arrays, group by group."""
    counts = [len(GROUPS[group]) for group in groups_of(variant)]
    parts = np.split(weights, np.cumsum(counts)[:-1])
    return {f"{variant}.{group}.sd": part for group, part in zip(groups_of(variant), parts, strict=True)}


def judged_by(frames: FitFrames, models: Models) -> Judged:
    """What each clip's frames are answered by the models that never saw its person."""
    answers: dict[str, list[Both]] = {variant: [] for variant in VARIANTS.values()}
    for clip, reference, reading in zip(frames.clips, frames.references, frames.readings, strict=True):
        model = next(model for people, model in models if clip.subject in people)
        view = FrontView(reference, camera_stand(reference, model.camera_pitch))
        rest = read_front(clip.baseline.as_landmarks(), view.reference)
        for variant, found in answers.items():
            at_rest = model.at_rest(variant, rest, view)
            found.append(model.answers(variant, reading, view).since(at_rest))
    parts = {name: frames.together(name) for name in FrontReading.__dataclass_fields__}
    reading_of_all: Any = FrontReading(**parts)
    return Judged(frames, reading_of_all, {variant: _joined(found) for variant, found in answers.items()})


def _joined(found: Sequence[Both]) -> Both:
    return Both(*(np.concatenate([getattr(both, k) for both in found]) for k in Both.__dataclass_fields__))


def reach(frames: FitFrames, model: FrontModel) -> dict[str, Float]:
    """`VARIANT.reach`, (T,) of each: how far most training people are from the frames that answer in the whole fit.

    They are none of these frames, so that nobody has to be left out.
    """
    found = judged_by(frames, [(np.unique(frames.subject), model)]).answers
    own = frames.judged & frames.choosing
    return {f"{name}.reach": np.quantile(both.far[own], REACHED, axis=0) for name, both in found.items()}


def best_share(judged: Judged, model: FrontModel, variant: str) -> Float:
    """(T,) the networks' share in what a variant answers that errs least, or all of it (`BY_NETWORKS`)."""
    y = np.stack([judged.frames.changes[name] for name in model.names(variant)], axis=1)
    own, losses = judged.frames.judged & judged.frames.choosing, []
    for share in SHARES:
        mixed = judged.answers[variant].mixed(np.full(y.shape[1], share), model.spread[variant])
        error = (mixed.value - y)[own]
        losses.append(np.abs(error).mean(axis=0) + np.sqrt((error**2).mean(axis=0)))
    alone = [name in BY_NETWORKS for name in model.names(variant)]
    return np.where(alone, 1.0, SHARES[np.argmin(losses, axis=0)])


def trembled(clip: FitClip, noise_px: float, seed: int) -> FitClip:
    """A clip as a worse camera gives it, calibration included: every point and edge off by so much."""
    rng, lm = np.random.default_rng(1000 + seed), clip.lm
    share = noise_px / np.array([640.0, 480.0])
    pose, face_mesh = lm.pose.copy(), lm.face.copy()
    for points in (pose, face_mesh):
        points[:, :, :2] += (rng.normal(size=points[:, :, :2].shape) * share).astype(np.float32)
    rows = lm.rows + (rng.normal(size=lm.rows.shape) * share[0]).astype(np.float32)
    cols = lm.cols + (rng.normal(size=lm.cols.shape) * share[1]).astype(np.float32)
    worse = replace(lm, pose=pose, face=face_mesh, rows=rows, cols=cols)
    return replace(clip, lm=worse, baseline=median_baseline(worse[clip.calibration], View.FRONT))


def uncertainty(
    everything: Sequence[Judged], variant: str, model: FrontModel, without: str | None = None
) -> Float:
    """(T, 8) weights of log sd of a variant's quantities, where wanted without a person's errors."""
    weights = []
    for k in range(len(model.names(variant))):
        parts = [_errors(j, variant, model, k, j.frames.subject != (without or "")) for j in everything]
        errors, inputs = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        clean = np.arange(len(errors)) < len(parts[0][0])
        weights.append(fit_sd(errors, inputs, clean))
    return np.stack(weights)


def told(judged: Judged, variant: str, model: FrontModel, weights: Float, whose: Mask) -> Lines:
    """A line of figures for each quantity of a variant; `whose`: (N,) frames that count."""
    lines, own = {}, judged.frames.judged & whose
    for k, name in enumerate(model.names(variant)):
        error, inputs = _errors(judged, variant, model, k, whose)
        sd = np.exp(inputs @ weights[k])
        inside = float((np.abs(error) <= 1.645 * sd).mean())
        rank = float(np.corrcoef(_ranks(sd), _ranks(np.abs(error)))[0, 1])
        truth = judged.frames.changes[name][own]
        line = figures(error * model.spread[variant][k] + truth, truth)
        lines[f"{variant}.{name}"] = f"{line}  90 % interval {inside:.2f}  sd and error {rank:.2f}"
    return lines


def _errors(judged: Judged, variant: str, model: FrontModel, k: int, whose: Mask) -> tuple[Float, Float]:
    """Errors (N,) of a quantity in standard deviations of it, and what its log sd is linear in (N, 8)."""
    spread = model.spread[variant]
    found, mine = judged.answers[variant].mixed(model.share[variant], spread), slice(k, k + 1)
    one = Answers(*(getattr(found, name)[:, mine] for name in Answers.__dataclass_fields__))
    terms = sd_terms(one, spread[mine], judged.reading.camera)
    rows = np.hstack([np.ones_like(terms[0]), *terms])
    error = (found.value[:, k] - judged.frames.changes[model.names(variant)[k]]) / spread[k]
    own = judged.frames.judged & whose
    return error[own], rows[own]


def _ranks(x: Float) -> Float:
    return np.argsort(np.argsort(x)).astype(np.float64)


def figures(value: Float, y: Float) -> str:
    """How well values agree with the truth."""
    return f"n {len(y)}  MAE {np.abs(value - y).mean():.3f}  r {np.corrcoef(value, y)[0, 1]:.3f}"


def fit_sd(error: Float, inputs: Float, clean: Mask, coverage: float = 0.9) -> Float:
    """Weights of log sd: maximum likelihood of Gaussian errors (Newton, ridge), shifted to cover `coverage`.

    Args:
        error: (N,) in standard deviations of the quantity.
        inputs: (N, D), constant first.
        clean: (N,) the frames of which `coverage` shall lie within 1.645 sd.
        coverage: a share.
    """
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    live = spread > 1e-9
    live[0] = False
    z = np.column_stack([np.ones(len(inputs)), (inputs[:, live] - centre[live]) / spread[live]])
    w = np.zeros(z.shape[1])
    w[0] = np.log(error.std())
    ridge = np.diag([0.0, *([0.02 * len(z)] * (z.shape[1] - 1))])
    for _ in range(50):
        ratio = np.minimum(error**2 * np.exp(-2 * z @ w), 25.0)
        gradient = z.T @ (1 - ratio) + ridge @ w
        hessian = z.T @ (z * (2 * ratio)[:, None]) + ridge + 1e-3 * np.eye(len(w))
        w -= np.clip(np.linalg.solve(hessian, gradient), -0.3, 0.3)
    weights = np.zeros(inputs.shape[1])
    weights[live] = w[1:] / spread[live]
    weights[0] = w[0] - weights[live] @ centre[live]
    ratio = np.abs(error) / np.exp(inputs @ weights)
    weights[0] += np.log(np.quantile(ratio[clean], coverage) / 1.645)
    return weights
