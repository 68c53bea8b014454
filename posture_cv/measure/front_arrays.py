"""How the shipped arrays become the front view's model. `tools/fitting/front.py` makes the arrays.

Of M fitting frames, for each variant V of what was seen and each group G of T quantities (`front_groups`):

- `mesh` (468, 3, K): the matrix of `MeshAxes`; `camera_pitch` (6,): see `camera_stand`;
- `project.even`, `project.odd`: matrices from the picture's columns to the projected ones (`front_columns`);
  `room.even` (12,), `room.odd` (3,): what the room's are multiplied with;
- `points.even`, `points.odd`: the fitting frames' projected columns of the picture; `points.V.even`, `points.V.odd`: of
  the room as a variant sees it;
- `V.G.weights` (2, blocks), `V.G.s`, `V.G.alpha` (M, T): a and r of each block, and the rest of `KernelWeights`;
  `V.G.spread` (T,) and `V.G.sd` (T, 8): see `FrontModel`;
- `V.share`, `V.reach`: likewise, of all quantities of a variant; `V.network.…`: see `MirrorNetwork.from_arrays`.

What else is there the fit has written down for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.types import Float32
from posture_cv.measure.expression import Expression
from posture_cv.measure.front_columns import (
    EVEN_BLOCKS,
    EVEN_WIDTHS,
    ODD_BLOCKS,
    ODD_WIDTHS,
    ROOM_EVEN,
    ROOM_ODD,
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
    used_blocks,
)
from posture_cv.measure.front_model import Beside, FrontModel, Stage
from posture_cv.measure.front_reference import MeshAxes
from posture_cv.measure.later import Later
from posture_cv.measure.mirror_kernel import ColumnProjection, KernelWeights, MirrorKernels
from posture_cv.measure.mirror_network import MirrorNetwork
from posture_cv.measure.types import Float

EXPRESSION: Final = "expression"
"""What the names of the arrays of an `Expression` begin with."""


def front_model(arrays: Mapping[str, Any]) -> FrontModel:
    """Make the shipped arrays ready for use, each variant when it is first asked for; so keep the result."""
    projections = {
        side: ColumnProjection.of(
            np.asarray(arrays[f"project.{side}"], np.float64), [widths[name] for name, _ in blocks]
        )
        for side, blocks, widths in (("even", EVEN_BLOCKS, EVEN_WIDTHS), ("odd", ODD_BLOCKS, ODD_WIDTHS))
    }
    rooms = {
        side: ColumnProjection.of(np.diag(np.asarray(arrays[f"room.{side}"], np.float64)), [1] * len(names))
        for side, names in (("even", ROOM_EVEN), ("odd", ROOM_ODD))
    }
    variants = VARIANTS.values()
    axes = MeshAxes(
        np.asarray(arrays["mesh"], np.float64), int(arrays["mesh"].shape[2]) // 2, expression_of(arrays)
    )
    return FrontModel(
        axes=axes,
        even=projections["even"],
        odd=projections["odd"],
        even_room=rooms["even"],
        odd_room=rooms["odd"],
        camera_pitch=np.asarray(arrays["camera_pitch"], np.float64),
        first=Later(WITH_FACE, lambda v: stage_of(arrays, v, ("face",))),
        then=Later(variants, lambda v: stage_of(arrays, v, tuple(g for g in groups_of(v) if g != "face"))),
        beside=Later(variants, lambda v: beside_of(arrays, v)),
        spread={v: _joined(arrays, v, "spread") for v in variants},
        sd={v: np.ascontiguousarray(_joined(arrays, v, "sd").T) for v in variants},
        share={v: np.asarray(arrays[f"{v}.share"], np.float64) for v in variants},
        reach={v: np.asarray(arrays[f"{v}.reach"], np.float64) for v in variants},
    )


def expression_of(arrays: Mapping[str, Any]) -> Expression:
    """The face's own movements, where the arrays hold any: they are fitted apart and shipped in a file of their own."""
    names = ("read", "moves", "most")
    if f"{EXPRESSION}.read" not in arrays:
        return Expression.none()
    return Expression.from_arrays({name: arrays[f"{EXPRESSION}.{name}"] for name in names})


def _joined(arrays: Mapping[str, Any], variant: str, what: str) -> Float:
    return np.concatenate(
        [np.asarray(arrays[f"{variant}.{g}.{what}"], np.float64) for g in groups_of(variant)]
    )


def points_of(arrays: Mapping[str, Any], variant: str) -> tuple[Float32, Float32]:
    """(M, D) all even and odd columns of the fitting frames as a variant sees them."""
    even, odd = (
        np.hstack([arrays[f"points.{side}"], arrays[f"points.{variant}.{side}"]]).astype(np.float32)
        for side in ("even", "odd")
    )
    return even, odd


def beside_of(arrays: Mapping[str, Any], variant: str) -> Beside:
    """The networks of a variant."""
    is_odd = np.array([group in ODD_GROUPS for group in groups_of(variant) for _ in GROUPS[group]])
    return Beside(*network_columns(variant), MirrorNetwork.from_arrays(arrays, f"{variant}.network", is_odd))


def stage_of(arrays: Mapping[str, Any], variant: str, groups: tuple[str, ...]) -> Stage:
    """One stage of a variant."""
    even, odd = used_blocks(variant, groups)
    columns = columns_of(even, EVEN_WIDTHS), columns_of(odd, ODD_WIDTHS)
    weights = [_weights(arrays, variant, g, even, odd) for g in groups]
    # A fit without a person: that person's frames weigh nothing, and are none that a frame could be near to.
    weighing = np.any([(w.alpha != 0.0).any(axis=1) for w in weights], axis=0)
    weights = [replace(w, alpha=w.alpha[weighing]) for w in weights]
    points = [part[weighing] for part in points_of(arrays, variant)]
    kernels = MirrorKernels.build(points[0][:, columns[0]], points[1][:, columns[1]], weights)
    places = [(k, j) for k, g in enumerate(groups) for j in range(len(GROUPS[g]))]
    group, place = np.array(places, np.intp).T
    at = group * kernels.alpha.shape[2] + place
    moving = [b for b in (*even, *odd) if not b.startswith("camera")]
    shares = _by_column(dict.fromkeys(moving, 1.0 / len(moving)), even, odd)
    names = tuple(q for g in groups for q in GROUPS[g])
    return Stage(
        names, *columns, kernels, group, at, (shares[0].astype(np.float32), shares[1].astype(np.float32))
    )


def _weights(
    arrays: Mapping[str, Any], variant: str, group: str, even: tuple[str, ...], odd: tuple[str, ...]
) -> KernelWeights:
    """A group's weights on the stage's columns, 0 on blocks it does not read; arrays hold a and r of each it does."""
    key = f"{variant}.{group}"
    known = [b for part in blocks_of(variant, group) for b in part]
    a, r = (dict(zip(known, part, strict=True)) for part in np.asarray(arrays[f"{key}.weights"], np.float64))
    alpha, s = np.asarray(arrays[f"{key}.alpha"], np.float64), float(arrays[f"{key}.s"])
    return KernelWeights(
        _by_column(a, even, odd), _by_column(r, even, odd), s, alpha, is_odd=group in ODD_GROUPS
    )


def _by_column(
    values: Mapping[str, float], even: tuple[str, ...], odd: tuple[str, ...]
) -> tuple[Float, Float]:
    """(De,) and (Do,) the value of its block for each column of some blocks; 0 where a block has none."""
    first, second = (
        np.repeat([values.get(b, 0.0) for b in blocks], [widths[b] for b in blocks])
        for blocks, widths in ((even, EVEN_WIDTHS), (odd, ODD_WIDTHS))
    )
    return first, second
