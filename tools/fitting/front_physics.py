"""The network of `posture_cv.measure.front_physics`: perspective learned from synthetic cameras.

Three-dimensional points of every training frame (both cameras' frames) are seen by random cameras; the inputs get
the noise that the landmarks of the training set have against the true projection. Very many further people (the bulk)
teach it by their points alone. Needs scikit-learn, which the program does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import Float, Truth, clips_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.front_physics import INPUTS, OUTPUTS, Network
from posture_cv.measure.front_reading import MESH_COLUMNS, read_front
from posture_cv.measure.front_reference import MeshAxes, front_reference
from posture_cv.measure.types import View

CAMERAS: Final = 24  # synthetic cameras for each clip
CAMERAS_OF_MANY: Final = 6  # and for each of the bulk's
FOLDS: Final = 6
# Error of the contour's protraction and elevation, which the network is given, cm (persons left out).
SHOULDER_NOISE_CM: Final = (0.95, 0.5)
_POINTS: Final = ("EYE_L", "EYE_R", "TRAG_L", "TRAG_R", "SHJ_L", "SHJ_R")
_CALIBRATION_FRAMES: Final = 6


def _world(truth: Truth) -> dict[str, Float]:
    return {p: np.stack([np.asarray(truth[f"w_{p}_{a}_m"], float) for a in "xyz"], axis=1) for p in _POINTS}


def _seen(world: Mapping[str, Float], rotation: Float, shift: Float, focal: Float) -> Float:
    """(N, 8) log face scale, head v and u, shoulders v and u, log shoulder width, tilt, log eye pixels."""
    camera = {p: np.einsum("nij,nj->ni", rotation, w) + shift for p, w in world.items()}
    eyes = (camera["EYE_L"] + camera["EYE_R"]) / 2.0
    head = (camera["TRAG_L"] + camera["TRAG_R"] + 2.0 * eyes) / 4.0

    def px(point: Float) -> Float:
        return focal[:, None] * point[:, :2] / point[:, 2:]

    left, right = px(camera["SHJ_L"]), px(camera["SHJ_R"])
    across = left - right
    eye_m = np.linalg.norm(world["EYE_L"] - world["EYE_R"], axis=1)
    u, v = px(head).T
    return np.stack(
        [
            np.log(focal * eye_m / head[:, 2]),
            v,
            u,
            (left + right)[:, 1] / 2.0,
            (left + right)[:, 0] / 2.0,
            np.log(np.linalg.norm(across, axis=1)),
            np.degrees(np.arctan2(across[:, 1], across[:, 0])),
        ],
        axis=1,
    )


def _relative(seen: Float, base: Float, angles: Float, base_pitch: Float, camera_pitch: Float) -> Float:
    """(N, 15) as `physics_inputs`."""
    per_cm = np.exp(base[:, 0]) / 6.3
    change = seen - base
    return np.stack(
        [
            change[:, 0],
            change[:, 1] / per_cm,
            change[:, 2] / per_cm,
            change[:, 3] / per_cm,
            change[:, 4] / per_cm,
            change[:, 5],
            change[:, 6],
            angles[:, 0],
            angles[:, 1],
            angles[:, 2],
            base[:, 1] / per_cm,
            (base[:, 3] - base[:, 1]) / per_cm,
            np.exp(base[:, 5]) / per_cm,
            base[:, 0],
            base_pitch + camera_pitch,
        ],
        axis=1,
    )


def _absolute(truth: Truth) -> Float:
    """(N, 7) targets before the baseline is taken off: `OUTPUTS` and protraction."""

    def mean(a: str, b: str) -> Float:
        return (np.asarray(truth[a], float) + np.asarray(truth[b], float)) / 2.0

    return np.stack(
        [
            np.asarray(truth["cva_deg"], float),
            np.asarray(truth["head_fwd_rel_trunk_delta_cm"], float),
            np.asarray(truth["trunk_incl_deg"], float),
            np.asarray(truth["c7_fwd_delta_cm"], float),
            -100.0 * mean("w_ACR_L_y_m", "w_ACR_R_y_m"),
            mean("elevation_delta_cm_L", "elevation_delta_cm_R"),
            mean("protraction_delta_cm_L", "protraction_delta_cm_R"),
        ],
        axis=1,
    )


def _clip_key(truth: Truth) -> NDArray[np.str_]:
    return np.char.add(np.char.add(np.asarray(truth["subject"], str), "/"), np.asarray(truth["camera"], str))


def true_inputs(truth: Truth) -> Float:
    """(N, 15) inputs from the true projection of each frame in its own camera."""
    n = len(truth["file"])
    rotation = np.stack(
        [np.stack([np.asarray(truth[f"R{i}{j}"], float) for j in range(3)], 1) for i in range(3)], 1
    )
    shift = np.stack([np.asarray(truth[f"t{i}"], float) for i in range(3)], axis=1)
    seen = _seen(_world(truth), rotation, shift, np.asarray(truth["fx"], float))
    angles = np.stack(
        [np.asarray(truth[f"head_{a}_deg"], float) for a in ("pitch_down", "yaw", "roll")], axis=1
    )
    out, keys = np.full((n, 15), np.nan), _clip_key(truth)
    calibration = np.asarray(truth["segment"], str) == "calibration"
    camera_pitch = np.degrees(np.arcsin(np.asarray(truth["R12"], float)))
    for key in np.unique(keys):
        clip = keys == key
        base, zero = (
            np.median(seen[clip & calibration], axis=0),
            np.median(angles[clip & calibration], axis=0),
        )
        count = int(clip.sum())
        out[clip] = _relative(
            seen[clip],
            np.tile(base, (count, 1)),
            angles[clip] - zero,
            np.full(count, zero[0]),
            camera_pitch[clip],
        )
    return out


Synthetic = tuple[Float, Float, NDArray[np.str_]]


def synthetic(truth: Truth, rng: np.random.Generator, cameras: int = CAMERAS) -> Synthetic:
    """Inputs (M, 15), targets (M, 7) and subject of frames seen by random cameras, half of them mirrored."""
    world, values, keys = _world(truth), _absolute(truth), _clip_key(truth)
    angles = np.stack(
        [np.asarray(truth[f"head_{a}_deg"], float) for a in ("pitch_down", "yaw", "roll")], axis=1
    )
    calibration, subjects = (
        np.asarray(truth["segment"], str) == "calibration",
        np.asarray(truth["subject"], str),
    )
    present = np.asarray(truth["person_present"], float) == 1
    inputs, targets, people = [], [], []
    for _ in range(cameras):
        for key in np.unique(keys):
            index = np.flatnonzero((keys == key) & present)
            still = np.flatnonzero(calibration[index])
            mirrored = rng.random() < 0.5
            points = {p: _mirrored(world, p)[index] if mirrored else world[p][index] for p in _POINTS}
            turned = angles[index] * ((1.0, -1.0, -1.0) if mirrored else (1.0, 1.0, 1.0))
            rotation, shift, focal = _random_camera(points, still, rng)
            n = len(index)
            seen = _seen(points, np.tile(rotation, (n, 1, 1)), np.tile(shift, (n, 1)), np.full(n, focal))
            chosen = rng.choice(still, _CALIBRATION_FRAMES)
            zero = np.median(turned[chosen], axis=0)
            camera_pitch = np.degrees(np.arcsin(rotation[1, 2]))
            base = np.tile(np.median(seen[chosen], axis=0), (n, 1))
            x = _relative(seen, base, turned - zero, np.full(n, zero[0]), np.full(n, camera_pitch))
            keep = np.ones(n, bool)
            keep[still] = False
            inputs.append(x[keep])
            targets.append((values[index] - np.median(values[index[chosen]], axis=0))[keep])
            people.append(subjects[index][keep])
    return np.concatenate(inputs), np.concatenate(targets), np.concatenate(people)


def _mirrored(world: Mapping[str, Float], point: str) -> Float:
    other = point[:-1] + ("R" if point.endswith("L") else "L")
    return world[other] * np.array([-1.0, 1.0, 1.0])


def _random_camera(
    points: Mapping[str, Float], still: NDArray[np.intp], rng: np.random.Generator
) -> tuple[Float, Float, float]:
    """Rotation, shift and focal length (640 px wide) of a laptop or monitor camera somewhere before the eyes."""
    eye = np.median((points["EYE_L"][still] + points["EYE_R"][still]) / 2.0, axis=0)
    distance, azimuth = rng.uniform(0.42, 0.95), np.radians(rng.uniform(-25.0, 25.0))
    place = eye + np.array([np.sin(azimuth) * distance, rng.uniform(-0.32, 0.12), np.cos(azimuth) * distance])
    aim = eye + np.array([rng.normal(0.0, 0.05), rng.uniform(-0.22, 0.07), 0.0])
    ahead = (aim - place) / np.linalg.norm(aim - place)
    right = np.cross(ahead, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    return rotation, -rotation @ place, float(320.0 / np.tan(np.radians(rng.uniform(50.0, 80.0)) / 2.0))


def landmark_errors(found: Float, true: Float) -> tuple[Float, Float, Float]:
    """Slope and offset that carry landmarks to points, and the robust sd of what is left, input by input."""
    slope, offset, sd = np.ones(15), np.zeros(15), np.zeros(15)
    usable = np.isfinite(found).all(axis=1) & np.isfinite(true).all(axis=1)
    for j in range(15):
        x, y = found[usable, j], true[usable, j]
        keep = np.ones(len(x), bool)
        for _ in range(5):
            slope[j], offset[j] = np.polyfit(x[keep], y[keep], 1)
            rest = y - slope[j] * x - offset[j]
            sd[j] = 1.4826 * np.median(np.abs(rest - np.median(rest)))
            keep = np.abs(rest - np.median(rest)) < 2.5 * sd[j]
    return slope, offset, sd


class Trainer:
    """Trains networks on the synthetic frames of some persons, and of everybody in the bulk."""

    def __init__(
        self, truth: Truth, errors: tuple[Float, Float, Float], bulk: Sequence[Truth] = (), seed: int = 0
    ) -> None:
        self.rng = np.random.default_rng(seed)
        parts = [synthetic(truth, self.rng), *(synthetic(t, self.rng, CAMERAS_OF_MANY) for t in bulk)]
        self.x, self.y = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        self.subject = np.concatenate([part[2] for part in parts])
        self.slope, self.offset, self.noise = errors

    def arrays(self, without: NDArray[np.str_], networks: int) -> dict[str, Any]:
        """Coefficients of networks that never saw the persons in `without`."""
        from sklearn.neural_network import MLPRegressor  # seconds, which --help does not need
        from sklearn.preprocessing import StandardScaler

        use = ~np.isin(self.subject, without)
        x, y = self._noisy(self.x[use], self.y[use]), self.y[use, : len(OUTPUTS)]
        scaler, scale = StandardScaler().fit(x), y.std(axis=0)
        z = np.clip(scaler.transform(x), -4.0, 4.0)
        out: dict[str, Any] = {
            "slope": self.slope,
            "offset": self.offset,
            "mean": scaler.mean_,
            "sd": scaler.scale_,
            "output_scale": scale,
            "networks": np.array(networks),
        }
        for k in range(networks):
            net = MLPRegressor(
                hidden_layer_sizes=(64, 64),
                early_stopping=True,
                max_iter=40,
                learning_rate_init=2e-3,
                batch_size=512,
                alpha=1e-3,
                random_state=k,
            ).fit(z, y / scale)
            for layer, (w, b) in enumerate(zip(net.coefs_, net.intercepts_, strict=True)):
                out[f"w{k}.{layer}"], out[f"b{k}.{layer}"] = w, b
        return out

    def _noisy(self, x: Float, y: Float) -> Float:
        """Inputs as landmarks would give them: heavy-tailed noise, some frames cleaner, and the contour's word."""
        rng = self.rng
        tail = np.where(rng.random(x.shape) < 0.15, 3.0, 1.0)
        calm = np.where(rng.random((len(x), 1)) < 0.3, 0.4, 1.0)
        seen = x + rng.normal(size=x.shape) * self.noise * tail * calm
        told = y[:, [6, 5]] + rng.normal(size=(len(y), 2)) * SHOULDER_NOISE_CM
        return np.concatenate([seen, told], axis=1)


def front_inputs(lm: Landmarks, truth: Truth) -> tuple[Float, Float]:
    """(N, 15) inputs from landmarks, NaN for frames of other views; (N, 15) those of each frame's baseline."""
    out, rest = np.full((len(lm), len(INPUTS)), np.nan), np.full((len(lm), len(INPUTS)), np.nan)
    plain = MeshAxes(np.zeros((468, 3, 2 * MESH_COLUMNS)), MESH_COLUMNS)
    for clip in clips_of(lm, truth, View.FRONT):
        reference = front_reference(clip.baseline, plain)
        out[clip.rows] = read_front(clip.lm, reference).geometry
        rest[clip.rows] = read_front(clip.baseline.as_landmarks(), reference).geometry
    return out, rest


Folds = tuple[tuple[NDArray[np.str_], Network], ...]


def left_out_networks(trainer: Trainer, subjects: NDArray[np.str_]) -> Folds:
    """Groups of persons, each with a network that never saw them."""
    people = np.random.default_rng(5).permutation(np.unique(subjects))
    folds = np.array_split(people, FOLDS)
    return tuple((fold, Network.from_arrays(trainer.arrays(fold, networks=1))) for fold in folds)


def left_out_answers(
    folds: Folds, inputs: tuple[Float, Float], shoulders: Float, subjects: NDArray[np.str_]
) -> Float:
    """(N, 6) answers for each person by a network that never saw that person.

    Args:
        folds: of `left_out_networks`.
        inputs: (N, 15) of the frames and of their baselines, whose answer is taken off.
        shoulders: (N, 2) protraction and elevation, cm.
        subjects: (N,) the person of each frame.
    """
    out = np.full((len(shoulders), len(OUTPUTS)), np.nan)
    for fold, network in folds:
        mine = np.isin(subjects, fold)
        rest = network.answers(inputs[1][mine], np.zeros((int(mine.sum()), 2)))
        out[mine] = network.answers(inputs[0][mine], shoulders[mine]) - rest
    return out


NETWORKS: Final = 3


def fit_front_physics(
    lm: Landmarks,
    truth: Truth,
    also: Sequence[tuple[Landmarks, Truth]] = (),
    bulk: Sequence[tuple[Landmarks, Truth]] = (),
) -> tuple[dict[str, Any], dict[str, str]]:
    """Arrays of `front_physics.npz`, and what the network alone reaches on persons left out, by quantity.

    Raises:
        ValueError: There are further people (`also`), for whom no network without them is kept.
    """
    if also:
        raise ValueError("the network learns from the training set and the bulk only")
    found, rest = front_inputs(lm, truth)
    trainer = Trainer(truth, landmark_errors(found, true_inputs(truth)), [rows for _, rows in bulk])
    values, keys = _absolute(truth), _clip_key(truth)
    calibration, subjects = (
        np.asarray(truth["segment"], str) == "calibration",
        np.asarray(truth["subject"], str),
    )
    for key in np.unique(keys):
        values[keys == key] -= np.median(values[(keys == key) & calibration], axis=0)
    # The contour's word on the shoulders, as noisy as it is on persons left out.
    noise = np.random.default_rng(1).normal(size=(len(found), 2)) * SHOULDER_NOISE_CM
    folds = left_out_networks(trainer, subjects)
    answers = left_out_answers(folds, (found, rest), values[:, [6, 5]] + noise, subjects)
    judged = np.isfinite(answers).all(axis=1) & ~calibration
    lines = {}
    for k, name in enumerate(OUTPUTS[:-1]):  # the last was handed to the network, noisy
        error = answers[judged, k] - values[judged, k]
        r = float(np.corrcoef(answers[judged, k], values[judged, k])[0, 1])
        lines[name] = f"MAE {np.abs(error).mean():.2f}  r {r:.3f}  n {int(judged.sum())}"
    arrays = trainer.arrays(np.array([], str), NETWORKS)
    return {
        k: np.asarray(v, np.float32) if np.asarray(v).dtype == float else v for k, v in arrays.items()
    }, lines
