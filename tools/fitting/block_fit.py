"""Fit estimators on blocks of features (`posture_cv.measure.block_model`): Gaussian processes, networks beside.

Each number that matters is a block of its own, with its own weight and length (automatic relevance determination);
edges and landmarks of which only the pattern counts are reduced to principal components.

People of further data sets teach the same fit: projections and the kernels' numbers stay those of the people who decide
(the training set's; obliquely some of the rendered). Of each of them a fit without that person is kept, so that they
can be judged. Very many further people (the bulk) teach it, too, and the kernels' numbers; they are never judged, and
none of their frames remains in the shipped model. They alone teach the network beside the processes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.network_beside import best_share, taught_beside, told_by
from fitting.sparse_process import SparseProcess, nearness_left_out
from fitting.uncertainty import figures, fit_sd
from posture_cv.coefficients.people import WITHOUT
from posture_cv.measure.block_model import BlockProjection, NetworkBeside, mixed

Float = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]
Groups = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]
"""Quantities and the blocks they see; quantities of several groups are averaged."""
Z_90: Final = 1.645
LEVELS: Final = np.arange(0.88, 0.951, 0.005)
SETS, PEOPLE_IN_SET, NEARLY = 2000, 4, 0.1
GROUPS_LEFT_OUT: Final = 6  # of people, for the printed figures
JITTER_NOISE: Final = (
    3.0  # variance of the noise of a person's frames, clean or jittered, where there are both
)
BULK_NOISE: Final = 4.0  # likewise of the bulk's frames, chosen on training people left out


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of raw features (none: all), as they are or (`components`) reduced to principal components."""

    source: str
    columns: tuple[int, ...] = ()
    components: int = 0


def each(name: str, source: str, count: int) -> dict[str, Block]:
    """A block for each of the first so many columns of a source, by name and number."""
    return {f"{name}{k}": Block(source, (k,)) for k in range(count)}


@dataclass(frozen=True, slots=True)
class Scheme:
    """How the features of a view become blocks.

    Attributes:
        blocks: by name.
        each: what the network sees besides all that the processes see: each number as it is.
        still: sources that are of the baseline: only their difference from the mean counts.
        in_cm: whole edges, whose large movements count more.
        tuning_people: so many of the bulk have a say in the kernels' numbers.
        known_noise: variance of the noise of people who teach and do not decide, against 1 of those who do.
    """

    blocks: Mapping[str, Block]
    each: Mapping[str, Block]
    still: Collection[str] = ()
    in_cm: Collection[str] = ()
    tuning_people: int = 0
    known_noise: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Usable frames of one variant: raw features, residuals of the outline, person, true changes, clean or not.

    `choosing` are the frames of the people who decide how the fit is made, `bulk` those of very many who only teach.
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


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How raw features become blocks: the projection of the model and each block's columns of it."""

    projection: BlockProjection
    columns: dict[str, NDArray[np.intp]]


def plan(material: Material, scheme: Scheme, blocks: Mapping[str, Block], chosen: NDArray[np.bool_]) -> Plan:
    """Scales and principal components of the chosen frames."""
    sources = tuple(dict.fromkeys(block.source for block in blocks.values()))
    clean = {source: material.raw[source][chosen] for source in sources}
    centre = {s: v.mean(axis=0) if s in scheme.still else np.zeros(v.shape[1]) for s, v in clean.items()}
    starts = dict(zip(sources, np.cumsum([0, *(v.shape[1] for v in clean.values())])[:-1], strict=True))
    rows = sum(v.shape[1] for v in clean.values())
    matrices, shares, columns, width = [], [], {}, 0
    for name, block in blocks.items():
        index = np.array(block.columns or range(clean[block.source].shape[1]))
        small = _components(
            (clean[block.source] - centre[block.source])[:, index], block, raw=name in scheme.in_cm
        )
        whole = np.zeros((rows, small.shape[1]))
        whole[starts[block.source] + index] = small
        matrices.append(whole)
        shares.append(np.full(small.shape[1], 1.0 / np.sqrt(small.shape[1])))
        columns[name] = np.arange(width, width + small.shape[1])
        width += small.shape[1]
    flat = np.concatenate([centre[s] for s in sources])
    return Plan(BlockProjection(sources, flat, np.hstack(matrices), np.concatenate(shares)), columns)


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


def fit_variant(
    arrays: Arrays,
    variant: str,
    material: Material,
    scheme: Scheme,
    groups: Groups,
    beside: NetworkBeside | None = None,
) -> dict[str, str]:
    """Fit one variant, what is seen, into the arrays; for each quantity a line of figures on persons left out.

    Args:
        arrays, variant: where to.
        material: frames.
        scheme, groups: what of them is read.
        beside: stands beside the processes as it is; none is taught then. Otherwise the bulk teaches one.
    """
    seen = {name: scheme.blocks[name] for _, blocks in groups for name in blocks}
    planned = plan(material, scheme, seen, material.clean & material.choosing)
    points = planned.projection({k: material.raw[k] for k in planned.projection.names})
    twice = np.isin(material.who, np.unique(material.who[~material.clean]))
    teaching = material.teaching()
    own = np.where(np.isin(material.who, teaching), scheme.known_noise, 1.0)
    noise = np.where(material.bulk, BULK_NOISE, np.where(twice, JITTER_NOISE, own))
    people = np.random.default_rng(5).permutation(np.unique(material.who[material.choosing]))
    groups_out = [*np.array_split(people, GROUPS_LEFT_OUT), *(np.array([person]) for person in teaching)]
    answers: dict[str, list[_Judged]] = {}
    for number, (names, blocks) in enumerate(groups):
        y = np.stack([material.truth[name] for name in names], axis=1)
        scale = y[material.clean & material.choosing].std(axis=0)
        mine = {b: points[:, planned.columns[b]] for b in blocks}
        process = _process(material, mine, noise, y / scale, scheme.tuning_people)
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
        beside = _network(arrays, variant, material, scheme, (seen, means))
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
    scheme: Scheme,
    known: tuple[Mapping[str, Block], Mapping[str, _Judged]],
) -> NetworkBeside:
    """Teach the network beside the processes and choose its shares, which go into the arrays, too.

    Args:
        arrays, variant: where to.
        material: frames.
        scheme: of the view.
        known: the blocks that the processes see, and quantity -> their answers.
    """
    seen, answers = known
    clean, own = material.clean, material.clean & material.choosing
    each = {name: block for name, block in scheme.each.items() if block.source in material.raw}
    projection = plan(material, scheme, {**seen, **each}, material.bulk).projection
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


def _process(
    material: Material, points: dict[str, Float], noise: Float, y: Float, tuning_people: int
) -> SparseProcess:
    """The kernel's numbers from the frames that decide, then what all frames teach.

    Where there is a bulk, they come from the frames that decide alone or with some of the bulk, whichever errs less on
    persons left out: not every quantity gains.
    """
    some = np.isin(material.who, np.unique(material.who[material.bulk])[:tuning_people])
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
    """Put one group's arrays as `posture_cv.measure.block_model` reads them."""
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
