"""Judge the front view's fit on persons left out: the geometry network's share, and what the errors depend on.

Persons are left out in groups, of the Gaussian processes and of the network alike; projections, hyperparameters and
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
from fitting.front_physics import (
    Folds,
    Trainer,
    front_inputs,
    landmark_errors,
    left_out_networks,
    true_inputs,
)
from fitting.material import FitClip, Float, Mask, Truth, median_baseline
from posture_cv.coefficients.people import WITHOUT
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.front import FITTED, mixed
from posture_cv.measure.front_model import (
    GROUPS,
    VARIANTS,
    WITH_FACE,
    Answers,
    FrontModel,
    FrontView,
    camera_stand,
    front_model,
    groups_of,
    sd_terms,
)
from posture_cv.measure.front_physics import OUTPUTS
from posture_cv.measure.front_reading import FrontReading, read_front
from posture_cv.measure.types import View

if TYPE_CHECKING:
    from fitting.front import Fitter

SHARES: Final = np.linspace(0.0, 0.6, 7)
TREMBLES_PX: Final = (1.0, 3.0)  # noise of every point and edge in pictures 640 wide, beside none
_SHOULDERS: Final = [FITTED.index(q) for q in ("protraction_cm", "shoulder_elevation_cm")]
_MIXED: Final = [FITTED.index(name) for name in OUTPUTS]
Lines = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Frames, and what models that never saw their persons answer.

    Attributes:
        frames: of which the judged ones count.
        reading: of all of them.
        answers: variant -> the fit's, the network not mixed in.
        network: (N, 6) the network's.
    """

    frames: FitFrames
    reading: FrontReading
    answers: dict[str, Answers]
    network: Float


def networks_beside(lm: Landmarks, truth: Truth, bulk: Sequence[Truth], subjects: NDArray[np.str_]) -> Folds:
    """Networks that never saw the persons they are beside of; of the bulk, who are never judged, all teach."""
    found, _ = front_inputs(lm, truth)
    trainer = Trainer(truth, landmark_errors(found, true_inputs(truth)), bulk)
    return left_out_networks(trainer, subjects)


def judge(
    fitter: Fitter, networks: Folds, apart: Mapping[str, Mapping[str, NDArray[Any]]]
) -> tuple[dict[str, NDArray[Any]], Lines]:
    """The fit's arrays with share and uncertainty, and a line of figures for each quantity of each variant.

    Args:
        fitter: has fitted every variant.
        networks: beside it.
        apart: people who are not of the training set -> arrays of the fit without that one; they get lines of their
            own.
    """
    teaching = tuple(apart)
    arrays, frames = fitter.arrays, fitter.shown
    subject = fitter.frames.subject
    keeps = [~np.isin(subject, people) for people, _ in networks]
    parts = fitter.alphas(keeps)
    models = [front_model(part) for part in parts]
    plain = judged_by(frames, models, networks)
    arrays["network_share"] = best_share(plain, models[0])
    model = replace(models[0], share=arrays["network_share"])
    clips, axes = frames.clips, models[0].axes
    trembling = [
        gather([trembled(c, px, k) for c in clips], axes, teaching) for k, px in enumerate(TREMBLES_PX)
    ]
    everything = [plain, *(judged_by(worse, models, networks) for worse in trembling)]
    unseen = [front_model(part) for part in fitter.alphas(keeps, anew=True)]
    judged, lines = judged_by(frames, unseen, networks), {}
    alone = [front_model(part) for part in apart.values()]
    taught = judged_by(frames, [*alone, models[0]], _one_by_one(teaching, networks))
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


def _one_by_one(people: Sequence[str], networks: Folds) -> Folds:
    """Each of these people alone, then everybody else, whom the last model judges; nets that saw none of the former."""
    others = np.concatenate([group for group, _ in networks])
    last = others[~np.isin(others, people)]
    return (*((np.array([person]), networks[0][1]) for person in people), (last, networks[0][1]))


def judged_by(frames: FitFrames, models: Sequence[FrontModel], networks: Folds) -> Judged:
    """What each clip's frames are answered by the models that never saw its person."""
    answers: dict[str, list[Answers]] = {variant: [] for variant in VARIANTS.values()}
    told = []
    for clip, reference, reading in zip(frames.clips, frames.references, frames.readings, strict=True):
        k = next(k for k, (people, _) in enumerate(networks) if clip.subject in people)
        model, network = models[k], networks[k][1]
        view = FrontView(reference, camera_stand(reference, model.camera_pitch))
        rest = read_front(clip.baseline.as_landmarks(), view.reference)
        for variant, found in answers.items():
            at_rest = model.at_rest(variant, rest, view)
            found.append(model.answers(variant, reading, view).since(at_rest))
        value = answers["full"][-1].value[:, _SHOULDERS]
        told.append(
            network.answers(reading.geometry, value) - network.answers(rest.geometry, np.zeros((1, 2)))
        )
    together = {variant: _joined(found) for variant, found in answers.items()}
    parts = {name: frames.together(name) for name in FrontReading.__dataclass_fields__}
    reading: Any = FrontReading(**parts)
    return Judged(frames, reading, together, np.concatenate(told))


def _joined(found: Sequence[Answers]) -> Answers:
    return Answers(*(np.concatenate([getattr(a, k) for a in found]) for k in ("value", "far", "size")))


def best_share(judged: Judged, model: FrontModel) -> Float:
    """(6,) the network's share that errs least."""
    y = np.stack([judged.frames.changes[name] for name in OUTPUTS], axis=1)
    losses = []
    for share in SHARES:
        part = replace(model, share=np.full(len(OUTPUTS), share))
        value = mixed(judged.answers["full"], judged.network, part, judged.reading).value[:, _MIXED]
        error = (value - y)[judged.frames.judged & judged.frames.choosing]
        losses.append(np.abs(error).mean(axis=0) + np.sqrt((error**2).mean(axis=0)))
    return np.asarray(SHARES[np.argmin(losses, axis=0)])


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
    spread, found = model.spread[variant], judged.answers[variant]
    if variant in WITH_FACE:
        found = mixed(found, judged.network, model, judged.reading)
    mine = slice(k, k + 1)
    apart = None if found.apart is None else found.apart[:, mine]
    one = Answers(found.value[:, mine], found.far[:, mine], found.size[:, mine], apart)
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
