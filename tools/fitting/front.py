"""Fit the front view's estimators: mirror-symmetric Gaussian processes and networks on what `read_front` reads.

The first stage (the head's size and pitch) is predicted for each person from the others before it enters the
second, the networks' share is chosen and the uncertainty is fitted on persons left out of both. The networks learn
from the training set and the bulk.

People of further data sets teach the same fit: projections, hyperparameters and shares stay those of the training set
alone. Of each of them a fit without that person is kept, so that they can be judged.

Very many further people (the bulk) teach it, too, without making it slower or larger: `CHOSEN` frames, most of them
theirs, answer for all (`fitting.projected`). Nobody of the training set is among these, so that leaving somebody out
leaves them as they are. Without a bulk every frame that teaches answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.front_frames import FitFrames, gather
from fitting.front_judge import figures, judge
from fitting.material import FitClip, Float, Mask, Truth, clips_of
from fitting.network import taught
from fitting.process import Process, common_factors, error_size, tuned
from fitting.projected import MirrorColumns, Prior, Projected
from posture_cv.coefficients.people import WITHOUT
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.face_geometry import eye_distance
from posture_cv.measure.front_columns import (
    COMPONENTS,
    EVEN_BLOCKS,
    EVEN_WIDTHS,
    MESH_COLUMNS,
    ODD_BLOCKS,
    ODD_WIDTHS,
    columns_of,
)
from posture_cv.measure.front_groups import (
    GROUPS,
    ODD_GROUPS,
    VARIANTS,
    WITH_FACE,
    blocks_of,
    groups_of,
    network_columns,
)
from posture_cv.measure.front_model import SD_INPUTS
from posture_cv.measure.front_reference import MeshAxes
from posture_cv.measure.front_space import EYE_DISTANCE_CM
from posture_cv.measure.mirror_kernel import ColumnProjection
from posture_cv.measure.rotation import similarity_fit
from posture_cv.measure.types import View

CALIBRATION_TRUST: Final = 0.5
CHOSEN: Final = 1000  # frames that answer for all where there is a bulk (ours; 600 would do)
CHOSEN_OF_FEW: Final = 300  # of these, of the further data sets that are no bulk
CHOSEN_APART: Final = 150  # of these, of the bulk: the frames that differ most
LEARNING: Final = 1500  # frames that the hyperparameters are learned from, where there is a bulk (ours)
BULK_TRUST: Final = 0.25  # where the choice of it by training people left out begins
NETWORKS: Final = 4  # that are averaged, ours
COUNTS_LESS: Final = 0.4  # an error of what is needed for the rest only, in the networks' teaching (ours)
PUBLISHED: Final = frozenset(
    {
        *("cva_change_deg", "head_forward_cm", "head_pitch_deg", "shoulder_elevation_cm", "protraction_cm"),
        "trunk_incl_deg",
    }
)
"""What is published of accuracy, and what postures are named by first."""
TUNING_PEOPLE, TUNING_ANSWERS = 100, 500  # of the bulk, for that choice: enough, and fast


def camera_pitch_weights(frames: FitFrames) -> Float:
    """Ridge of the camera's pitch on its even numbers, constant first."""
    people = set(frames.subject[frames.choosing])
    own = [k for k, clip in enumerate(frames.clips) if clip.subject in people]
    x = np.array([frames.references[k].camera_even for k in own])
    a = np.column_stack([np.ones(len(x)), x])
    ridge = np.diag([0.0, *(0.5 * x.var(axis=0))])
    pitch = np.array([frames.clips[k].camera_pitch_deg for k in own])
    return np.asarray(np.linalg.solve(a.T @ a + ridge, a.T @ pitch))


def mesh_mirror(meshes: Float) -> NDArray[np.intp]:
    """(468,) the point on the other side of the face of each point, its own on the midline.

    The assignment that brings the mean of (K, 468, 3) baseline meshes and its mirror image closest: so each point is
    some point's other side, which the nearest ones would not be.
    """
    from scipy.optimize import linear_sum_assignment  # slow to load, which --help does not need

    facing = meshes[np.abs(meshes[:, 263, 2] - meshes[:, 33, 2]) < 0.1 * np.ptp(meshes[:, :, 0], axis=1)]
    centred = facing - facing.mean(axis=1, keepdims=True)
    mean = (centred / np.linalg.norm(centred, axis=(1, 2), keepdims=True)).mean(axis=0)
    mirrored = mean * np.array([-1.0, 1.0, 1.0])
    _, mirror = linear_sum_assignment(((mean[:, None] - mirrored[None]) ** 2).sum(axis=2))
    return np.asarray(mirror, np.intp)


def mesh_axes(clips: Sequence[FitClip]) -> MeshAxes:
    """The leading even and odd components of the mesh's change of shape, rounded as they are shipped."""
    shapes, bases = [], []
    for clip in clips:
        base = clip.baseline.as_landmarks().face_px()[0]
        mesh = clip.lm.face_px()[clip.lm.face_found & clip.lm.person_found]
        shapes.append(_shape_change(base, mesh) * EYE_DISTANCE_CM / eye_distance(base))
        bases.append(base)
    mirror, x = mesh_mirror(np.stack(bases)), np.concatenate(shapes)
    parts = []
    for sign in (1.0, -1.0):
        part = (x + sign * x[:, mirror] * np.array([-1.0, 1.0, 1.0])) / 2.0
        flat = part.reshape(len(x), -1)
        parts.append(_components(flat, MESH_COLUMNS).reshape(*x.shape[1:], MESH_COLUMNS))
    return MeshAxes(np.concatenate(parts, axis=2).astype(np.float16).astype(np.float64), MESH_COLUMNS)


def _shape_change(reference: Float, points: Float) -> Float:
    """(N, P, 3) what is left of each shape when place, scale and roll are taken off, minus the reference.

    Turning and nodding stay in it, and so does what the mesh network makes of them.
    """
    scale, rotation, centroid = similarity_fit(reference, points)
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])[:, None]
    centred = (points - centroid[:, None]) / scale[:, None, None]
    x = np.cos(roll) * centred[:, :, 0] + np.sin(roll) * centred[:, :, 1]
    y = np.cos(roll) * centred[:, :, 1] - np.sin(roll) * centred[:, :, 0]
    return np.asarray(np.stack([x, y, centred[:, :, 2]], axis=2) - (reference - reference.mean(axis=0)))


def _components(x: Float, count: int) -> Float:
    """(D, count) leading components, half whitened, with a root mean square of 1 over all columns."""
    _, vectors = np.linalg.eigh(x.T @ x)
    axes = vectors[:, ::-1][:, :count]
    axes = axes / np.sqrt(np.sqrt(((x @ axes) ** 2).mean(axis=0)))
    return np.asarray(axes / np.sqrt(((x @ axes) ** 2).mean()))


def projection(columns: Float, layout: tuple[tuple[str, int], ...]) -> Float:
    """(D, d) principal components of the wide blocks, scales of the others, block by block."""
    matrices, start = [], 0
    for name, width in layout:
        x = columns[:, start : start + width]
        start += width
        if name in COMPONENTS:
            matrices.append(_components(x, COMPONENTS[name]))
        elif name.startswith("mesh"):
            matrices.append(np.eye(width))  # its axes have their scale already
        else:
            scale = x.std(axis=0) if name.startswith("camera") else np.sqrt((x**2).mean(axis=0))
            matrices.append(np.diag(1.0 / (scale + 1e-9)))
    out = np.zeros((sum(len(m) for m in matrices), sum(m.shape[1] for m in matrices)))
    row = column = 0
    for m in matrices:
        out[row : row + len(m), column : column + m.shape[1]] = m
        row, column = row + len(m), column + m.shape[1]
    return out


def fit_front(
    lm: Landmarks,
    truth: Truth,
    also: Sequence[tuple[Landmarks, Truth]] = (),
    bulk: Sequence[tuple[Landmarks, Truth]] = (),
    like: Mapping[str, NDArray[Any]] | None = None,
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays of `front.npz` and one line of leave-one-person-out figures for each quantity.

    Args:
        lm, truth: the training set.
        also: further people, other ones than those.
        bulk: very many further people, none of those either.
        like: arrays of a fit whose hyperparameters are taken, which saves most of the time.
    """
    clips = list(clips_of(lm, truth, View.FRONT))
    more, most = ([c for part in parts for c in clips_of(*part, View.FRONT)] for parts in (also, bulk))
    teaching, many = (tuple(dict.fromkeys(clip.subject for clip in part)) for part in (more, most))
    own = {clip.subject for clip in clips}
    if twice := (own & {*teaching, *many}) | (set(teaching) & set(many)):
        raise ValueError(f"these people are in several data sets: {', '.join(sorted(twice))}")
    axes = mesh_axes(clips)
    fitter = Fitter(gather([*clips, *more, *most], axes, teaching, many), axes)
    if like is not None:
        fitter.like(like)
    for variant in VARIANTS.values():
        fitter.fit_variant(variant)
    fitter.arrays |= fitter.networks(np.ones(len(fitter.frames.subject), bool), NETWORKS)
    apart = fitter.apart(teaching)
    arrays, lines = judge(fitter, apart)
    return arrays | fitter.without(apart), lines


_SIDES: Final = ("even", "odd")


def chosen_frames(frames: FitFrames, points: Float) -> NDArray[np.intp]:
    """Places of the frames that answer for all; all where the bulk is too small.

    Most are of the bulk, at random. Some are the frames that differ most, of the bulk and of the further data sets,
    which show what the bulk does not: what nothing among these frames is like counts as never learned.

    Args:
        frames: all of them.
        points: (N, d) their projected columns.
    """
    bulk, taught = (np.flatnonzero(m) for m in (frames.bulk, ~frames.bulk & ~frames.choosing))
    if len(bulk) < CHOSEN:
        return np.arange(len(frames.bulk))
    taught = taught[apart_most(points[taught], CHOSEN_OF_FEW)]
    apart = bulk[apart_most(points[bulk], CHOSEN_APART)]
    others = np.random.default_rng(6).permutation(np.setdiff1d(bulk, apart))
    return np.sort(np.concatenate([taught, apart, others[: CHOSEN - len(taught) - len(apart)]]))


def apart_most(points: Float, count: int) -> NDArray[np.intp]:
    """Places of `count` points (N, d), each as far as can be from those before it (Gonzalez 1985)."""
    chosen: list[int] = []
    near = (points**2).sum(axis=1)
    for _ in range(min(count, len(points))):
        chosen.append(int(np.argmax(near)))
        near = np.minimum(near, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return np.array(chosen, np.intp)


def learning_frames(frames: FitFrames) -> Mask:
    """Frames whose likelihood chooses the hyperparameters: half of the first set's, and some of the bulk, at random."""
    out = np.asarray(frames.choosing & (np.arange(len(frames.bulk)) % 2 == 0))
    places = np.random.default_rng(7).permutation(np.flatnonzero(frames.bulk))
    out[places[: max(0, LEARNING - out.sum())]] = True
    return out


class Fitter:
    """Fits variant by variant and collects the arrays and the figures.

    `shown` are the frames that can be judged; `chosen`, places of the frames that answer for all.
    """

    def __init__(self, frames: FitFrames, axes: MeshAxes) -> None:
        self.frames, self.shown = frames, frames.judgeable()
        self.prior = np.where(frames.judged, 1.0, CALIBRATION_TRUST)
        self.weights = camera_pitch_weights(frames)
        even, odd = frames.together("even"), frames.together("odd")
        own = frames.choosing
        matrices = projection(even[own], EVEN_BLOCKS), projection(odd[own], ODD_BLOCKS)
        self.arrays: dict[str, NDArray[Any]] = {
            "mesh": axes.matrix.astype(np.float16),
            "camera_pitch": self.weights,
            "project.even": matrices[0].astype(np.float32),
            "project.odd": matrices[1].astype(np.float32),
        }
        for variant in VARIANTS.values():  # until `judge` has chosen the first and measured the second
            count = sum(len(GROUPS[group]) for group in groups_of(variant))
            self.arrays |= {f"{variant}.share": np.zeros(count), f"{variant}.reach": np.ones(count)}
        widths = [EVEN_WIDTHS[b] for b, _ in EVEN_BLOCKS], [ODD_WIDTHS[b] for b, _ in ODD_BLOCKS]
        self.first = tuple(
            ColumnProjection.of(m.astype(np.float32).astype(np.float64), w)(x).astype(np.float16)
            for m, w, x in zip(matrices, widths, (even, odd), strict=True)
        )
        self.chosen = chosen_frames(frames, np.hstack(self.first).astype(np.float64))
        self.rooms: dict[str, tuple[NDArray[np.float16], NDArray[np.float16]]] = {}
        self.arrays |= {f"points.{side}": x[self.chosen] for side, x in zip(_SIDES, self.first, strict=True)}
        self.theta: dict[str, dict[str, tuple[float, float]]] = {}
        self.common: dict[str, Float] = {}
        self.bulk_trust: dict[str, float] = {}
        self.predicted: dict[str, Float] = {}
        self.fitted: dict[str, tuple[Float, Float]] = {}
        self.dropped: frozenset[str] = frozenset()

    def like(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take the hyperparameters of a fit that has been made, so that only the weights are fitted."""
        for group in GROUPS:
            a, r = np.log(np.asarray(arrays[f"full.{group}.weights"], np.float64))
            names = [b for part in blocks_of("full", group) for b in part]
            self.theta[group] = dict(zip(names, zip(a, r, strict=True), strict=True))
        for key in (f"{variant}.{group}" for variant in VARIANTS.values() for group in groups_of(variant)):
            self.common[key] = np.log([float(arrays[f"{key}.s"]), *arrays[f"{key}.noise"]])
            if f"{key}.bulk_trust" in arrays:
                self.bulk_trust[key] = float(arrays[f"{key}.bulk_trust"])
                self.arrays[f"{key}.bulk_trust"] = np.array(self.bulk_trust[key])

    def fit_variant(self, variant: str) -> None:
        """First stage, room columns with what it gives on persons left out, then the other groups."""
        none = np.zeros(len(self.frames.judged))
        pitch = growth = none
        self._room(variant, growth, pitch)  # a place for the columns, not yet used
        if variant in WITH_FACE:
            self.fit_group(variant, "face")
            found = self.predicted[f"{variant}.face"]
            pitch, growth = found[:, 0], found[:, 1] / -100.0
        self._room(variant, growth, pitch)
        for group in groups_of(variant):
            if group != "face":
                self.fit_group(variant, group)

    def _room(self, variant: str, growth: Float, pitch: Float) -> None:
        """Room columns of the fitting frames, scaled as the full variant's first are, rounded as shipped."""
        columns, points = self.frames.room(self.weights, growth, pitch), []
        for side, x in zip(_SIDES, columns, strict=True):
            if f"room.{side}" not in self.arrays or (variant == "full" and growth.any()):
                own = x[self.frames.choosing]
                self.arrays[f"room.{side}"] = 1.0 / (np.sqrt((own**2).mean(axis=0)) + 1e-9)
            through = ColumnProjection.of(np.diag(self.arrays[f"room.{side}"]), [1] * x.shape[1])
            points.append(through(x).astype(np.float16))
            self.arrays[f"points.{variant}.{side}"] = points[-1][self.chosen]
        self.rooms[variant] = points[0], points[1]

    def _points(self, variant: str, group: str) -> dict[str, Float]:
        """Block -> (N, d) of the fitting frames."""
        out: dict[str, Float] = {}
        for first, room, blocks, widths in zip(
            self.first,
            self.rooms[variant],
            blocks_of(variant, group),
            (EVEN_WIDTHS, ODD_WIDTHS),
            strict=True,
        ):
            points = np.hstack([first, room]).astype(np.float64)
            out |= {b: points[:, columns_of((b,), widths)] for b in blocks}
        return out

    def fit_group(self, variant: str, group: str) -> None:
        """Kernel: hyperparameters on every other choosing frame, once for each group, then weights on all."""
        key, points = f"{variant}.{group}", self._points(variant, group)
        even, odd = (tuple(b for b in part if b not in self.dropped) for part in blocks_of(variant, group))
        y = np.stack([self.frames.changes[q] for q in GROUPS[group]], axis=1)
        spread = y[self.frames.choosing].std(axis=0)
        n = len(even) + len(odd)
        if group not in self.theta:
            some, prior = learning_frames(self.frames), self.prior
            draft = self._process(points, even, odd, group, some)
            draft.fit_theta((y / spread)[some])
            if not self.frames.bulk[some].any():
                draft.weigh((y / spread)[some], prior[some])
                draft.tune((y / spread)[some], self.frames.judged[some])
            pairs_of = zip(draft.theta[:n], draft.theta[n : 2 * n], strict=True)
            self.theta[group] = dict(zip((*even, *odd), pairs_of, strict=True))
            self.common[key] = draft.theta[2 * n :]
        # a variant that sees less weighs what it sees as the full one does
        self.common.setdefault(key, self.common[f"full.{group}"])
        if self.frames.bulk.any() and key not in self.bulk_trust:
            self._tune(variant, group, y / spread)
        prior = self._trust_before(key)
        theta = self._numbers(key, (*even, *odd))
        process = Projected.of(self._prior(variant, group, theta), theta)
        trust = process.weighed(prior, y / spread)
        self.predicted[key] = process.left_out(trust, y / spread) * spread
        self.fitted[key] = theta, trust
        e = np.exp(theta)
        self.arrays |= {
            f"{key}.weights": np.stack([e[:n], e[n : 2 * n]]),
            f"{key}.s": np.array(e[-3]),
            f"{key}.noise": e[-2:],
            f"{key}.alpha": (process.solve(trust, y / spread) * spread).astype(np.float32),
            f"{key}.spread": spread,
            f"{key}.sd": np.zeros((y.shape[1], SD_INPUTS)),
        }
        own = self.frames.judged & ~self.frames.bulk
        for k, name in enumerate(GROUPS[group]):
            print(f"{key} {name}: {figures(self.predicted[key][own, k], y[own, k])}", flush=True)

    def _numbers(self, key: str, names: Sequence[str]) -> Float:
        """`theta` as in `Process`, of some blocks."""
        pairs = np.array([self.theta[key.split(".")[1]][b] for b in names])
        return np.concatenate([pairs[:, 0], pairs[:, 1], self.common[key]])

    def _trust_before(self, key: str) -> Float:
        """(N,) trust in each frame before the others have told what they think of it."""
        return self.prior * np.where(self.frames.bulk, self.bulk_trust.get(key, 1.0), 1.0)

    def _tune(self, variant: str, group: str, y: Float) -> None:
        """Choose the trust in the bulk, and common factors beside it, on training people left out.

        Of variants that see less only the trust and the noise, which is more where less is seen.
        """
        frames, blocks, key = self.frames, blocks_of(variant, group), f"{variant}.{group}"
        names = [b for part in blocks for b in part]
        some = np.unique(frames.subject[frames.bulk])[:TUNING_PEOPLE]
        keep = frames.choosing | np.isin(frames.subject, some)
        answer = self.chosen[keep[self.chosen]]
        answer = answer[:: max(1, len(answer) // TUNING_ANSWERS)]
        columns = MirrorColumns.of(self._points(variant, group), *blocks, is_odd=group in ODD_GROUPS)[keep]
        subject, own, y = frames.subject[keep], (frames.judged & frames.choosing)[keep], y[keep]
        places = np.searchsorted(np.flatnonzero(keep), answer)

        def loss(theta: Float) -> float:
            """Of the kernel's numbers and, last, the logarithm of the trust."""
            process = Projected.of(Prior.of(columns, places, subject, theta[:-1]), theta[:-1])
            before = (self.prior * np.where(frames.bulk, np.exp(theta[-1]), 1.0))[keep]
            return error_size((process.left_out(before, y) - y)[own])

        n, theta = len(names), np.append(self._numbers(key, names), np.log(BULK_TRUST))
        factors, trust = common_factors(n), (slice(len(theta) - 1, None), 0.7)
        theta = tuned(theta, (trust, *(factors if variant == "full" else factors[1:2]), trust), loss)
        if variant == "full":
            self.theta[group] = dict(zip(names, zip(theta[:n], theta[n : 2 * n], strict=True), strict=True))
        self.common[key], self.bulk_trust[key] = theta[2 * n : -1], float(np.exp(theta[-1]))
        self.arrays[f"{key}.bulk_trust"] = np.array(self.bulk_trust[key])
        print(f"{key}: trust in the bulk {self.bulk_trust[key]:.2f}", flush=True)

    def _prior(self, variant: str, group: str, theta: Float) -> Prior:
        """The kernel's covariances of the chosen frames and all frames."""
        even, odd = (tuple(b for b in part if b not in self.dropped) for part in blocks_of(variant, group))
        points, is_odd = self._points(variant, group), group in ODD_GROUPS
        columns = MirrorColumns.of(points, even, odd, is_odd=is_odd)
        return Prior.of(columns, self.chosen, self.frames.subject, theta)

    def _process(
        self, points: dict[str, Float], even: tuple[str, ...], odd: tuple[str, ...], group: str, keep: Mask
    ) -> Process:
        chosen = {b: points[b][keep] for b in (*even, *odd)}
        return Process.of(chosen, even, odd, self.frames.subject[keep], is_odd=group in ODD_GROUPS)

    def networks(self, keep: Mask, count: int) -> dict[str, NDArray[Any]]:
        """So many networks beside each variant, taught by the training set and the bulk as far as kept (N,)."""
        frames, out = self.frames, {}
        own = keep & (frames.choosing | frames.bulk)
        for variant in VARIANTS.values():
            sides = zip(self.first, self.rooms[variant], network_columns(variant), strict=True)
            even, odd = (np.hstack([first, room])[own][:, columns] for first, room, columns in sides)
            groups = groups_of(variant)
            names = [q for group in groups for q in GROUPS[group]]
            y = np.stack([frames.changes[q][own] for q in names], axis=1)
            is_odd = np.array([group in ODD_GROUPS for group in groups for _ in GROUPS[group]])
            weight = np.array([1.0 if q in PUBLISHED else COUNTS_LESS for q in names])
            found = taught(even, odd, y, is_odd, count, weight)
            out |= {f"{variant}.network.{name}": part for name, part in found.items()}
        return out

    def alphas(self, keeps: Sequence[Mask], *, anew: bool = False) -> list[dict[str, NDArray[Any]]]:
        """For each choice of fitting frames the arrays as they were had only those been fitted on.

        With `anew` the trust in each frame too is decided among those alone, as it is for people never seen.
        """
        kept = [keep[self.chosen] for keep in keeps]
        out: list[dict[str, NDArray[Any]]] = []
        for mine in kept:
            points = {k: v[mine] for k, v in self.arrays.items() if k.startswith("points.")}
            out.append({**self.arrays, **points})
        for key, (theta, trust) in self.fitted.items():
            variant, group = key.split(".")
            spread = self.arrays[f"{key}.spread"]
            y = np.stack([self.frames.changes[q] for q in GROUPS[group]], axis=1) / spread
            own, prior = ~self.frames.bulk, self._prior(variant, group, theta)
            settled: dict[bytes, Projected] = {}
            for arrays, keep, answer in zip(out, keeps, kept, strict=True):
                if own.all():
                    seen, part = keep, Projected.of(prior.among(keep, answer), theta)
                else:
                    # The trust in the bulk stays: one person among hundreds does not change it.
                    if (which := answer.tobytes()) not in settled:
                        whole = Projected.of(prior.among(np.ones_like(own), answer), theta)
                        settled[which] = whole.settled(own, trust, y)
                    seen, part = keep & own, settled[which].among(keep[own])
                weight = part.weighed(self._trust_before(key)[seen], y[seen]) if anew else trust[seen]
                arrays[f"{key}.alpha"] = part.solve(weight, y[seen]) * spread
        return out

    def apart(self, people: Sequence[str]) -> dict[str, dict[str, NDArray[Any]]]:
        """Person -> the arrays as they were without that person."""
        keeps = [self.frames.subject != person for person in people]
        return dict(zip(people, self.alphas(keeps, anew=True), strict=True))

    def without(self, apart: Mapping[str, Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        """What differs from the whole fit when one person is left out, whose frames then weigh nothing.

        Args:
            apart: of `apart`.
        """
        out: dict[str, NDArray[Any]] = {}
        for person, arrays in apart.items():
            keep = (self.frames.subject != person)[self.chosen]
            for key in self.fitted:
                alpha = np.zeros((len(keep), arrays[f"{key}.alpha"].shape[1]), np.float32)
                alpha[keep] = arrays[f"{key}.alpha"]
                out[f"{WITHOUT}.{person}.{key}.alpha"] = alpha
        return out
