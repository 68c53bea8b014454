"""Fit the side view's estimators: Gaussian processes on the registered pieces of the outline.

Each number that matters is a block of its own, with its own weight and length (automatic relevance determination);
edges and landmarks of which only the pattern counts are reduced to principal components. Which blocks a quantity
sees was chosen on training persons left out.

People of further data sets teach the same fit: projections and the kernels' numbers stay those of the training set
alone. Of each of them a fit without that person is kept, so that they can be judged. Very many further people (the
bulk) teach it, too, and the kernels' numbers; they are never judged, and none of their frames remains in the shipped
model. They alone teach the network beside the processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.kernel_fit import figures, fit_sd
from fitting.material import clips_of
from fitting.side_network import best_share, taught_beside, told_by
from fitting.sparse_process import SparseProcess, nearness_left_out
from posture_cv.coefficients.people import WITHOUT
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.side import FITTED, contour_usable, side_blocks
from posture_cv.measure.side_model import CONTOUR, LANDMARKS, NetworkBeside, Projection, mixed
from posture_cv.measure.types import View

Float = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]
Z_90: Final = 1.645
LEVELS: Final = np.arange(0.88, 0.951, 0.005)
SETS, PEOPLE_IN_SET, NEARLY = 2000, 4, 0.1
GROUPS_LEFT_OUT: Final = 6  # of people, for the printed figures
JITTER_NOISE: Final = (
    3.0  # variance of the noise of a person's frames, clean or jittered, where there are both
)
TUNING_PEOPLE: Final = 70  # of the bulk, from whom the kernels' numbers come, too: enough, and fast
BULK_NOISE: Final = 4.0  # likewise of the bulk's frames, chosen on training people left out


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of raw features (none: all), as they are or (`components`) reduced to principal components."""

    source: str
    columns: tuple[int, ...] = ()
    components: int = 0


def _each(name: str, source: str, count: int) -> dict[str, Block]:
    return {f"{name}{k}": Block(source, (k,)) for k in range(count)}


# By name: single numbers (gap0 = head against upper back, forward), whole sources, and patterns.
BLOCKS: Final[dict[str, Block]] = {
    **_each("gap", "gap", 3),
    **_each("thead", "thead", 3),
    **_each("back", "back", 2),
    **_each("slide", "slide", 2),
    **_each("low", "low", 3),
    **_each("fit", "fit", 4),
    **_each("arm", "arms", 12),
    **_each("face", "face", 6),
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
STILL: Final = (
    "shape",
    "still_points",
    "still_front",
)  # of the baseline: only their difference from the mean counts
IN_CM: Final = ("front", "rear")  # whole edges: their large movements count more
_POSE: Final = ("thead0", "thead1", "thead2", "back0", "back1")
_GAP: Final = ("gap0", "gap1", "gap2")
_LOW: Final = ("low0", "low1", "low2")
_SHOULDERS: Final = tuple(f"arm{k}" for k in (0, 6, 1, 7, 2, 8, 3, 9))  # x and y of both shoulders and elbows
_EAR_NOSE: Final = ("face2", "face5", "face0", "face3")
_TRUNK: Final = ("gap0", "gap1", "back0", "back1", *_LOW, "slide0", "slide1")
_FIRST = ("gap", "thead", "neck", "back", "fit", "rear", "throat", "faces", "marks", "shape")
_SECOND = (*_GAP, *_POSE, "neck", *_LOW, "front", "rear", *_EAR_NOSE, "shape")
# Variant -> groups of quantities and the blocks they see; quantities of several groups are averaged.
GROUPS: Final[dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]] = {
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


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Usable frames of one variant: raw features, residuals of the outline, person, true changes, clean or not.

    `choosing` are the frames of the first set's people, which decide how the fit is made, `bulk` those of very many
    people who only teach.
    """

    raw: dict[str, Float]
    quality: Float
    who: NDArray[np.str_]
    truth: dict[str, Float]
    clean: NDArray[np.bool_]
    choosing: NDArray[np.bool_]
    bulk: NDArray[np.bool_]

    def teaching(self) -> list[str]:
        """The people who teach and are judged, too, but do not decide."""
        return np.unique(self.who[~self.choosing & ~self.bulk]).tolist()


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


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How raw features become blocks: the projection of the model and each block's columns of it."""

    projection: Projection
    columns: dict[str, NDArray[np.intp]]


def plan(material: Material, blocks: Mapping[str, Block], chosen: NDArray[np.bool_]) -> Plan:
    """Scales and principal components of the chosen frames."""
    sources = tuple(dict.fromkeys(block.source for block in blocks.values()))
    clean = {source: material.raw[source][chosen] for source in sources}
    centre = {s: v.mean(axis=0) if s in STILL else np.zeros(v.shape[1]) for s, v in clean.items()}
    starts = dict(zip(sources, np.cumsum([0, *(v.shape[1] for v in clean.values())])[:-1], strict=True))
    rows = sum(v.shape[1] for v in clean.values())
    matrices, shares, columns, width = [], [], {}, 0
    for name, block in blocks.items():
        index = np.array(block.columns or range(clean[block.source].shape[1]))
        small = _components((clean[block.source] - centre[block.source])[:, index], block, raw=name in IN_CM)
        whole = np.zeros((rows, small.shape[1]))
        whole[starts[block.source] + index] = small
        matrices.append(whole)
        shares.append(np.full(small.shape[1], 1.0 / np.sqrt(small.shape[1])))
        columns[name] = np.arange(width, width + small.shape[1])
        width += small.shape[1]
    flat = np.concatenate([centre[s] for s in sources])
    return Plan(Projection(sources, flat, np.hstack(matrices), np.concatenate(shares)), columns)


def _components(x: Float, block: Block, *, raw: bool) -> Float:
    """(D, d) to unit root mean square; components of columns in cm (`raw`) or of columns of equal spread."""
    scale = np.ones(x.shape[1]) if raw else x.std(axis=0) + 1e-3
    matrix = np.eye(x.shape[1])
    if block.components:
        matrix = np.linalg.svd(x / scale, full_matrices=False)[2][: block.components].T / scale[:, None]
    return np.asarray(matrix / np.sqrt(((x @ matrix) ** 2).mean(axis=0) + 1e-12))


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Answers to the clean frames of people left out.

    Attributes:
        value: (M,) whose frames weigh how much was decided with the person at hand.
        inputs: (M, 5) what the uncertainty depends on.
        unseen: (M,) as of a person never seen.
    """

    value: Float
    inputs: Float
    unseen: Float

    @classmethod
    def mean(cls, parts: Sequence[_Judged]) -> _Judged:
        """Of several groups."""
        value, inputs, unseen = (
            np.mean([getattr(part, name) for part in parts], axis=0) for name in ("value", "inputs", "unseen")
        )
        return cls(value, inputs, unseen)

    def mixed(self, network: Float, part: float) -> _Judged:
        """With the network's (M,) answers, which saw none of these people, having this part."""
        value, unseen = (mixed(own, network, part) for own in (self.value, self.unseen))
        return _Judged(value, self.inputs, unseen)


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
        lines |= _fit_variant(arrays, variant, material, groups, (networks or {}).get(variant))
    return arrays, lines


def _fit_variant(
    arrays: Arrays,
    variant: str,
    material: Material,
    groups: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
    beside: NetworkBeside | None = None,
) -> dict[str, str]:
    seen = {name: BLOCKS[name] for _, blocks in groups for name in blocks}
    planned = plan(material, seen, material.clean & material.choosing)
    points = planned.projection({k: material.raw[k] for k in planned.projection.names})
    twice = np.isin(material.who, np.unique(material.who[~material.clean]))
    noise = np.where(material.bulk, BULK_NOISE, np.where(twice, JITTER_NOISE, 1.0))
    teaching = material.teaching()
    people = np.random.default_rng(5).permutation(np.unique(material.who[material.choosing]))
    groups_out = [*np.array_split(people, GROUPS_LEFT_OUT), *(np.array([person]) for person in teaching)]
    answers: dict[str, list[_Judged]] = {}
    for number, (names, blocks) in enumerate(groups):
        y = np.stack([material.truth[name] for name in names], axis=1)
        scale = y[material.clean & material.choosing].std(axis=0)
        process = _process(material, {b: points[:, planned.columns[b]] for b in blocks}, noise, y / scale)
        columns = np.concatenate([planned.columns[b] for b in blocks])
        _store(arrays, f"{variant}.{number}", process, (names, columns, scale))
        for person in teaching:
            rest, kept = process.without([person], noise), material.who[material.clean] != person
            arrays |= {
                f"{WITHOUT}.{person}.{variant}.{number}.{what}": value
                for what, value in _without(rest, kept, scale).items()
            }
        value, inputs = _left_out(process, material, scale)
        unseen = process.unseen(noise, groups_out) * scale
        for k, name in enumerate(names):
            answers.setdefault(name, []).append(_Judged(value[:, k], inputs, unseen[:, k]))
    arrays |= {
        f"{variant}.blocks": np.array(planned.projection.names),
        f"{variant}.centre": planned.projection.centre,
        f"{variant}.matrix": planned.projection.matrix,
        f"{variant}.share": planned.projection.share,
        f"{variant}.points": points[material.clean].astype(np.float32),
        f"{variant}.groups": np.array(len(groups)),
    }
    means = {name: _Judged.mean(parts) for name, parts in answers.items()}
    if beside is None and material.bulk.any():
        beside = _network(arrays, variant, material, seen, means)
    told = told_by(beside, {name: block[material.clean] for name, block in material.raw.items()})
    lines: dict[str, str] = {}
    for name, judged in means.items():
        whole = judged.mixed(*told[name]) if name in told else judged
        lines |= _judge(arrays, variant, name, whole, material)
    return lines


def _network(
    arrays: Arrays,
    variant: str,
    material: Material,
    seen: Mapping[str, Block],
    answers: Mapping[str, _Judged],
) -> NetworkBeside:
    """Teach the network beside the processes and choose its shares, which go into the arrays, too.

    Args:
        arrays, variant: where to.
        material: frames.
        seen: the blocks that the processes see.
        answers: quantity -> the processes'.
    """
    clean, own = material.clean, material.clean & material.choosing
    each = {name: block for name, block in EACH.items() if block.source in material.raw}
    projection = plan(material, {**seen, **each}, material.bulk).projection
    taught = taught_beside(
        projection,
        {name: block[material.bulk] for name, block in material.raw.items()},
        {name: material.truth[name][material.bulk] for name in answers},
    )
    arrays |= {f"{variant}.network.{key}": array for key, array in taught.items()}
    arrays[f"{variant}.network.part"] = np.ones(len(answers))
    beside = NetworkBeside.from_arrays(arrays, variant)
    assert beside is not None
    told = beside.answers({name: block[own] for name, block in material.raw.items()})
    parts = [
        best_share(answer.unseen[own[clean]], told[:, k], material.truth[name][own])
        for k, (name, answer) in enumerate(answers.items())
    ]
    arrays[f"{variant}.network.part"] = np.array(parts)
    return replace(beside, part=np.array(parts))


def _process(material: Material, points: dict[str, Float], noise: Float, y: Float) -> SparseProcess:
    """The kernel's numbers from the frames that decide, then what all frames teach.

    Where there is a bulk, they come from the frames that decide alone or with some of the bulk, whichever errs less on
    persons left out: not every quantity gains.
    """
    some = np.isin(material.who, np.unique(material.who[material.bulk])[:TUNING_PEOPLE])
    choices = []
    for own in (material.choosing, material.choosing | some) if some.any() else (material.choosing,):
        chosen = {name: block[own] for name, block in points.items()}
        likely = (some | material.clean)[own]
        first = SparseProcess.of(chosen, material.who[own], material.clean[own], noise[own], y[own], likely)
        first.fit()
        if own.all():
            return first
        whole = SparseProcess(points, material.who, material.clean, noise, y, first.theta)
        whole.weigh()
        choices.append(whole)
    return min(choices, key=lambda whole: whole.loss(whole.theta))


def _store(
    arrays: Arrays, key: str, process: SparseProcess, about: tuple[tuple[str, ...], NDArray[np.intp], Float]
) -> None:
    """Put one group's arrays as `posture_cv.measure.side_model` reads them."""
    names, columns, scale = about
    arrays[f"{key}.names"], arrays[f"{key}.columns"] = np.array(names), columns.astype(np.int32)
    arrays[f"{key}.r"] = process.parts(process.theta)[1]
    arrays[f"{key}.alpha"], arrays[f"{key}.linear"] = _weights(process, scale)


def _weights(process: SparseProcess, scale: Float) -> tuple[Float, Float]:
    """Of the exponential part (M, T) and of the linear part (c, T)."""
    a, _, s, _ = process.parts(process.theta)
    weights = process.weights() * scale
    return weights * s**2, a[:, None] ** 2 * (process.columns[process.clean].T @ weights)


def _without(rest: SparseProcess, kept: NDArray[np.bool_], scale: Float) -> Arrays:
    """What differs from the whole fit when a person is left out, whose frames then weigh nothing.

    Args:
        rest: the process without that person.
        kept: (M,) whether a clean frame of the whole fit is another person's.
        scale: (T,) of the answers.
    """
    part, linear = _weights(rest, scale)
    alpha = np.zeros((len(kept), part.shape[1]))
    alpha[kept] = part
    return {"alpha": alpha, "linear": linear}


def _left_out(process: SparseProcess, material: Material, scale: Float) -> tuple[Float, Float]:
    """Values and uncertainty inputs of the clean frames, each without its own person."""
    x = process.columns[process.clean]
    inputs = np.ones((len(x), 5))
    inputs[:, 1] = 0.5 * np.log1p((x * x).sum(axis=1))
    inputs[:, 2] = np.sqrt(nearness_left_out(process))
    inputs[:, 3:] = material.quality[material.clean]
    return process.left_out(process.theta)[process.clean] * scale, inputs


def _judge(arrays: Arrays, variant: str, name: str, judged: _Judged, material: Material) -> dict[str, str]:
    """Fit the answer's uncertainty to its errors on persons left out; figures of persons never seen."""
    value, inputs, unseen = judged.value, judged.inputs, judged.unseen
    truth, who = material.truth[name][material.clean], material.who[material.clean]
    own = material.choosing[material.clean]
    weights = arrays[f"{variant}.sd.{name}"] = _uncertainty(value - truth, inputs, who)
    for person in material.teaching():
        rest = who != person
        without = _uncertainty((value - truth)[rest], inputs[rest], who[rest])
        arrays[f"{WITHOUT}.{person}.{variant}.sd.{name}"] = without
    sd = np.exp(inputs @ weights)
    lines = {f"{variant} {name}": figures(unseen[own], truth[own], sd[own])}
    if not own.all():
        lines[f"also {variant} {name}"] = figures(unseen[~own], truth[~own], sd[~own])
    return lines


def _uncertainty(error: Float, inputs: Float, who: NDArray[np.str_]) -> Float:
    """(5,) weights of log sd, so wide as most small groups of people need it."""
    weights = fit_sd(error, inputs)
    ratio = np.abs(error) / np.exp(inputs @ weights)
    weights[0] += np.log(np.quantile(ratio, best_level(ratio, who)) / Z_90)
    return weights


def best_level(ratio: Float, who: NDArray[np.str_]) -> float:
    """The quantile that, taken as the bound of 90 % intervals, keeps most small groups of people within 85-95 %.

    A person's error is in part the same in all frames, so that a level that is right for all training people
    together is missed by many sets of four. Of levels that are nearly as good, the widest: an interval that is too
    narrow misleads.

    Args:
        ratio: |error| in stated standard deviations, of people left out.
        who: the person of each.
    """
    people = np.unique(who)
    groups = np.random.default_rng(4).permuted(np.tile(people, (SETS, 1)), axis=1)[:, :PEOPLE_IN_SET]
    index = np.searchsorted(people, groups)
    kept = []
    for level in LEVELS:
        inside = ratio <= np.quantile(ratio, level)
        share = np.array([[inside[who == p].sum(), (who == p).sum()] for p in people])
        covered = share[index, 0].sum(axis=1) / share[index, 1].sum(axis=1)
        kept.append(float(((covered >= 0.85) & (covered <= 0.95)).mean()))
    return float(LEVELS[np.flatnonzero(np.array(kept) >= max(kept) - NEARLY)[-1]])
