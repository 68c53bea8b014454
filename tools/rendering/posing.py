"""Seats a body at a desk and bends it by a few parameters: forward kinematics and linear blend skinning.

Rotations of a bone are given about world axes and act on what hangs from it; the body in rest stands upright, looks
along z and holds its arms obliquely down. Which bones turn by how much was read off the truth of the shared set:
what moves where, per degree of each parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy import sparse
from scipy.spatial.transform import Rotation

from rendering.assets import Bone, Float

ROOT: Final = "root"
HEAD: Final = "head"
SIDES: Final = {"L": 1.0, "R": -1.0}
"""Sides and the sign of x on them."""
REST_PITCH_DOWN_DEG: Final = 5.8
"""Pitch of the head in rest: the mean of the shared people's calibration frames."""
PROTRACT_GAIN: Final = 1.17
"""The collar bone turns by this much more than the parameter says, so that the acromion moves 21 cm times its sine."""
SLUMP_SHARES: Final = {ROOT: -0.607, "spine03": 0.403, "spine02": 0.744}
"""A slump bends the upper spine and lets the pelvis roll back, in this part of its degrees."""
NECK_SHARES: Final = {"neck01": 0.5, "neck02": 0.5}
HEAD_JOINT_CM: Final = np.array([0.0, 0.34, -1.43])
"""Where the neck bends, and the head's pivot from the rig's: fitted to how far heads sink in the shared truth as they
come forward and pitch."""
HAND_X_CM: Final = 10.0
HAND_AHEAD_CM: Final = 33.1
"""Wrists from the middle, and ahead of the shoulder joints."""
HAND_HEIGHT: Final = (0.703, 0.164, -4.64)
"""Height of the wrists, cm: these times the heights of shoulders and hips, plus the last; a line through the truth."""
ELBOW_OUT: Final = np.array([0.45, -1.0, -0.35])
"""Which way the left elbow points from the line between shoulder and wrist; tried against the truth."""
NECK_LIMITS_DEG: Final = (-5.0, 36.0)
NECK_LIMIT_PER_SLUMP: Final = 0.5
"""Beyond which bends of the neck, from the upright one, no craniovertebral angle is looked for: read off the shared
frames that miss theirs. A slump of so many degrees lets the neck extend by this times as many more."""
SEARCHED_DEG: Final = (-40.0, 60.0)
"""Bends between which the upright one is looked for, ours."""
NECK_OF_LEAN_DEG: Final = (2.6, -0.18)
"""In the mode "rel": bend of the neck from the upright one, and that a degree of leaning forward, as read off there."""
REACH_AT_MOST: Final = 0.999
"""Of the arm's length: a stretched arm keeps an elbow."""
FOREARM_TWIST: Final = 0.7
"""The part of the hand's turn about the forearm that lies in its lower half, ours."""
HAND_ALONG: Final = np.array([0.1, -0.12, 1.0])
HAND_ACROSS: Final = np.array([1.0, 0.1, 0.1])
"""How the right hand lies on the desk, ours: where fingers point, and the way from the little to the index finger."""
THIGH_ALONG: Final = np.array([0.22, -0.08, 1.0])
"""Direction of the left thigh, ours: outward, a little down, forward."""


@dataclass(frozen=True)
class Posture:
    """A posture by the shared set's `params`; degrees, forward, up and to the person's left positive.

    `cva` is aimed at by bending the neck, or with `mode` "rel" the neck almost keeps the bend of the upright posture.
    `head_pitch` is down positive, `head_roll` to the right shoulder. `protract` and `elevate` turn both collar bones,
    `..._asym` the left one more and the right one less. `slump` bends the upper spine, `lean`, `lateral` and
    `trunk_yaw` turn the trunk about the hips. `protrude` (cm) moves the head forward at the height it has; `tx`, `ty`,
    `tz` (m) shift the chair. `neck_add`, `hands`, `handmix` and `handfollow` stand there, too, and move nothing here:
    hands lie at the keyboard; `rel` is 1 with that mode.
    """

    cva: float = 54.0
    head_pitch: float = REST_PITCH_DOWN_DEG
    head_yaw: float = 0.0
    head_roll: float = 0.0
    neck_add: float = 0.0
    protract: float = 0.0
    protract_asym: float = 0.0
    elevate: float = 0.0
    elevate_asym: float = 0.0
    slump: float = 0.0
    lean: float = 0.0
    trunk_yaw: float = 0.0
    lateral: float = 0.0
    tx: float = 0.0
    ty: float = 0.0
    tz: float = 0.0
    hands: str = "kbd"
    mode: str = "cva"
    protrude: float = 0.0
    rel: float = 0.0
    handmix: float = 0.0
    handfollow: float = 0.0


def about(axis: str, deg: float) -> Float:
    """Rotation matrix (3, 3) about x (tips forward), y (turns to the person's left) or z (tips to the right)."""
    a, s, c = "xyz".index(axis), np.sin(np.radians(deg)), np.cos(np.radians(deg))
    i, j = (a + 1) % 3, (a + 2) % 3
    out = np.eye(3)
    out[i, i] = out[j, j] = c
    out[i, j], out[j, i] = -s, s
    return out


def between(start: Float, end: Float) -> Float:
    """The smallest rotation, a matrix (3, 3), that turns one direction into another."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    v, c = np.cross(a, b), float(a @ b)
    k = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    return np.asarray(np.eye(3) + k + k @ k / max(1.0 + c, 1e-6))


def _frame(along: Float, across: Float) -> Float:
    """Axes from a direction and roughly another: columns."""
    a = along / np.linalg.norm(along)
    c = across - (across @ a) * a
    c /= np.linalg.norm(c)
    return np.stack([a, c, np.cross(a, c)], axis=1)


def craniovertebral_deg(c7: Float, tragus: Float) -> float:
    """Angle of the line from C7 to the middle of the tragi, (3,) both, above the level, in the sagittal plane."""
    return float(np.degrees(np.arctan2(tragus[1] - c7[1], tragus[2] - c7[2])))


def _forward_deg(p: Posture, sign: float) -> float:
    """How far the collar bone of a side is turned forward."""
    return PROTRACT_GAIN * (p.protract + sign * p.protract_asym)


def _chair_cm(p: Posture) -> Float:
    """How far the chair is shifted, (3,)."""
    return 100.0 * np.array([p.tx, p.ty, p.tz])


class Skeleton:
    """The rig in one body: where its joints are (cm) and how they pose."""

    def __init__(self, bones: list[Bone], points_cm: Float) -> None:
        self.names = [bone.name for bone in bones]
        self.at = {name: k for k, name in enumerate(self.names)}
        self.parents = [bone.parent for bone in bones]
        self.heads = np.array([points_cm[bone.head].mean(axis=0) for bone in bones])
        self.heads[self.at[HEAD]] += HEAD_JOINT_CM

    def head(self, name: str) -> Float:
        """Joint of a bone in rest, cm."""
        return np.asarray(self.heads[self.at[name]])

    def posed(
        self,
        local: dict[str, Float],
        root_shift: Float,
        shifts: dict[str, Float] | None = None,
        only: list[int] | None = None,
    ) -> Float:
        """Transforms (bones, 3, 4) from rest to the posture, cm.

        Args:
            local: Rotation matrices of bones about their joints.
            root_shift: (3,) of everything, cm.
            shifts: (3,) of a bone in the frame of its parent, cm.
            only: Bones to be posed, parents before children; the others stay zero.
        """
        shifts = shifts or {}
        out = np.zeros((len(self.names), 3, 4))
        for k in range(len(self.names)) if only is None else only:
            name, parent = self.names[k], self.parents[k]
            rotation, shift = local.get(name), shifts.get(name)
            if rotation is None and shift is None and parent >= 0:
                out[k] = out[parent]
                continue
            rotation = np.eye(3) if rotation is None else rotation
            at = self.heads[k]
            place = at - rotation @ at
            if shift is not None:
                place = place + shift
            if parent < 0:
                out[k, :, :3], out[k, :, 3] = rotation, place + root_shift
            else:
                above = out[parent]
                out[k, :, :3] = above[:, :3] @ rotation
                out[k, :, 3] = above[:, :3] @ place + above[:, 3]
        return out

    def with_ancestors(self, bones: list[int]) -> list[int]:
        """These bones and all above them, parents first."""
        found = set()
        for k in bones:
            above = k
            while above >= 0 and above not in found:
                found.add(above)
                above = self.parents[above]
        return sorted(found)

    def joint(self, posed: Float, name: str) -> Float:
        """Where the joint of a bone is after posing, cm."""
        k = self.at[name]
        return np.asarray(posed[k, :, :3] @ self.heads[k] + posed[k, :, 3])


@dataclass(frozen=True, eq=False)
class Markers:
    """Where the truth is measured: places (3,) in rest, cm, tragus and acromion by side.

    Tragi and nose go with the head, acromia with the bones between collar bone and upper arm; C7 lies on the skin,
    which several bones move.
    """

    trag: dict[str, Float]
    acr: dict[str, Float]
    nose: Float
    c7: Float
    c7_weights: Float  # (bones,)


@dataclass(eq=False)
class Sitter:
    """A body that can be seated; `upright` is the posture that changes are counted from."""

    skeleton: Skeleton
    markers: Markers
    upright: Posture = field(default_factory=Posture)
    _upright_neck_deg: float | None = None

    def __post_init__(self) -> None:
        weighed = np.flatnonzero(self.markers.c7_weights).tolist()
        self._neck_bones = self.skeleton.with_ancestors([*weighed, self.skeleton.at[HEAD]])

    def hands(self) -> dict[str, Float]:
        """Where the wrists rest (cm): on a desk whose place follows the body's size."""
        shoulder, hip = self.skeleton.head("upperarm01.L"), self.skeleton.head("upperleg01.L")
        of_shoulder, of_hip, more = HAND_HEIGHT
        height = of_shoulder * shoulder[1] + of_hip * hip[1] + more
        return {
            side: np.array([sign * HAND_X_CM, height, shoulder[2] + HAND_AHEAD_CM])
            for side, sign in SIDES.items()
        }

    def pose(self, p: Posture) -> Float:
        """Transforms (bones, 3, 4) of a posture, cm; the neck is bent until the craniovertebral angle is met."""
        return self._with_neck(p, self.neck_deg(p))

    def neck_deg(self, p: Posture) -> float:
        """How far the neck is bent for the craniovertebral angle wanted, or almost as in the upright posture."""
        if self._upright_neck_deg is None:
            self._upright_neck_deg = self._solved(self.upright, SEARCHED_DEG)
        if p.mode == "rel":
            more, of_lean = NECK_OF_LEAN_DEG
            return self._upright_neck_deg + more + of_lean * p.lean
        low, high = NECK_LIMITS_DEG
        low -= NECK_LIMIT_PER_SLUMP * max(p.slump, 0.0)
        return self._solved(p, (self._upright_neck_deg + low, self._upright_neck_deg + high))

    def _solved(self, p: Posture, limits: tuple[float, float]) -> float:
        """The neck's bend by the secant method, which needs four or five looks."""
        ends = [(deg, self._cva(self._trunk_and_head(p, deg)) - p.cva) for deg in (0.0, 15.0)]
        for _ in range(8):
            (a, ya), (b, yb) = ends[-2:]
            if abs(yb) < 1e-4 or abs(yb - ya) < 1e-9:
                break
            deg = float(np.clip(b - yb * (b - a) / (yb - ya), *limits))
            if deg == b:
                break
            ends.append((deg, self._cva(self._trunk_and_head(p, deg)) - p.cva))
        return ends[-1][0]

    def _cva(self, posed: Float) -> float:
        return craniovertebral_deg(self.c7(posed), self.tragus(posed))

    def tragus(self, posed: Float) -> Float:
        """The middle of both tragi, (3,) cm."""
        left, right = (self.placed(posed, HEAD, self.markers.trag[side]) for side in SIDES)
        return np.asarray((left + right) / 2.0)

    def c7(self, posed: Float) -> Float:
        """C7, (3,) cm."""
        w = self.markers.c7_weights
        blended = np.tensordot(w, posed, axes=(0, 0))
        return np.asarray(blended[:, :3] @ self.markers.c7 + blended[:, 3])

    def placed(self, posed: Float, bone: str, point: Float) -> Float:
        """Where a point that belongs to a bone is after posing."""
        k = self.skeleton.at[bone]
        return np.asarray(posed[k, :, :3] @ point + posed[k, :, 3])

    def _local(self, p: Posture, neck_deg: float) -> tuple[dict[str, Float], dict[str, Float]]:
        """Rotations and shifts of all bones but those of the limbs."""
        trunk = about("y", p.trunk_yaw) @ about("z", -p.lateral) @ about("x", p.lean)
        local = {name: about("x", share * p.slump) for name, share in SLUMP_SHARES.items()}
        local[ROOT] = trunk @ local[ROOT]
        for side, sign in SIDES.items():
            up = p.elevate + sign * p.elevate_asym
            local[f"clavicle.{side}"] = about("y", -sign * _forward_deg(p, sign)) @ about("z", sign * up)
        local |= {name: about("x", share * neck_deg) for name, share in NECK_SHARES.items()}
        # the neck's bend belongs to the sagittal plane of the room, the head's angles too
        chest = trunk @ about("x", sum(SLUMP_SHARES.values()) * p.slump)
        below = chest @ about("x", neck_deg)
        turned = (
            about("y", p.head_yaw) @ about("x", p.head_pitch - REST_PITCH_DOWN_DEG) @ about("z", p.head_roll)
        )
        # the head's turn and what undoes the bends below it sit in its own joint
        local[HEAD] = below.T @ turned
        forward_cm = below.T @ np.array([0.0, 0.0, p.protrude])
        return local, {"neck03": forward_cm * 0.5, HEAD: forward_cm * 0.5}

    def _trunk_and_head(self, p: Posture, neck_deg: float) -> Float:
        """Transforms of the bones that C7 and the head hang on: all that the search for the neck's bend needs."""
        local, shifts = self._local(p, neck_deg)
        return self.skeleton.posed(local, _chair_cm(p), shifts, self._neck_bones)

    def _with_neck(self, p: Posture, neck_deg: float) -> Float:
        local, shifts = self._local(p, neck_deg)
        trunk = self.skeleton.posed(local, _chair_cm(p), shifts)
        hands = self.hands()
        for side, sign in SIDES.items():
            local |= self._arm(trunk, side, hands[side], _forward_deg(p, sign))
            local |= self._leg(trunk, side)
        return self.skeleton.posed(local, _chair_cm(p), shifts)

    def _arm(self, trunk: Float, side: str, wrist: Float, forward_deg: float) -> dict[str, Float]:
        """Rotations that bring the wrist to its place (3,) cm, the elbow down and out."""
        upper, lower, hand = f"upperarm01.{side}", f"lowerarm01.{side}", f"wrist.{side}"
        s = self.skeleton
        shoulder = s.joint(trunk, upper)
        above = trunk[s.at[f"shoulder01.{side}"], :, :3]
        rest_upper, rest_lower = s.head(lower) - s.head(upper), s.head(hand) - s.head(lower)
        a, b = float(np.linalg.norm(rest_upper)), float(np.linalg.norm(rest_lower))
        reach = wrist - shoulder
        d = min(float(np.linalg.norm(reach)), REACH_AT_MOST * (a + b))
        along = reach / np.linalg.norm(reach)
        # the elbow follows the shoulder as far as it comes forward, not up
        sign = SIDES[side]
        out = about("y", -sign * forward_deg) @ (ELBOW_OUT * np.array([sign, 1.0, 1.0]))
        out = out - (out @ along) * along
        out /= np.linalg.norm(out)
        x = (a * a + d * d - b * b) / (2.0 * d)
        elbow = x * along + np.sqrt(max(a * a - x * x, 0.0)) * out
        first = between(above @ rest_upper, elbow)
        second = between(first @ above @ rest_lower, d * along - elbow)
        turned = second @ first @ above
        twist, rest = self._hand(turned, side)
        return {
            upper: above.T @ first @ above,
            lower: (first @ above).T @ turned,
            f"lowerarm02.{side}": twist,
            hand: rest,
        }

    def _hand(self, forearm: Float, side: str) -> tuple[Float, Float]:
        """Rotations of the lower forearm and the wrist that lay the hand on the desk: forward, palm down."""
        s = self.skeleton
        wrist, middle = s.head(f"wrist.{side}"), s.head(f"finger3-1.{side}")
        across = s.head(f"finger2-1.{side}") - s.head(f"finger5-1.{side}")
        inward = np.array([-SIDES[side], 1.0, 1.0])
        rest = _frame(middle - wrist, across)
        lying = _frame(HAND_ALONG * inward, HAND_ACROSS * inward)
        turn = Rotation.from_matrix(forearm.T @ lying @ rest.T)
        axis = wrist - s.head(f"lowerarm01.{side}")
        axis /= np.linalg.norm(axis)
        twist = Rotation.from_rotvec(FOREARM_TWIST * float(turn.as_rotvec() @ axis) * axis)
        return twist.as_matrix(), (twist.inv() * turn).as_matrix()

    def _leg(self, trunk: Float, side: str) -> dict[str, Float]:
        """Thighs level and forward, shins down, whatever the trunk does."""
        s = self.skeleton
        thigh, shin = f"upperleg01.{side}", f"lowerleg01.{side}"
        above = trunk[s.at[f"pelvis.{side}"], :, :3]
        first = between(s.head(shin) - s.head(thigh), THIGH_ALONG * np.array([SIDES[side], 1.0, 1.0]))
        return {thigh: above.T @ first, shin: first.T}


def skinned(weights: sparse.csr_matrix, points_cm: Float, posed: Float) -> Float:
    """Points (V, 3) in rest moved by the bones that weigh on them: linear blend skinning.

    Args:
        weights: (V, bones), rows summing to one.
        points_cm: In rest.
        posed: Transforms (bones, 3, 4) of `Sitter.pose`.
    """
    each = np.asarray(weights @ posed.reshape(len(posed), 12)).reshape(-1, 3, 4)
    return np.asarray(np.einsum("vij,vj->vi", each[:, :, :3], points_cm) + each[:, :, 3])
