"""Random postures of a person's frames, spread as in the shared set.

Ranges and shares were read off the shared truth's `params`, segment by segment: upright frames scatter a little about
a person's own posture, about a third of the others change one quantity, the rest two or more at once. After them come
a few key postures, as people take them, and some that go farther than any of the shared set: people slide down in their
chairs, lean far back, sit up tall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from rendering.posing import Posture

CALIBRATION: Final = {"front": 6, "side": 4, "oblique": 6}
"""Upright frames of a view."""
MULTI: Final = {"front": 20, "side": 10, "oblique": 12}
"""Frames of a view in which several quantities change."""
SINGLES_FRONT: Final = ("loss", "loss", "pitch", "protract", "slump", "elevate", "lean", "tz")
SINGLES_FRONT_TWO_OF: Final = ("roll", "lateral", "yaw")
SINGLES_SIDE: Final = (("loss", "loss", "slump", "elevate"), ("loss", "pitch", "protract", "lean"))
"""What changes alone, a frame each; from the side people get one half or the other."""
SCATTER: Final = {
    "cva": 0.6, "head_pitch": 1.2, "head_yaw": 1.6, "head_roll": 1.0, "protract": 0.5, "protract_asym": 0.75,
    "elevate": 0.4, "elevate_asym": 0.58, "slump": 0.7, "lean": 0.5, "trunk_yaw": 1.15, "lateral": 0.4,
    "tx": 0.005, "tz": 0.004,
}  # fmt: skip
"""Standard deviations about the upright posture, in the units of `Posture`."""
SHARES: Final = {
    "loss": 0.45, "pitch": 0.42, "yaw": 0.3, "roll": 0.27, "protract": 0.45, "elevate": 0.43, "slump": 0.47,
    "lean": 0.48, "lateral": 0.34, "tz": 0.48,
}  # fmt: skip
"""How often each is changed among several, as counted in the shared set; `loss` is of the craniovertebral angle."""
RANGES: Final = {
    "pitch": ("head_pitch", -11.0, 33.5),
    "yaw": ("head_yaw", -15.5, 15.5),
    "roll": ("head_roll", -8.0, 8.0),
    "protract": ("protract", 4.0, 16.0),
    "elevate": ("elevate", 3.3, 12.0),
    "lateral": ("lateral", -7.5, 7.5),
    "tz": ("tz", -0.115, 0.115),
}
"""By how much the parameters of a kind change, evenly, in the units of `Posture`."""
FORWARD_DEG: Final = 12.0
"""Of the craniovertebral angle, a forward head whose face is changed: clearly one, ours."""
LOSS_DEG: Final = (6.0, 22.0)
PROTRUDED: Final = 0.36
PROTRUDE_CM: Final = (1.0, 2.0)
"""Of the frames with a loss this share has the head moved forward without sinking, too."""
SLUMP_DEG: Final = (8.5, 30.0)
SLUMP_LOSS: Final = 0.19
"""Degrees of the craniovertebral angle lost a degree of slump."""
LEAN_DEG: Final = (-10.0, 14.0)
LEAN_LOSS: Final = (0.9, 0.55)
"""Likewise a degree of leaning back and forward."""
KEYS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "text_neck": {"head_pitch": (27.0, 36.0), "cva": (-27.0, -20.0)},
    "rounded": {"protract": (5.0, 16.0), "slump": (0.0, 6.0)},
    "slump": {"slump": (28.0, 33.0), "cva": (-8.0, -4.5), "protract": (2.0, 5.0)},
    "slump_rounded": {"slump": (21.0, 27.0), "cva": (-17.0, -12.0), "protract": (7.0, 11.5)},
    "look_down": {"head_pitch": (18.0, 29.0), "cva": (-7.0, -3.0)},
    "lean_in": {"lean": (9.0, 13.0), "tz": (0.0, 0.03)},
    "shrug": {"elevate": (9.0, 13.0)},
    "chair": {"tz": (-0.13, 0.13)},
    "recline": {"lean": (-10.5, -7.0)},
    "head_turn": {"head_yaw": (18.0, 38.0)},
    "lateral_lean": {"lateral": (-9.5, 9.5), "head_roll": (-5.0, 5.0)},
    "shrug_one_side": {"elevate": (5.0, 7.0), "elevate_asym": (5.0, 7.0)},
    "trunk_turn": {"trunk_yaw": (10.0, 21.5), "head_yaw": (2.0, 8.0)},
    "forward_head": {"cva": (-22.0, -4.0)},
}
"""Key postures: what is added, evenly, in the units of `Posture`, spread somewhat wider than in the shared key set."""
KEYS_SEEN: Final = {"front": (6, 13), "side": (3, 7), "oblique": (8, 13)}
"""How many of them a person shows, among the first so many."""
KEYS_ALWAYS: Final = {"front": (), "side": (), "oblique": ("forward_head",) * 4}
"""What everybody shows beside these: obliquely there are no shared people to learn a forward head from."""
FAR: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "slid_down": {"lean": (-24.0, -6.0), "slump": (5.0, 35.0), "ty": (-0.1, -0.02), "tz": (-0.1, 0.12)},
    "collapsed": {"slump": (25.0, 45.0), "cva": (-26.0, -6.0), "protract": (0.0, 18.0), "ty": (-0.05, 0.0)},
    "leaning_far": {"lean": (12.0, 26.0), "tz": (-0.05, 0.12)},
    "tall": {"slump": (-8.0, 0.0), "cva": (0.0, 8.0), "ty": (0.0, 0.05)},
    "chair_far": {"tz": (-0.35, 0.2), "ty": (-0.04, 0.04)},
    "head_far": {"cva": (-32.0, -14.0)},
    "bent_far": {"head_pitch": (-20.0, 46.0)},
    "shoulders_far": {"elevate": (-3.0, 16.0), "protract": (-4.0, 20.0)},
    "sideways_far": {"lateral": (-15.0, 15.0), "head_roll": (-12.0, 12.0)},
}
"""Likewise, what people do beyond that: ours, so that little of what a camera sees all day lies outside what was
learned. One or two of them meet in a frame."""
FAR_SEEN: Final = {"front": 8, "side": 4, "oblique": 4}
"""Frames of a view."""
EITHER_SIDE: Final = {
    "head_turn": ("head_yaw",),
    "shrug_one_side": ("elevate_asym",),
    "trunk_turn": ("trunk_yaw",),
}
"""What goes to the left or to the right."""


def postures(view: str, upright: Posture, rng: np.random.Generator) -> Iterator[tuple[str, Posture]]:
    """Segment and posture of each frame of a person in a view: front, side or oblique."""
    for _ in range(CALIBRATION[view]):
        yield "calibration", _at_rest(upright, rng)
    for kind in _singles(view, rng):
        yield f"single_{kind}", _changed(_at_rest(upright, rng), kind, rng, alone=True)
    for _ in range(MULTI[view]):
        yield "multi", _multi(upright, rng)
    seen, among = KEYS_SEEN[view]
    for kind in (*rng.choice(list(KEYS)[:among], seen, replace=False).tolist(), *KEYS_ALWAYS[view]):
        yield f"key_{kind}", _key(_at_rest(upright, rng), KEYS[kind], kind, rng)
    for _ in range(FAR_SEEN[view]):
        p = _at_rest(upright, rng)
        kinds = rng.choice(list(FAR), int(rng.integers(1, 3)), replace=False).tolist()
        for kind in kinds:
            p = _key(p, FAR[kind], kind, rng)
        yield f"far_{'_and_'.join(kinds)}", p


def _key(
    p: Posture, added: Mapping[str, tuple[float, float]], kind: str, rng: np.random.Generator
) -> Posture:
    """The posture with what a key posture adds."""
    side = float(rng.choice([-1.0, 1.0]))
    for name, (low, high) in added.items():
        sign = side if name in EITHER_SIDE.get(kind, ()) else 1.0
        p = replace(p, **{name: getattr(p, name) + sign * rng.uniform(low, high)})
    return replace(p, mode="rel", rel=1.0) if "lean" in added else p


def before_a_face(
    upright: Posture, rng: np.random.Generator, several: int = 0
) -> Iterator[tuple[str, Posture]]:
    """Segment and posture of a person whose face is then changed: upright frames, then some to judge.

    Those are an upright one and a forward head, or with `several` an upright one and so many others.
    """
    for _ in range(CALIBRATION["front"]):
        yield "calibration", _at_rest(upright, rng)
    yield "upright", _at_rest(upright, rng)
    if not several:
        yield "forward", replace(_at_rest(upright, rng), cva=upright.cva - FORWARD_DEG)
    for _ in range(several):
        yield "multi", _multi(upright, rng)


def _multi(upright: Posture, rng: np.random.Generator) -> Posture:
    """Several quantities changed, each as often as in the shared set."""
    kinds = [kind for kind, share in SHARES.items() if rng.random() < share]
    while len(kinds) < 2:
        kinds = sorted({*kinds, str(rng.choice(list(SHARES)))})
    p = _at_rest(upright, rng)
    for kind in kinds:
        p = _changed(p, kind, rng, alone=False)
    return p


def _singles(view: str, rng: np.random.Generator) -> list[str]:
    """What changes alone, a frame each."""
    if view != "side":
        two = sorted(rng.choice(SINGLES_FRONT_TWO_OF, 2, replace=False).tolist())
        return [*SINGLES_FRONT, *two]
    return list(SINGLES_SIDE[int(rng.integers(2))])


def _at_rest(p: Posture, rng: np.random.Generator) -> Posture:
    """The upright posture with the scatter of calibration frames."""
    return replace(p, **{name: getattr(p, name) + float(rng.normal(0.0, sd)) for name, sd in SCATTER.items()})


def _changed(p: Posture, kind: str, rng: np.random.Generator, *, alone: bool) -> Posture:
    """The posture with one quantity changed; `alone` says that it is the only one."""
    if kind in RANGES:
        name, low, high = RANGES[kind]
        return replace(p, **{name: getattr(p, name) + rng.uniform(low, high)})
    if kind == "loss":
        p = replace(p, cva=p.cva - rng.uniform(*LOSS_DEG))
        return replace(p, protrude=rng.uniform(*PROTRUDE_CM)) if rng.random() < PROTRUDED else p
    if kind == "slump":
        slump = rng.uniform(*SLUMP_DEG)
        return replace(p, slump=p.slump + slump, cva=p.cva - SLUMP_LOSS * slump)
    lean = rng.uniform(*LEAN_DEG)
    p = replace(p, lean=p.lean + lean, cva=p.cva - LEAN_LOSS[lean > 0] * lean)
    # alone, the neck goes along with the trunk
    return replace(p, mode="rel", rel=1.0) if alone else p
