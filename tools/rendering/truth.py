"""The rows of `ground_truth.csv` for a posed body, as the shared rendered set defines its columns.

World: x to the person's left, y up, z forward; centimetres here, metres in the columns `w_...`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from rendering.assets import Float
from rendering.posing import HEAD, SIDES, Posture, Sitter, about, craniovertebral_deg
from rendering.views import View

JOINTS: Final = {"SHJ": "upperarm01", "EYE": "eye", "ELB": "lowerarm01", "WRI": "wrist", "HIP": "upperleg01"}
"""Joints of the columns and the bones that begin there."""
THORAX: Final = "spine01"
"""The bone in whose frame acromia are measured; its axes are the world's in rest."""
PLACES: Final = (
    "TRAG_L", "TRAG_R", "ACR_L", "ACR_R", "SHJ_L", "SHJ_R", "C7", "EYE_L", "EYE_R", "NOSE", "ELB_L", "ELB_R", "WRI_L",
    "WRI_R", "HIP_L", "HIP_R",
)  # fmt: skip
"""Places as the columns are ordered."""
MILD_CM, BAD_CM = 1.5, 3.0
"""From how many centimetres of head or shoulders forward a posture is called mildly bad and bad, ours."""


def places_cm(sitter: Sitter, posed: Float) -> dict[str, Float]:
    """Markers and joints (3,) of a posture, transforms (bones, 3, 4), by their names in the columns."""
    out: dict[str, Float] = {}
    for side in SIDES:
        out[f"TRAG_{side}"] = sitter.placed(posed, HEAD, sitter.markers.trag[side])
        out[f"ACR_{side}"] = sitter.placed(posed, f"shoulder01.{side}", sitter.markers.acr[side])
        for name, bone in JOINTS.items():
            out[f"{name}_{side}"] = sitter.skeleton.joint(posed, f"{bone}.{side}")
    out["C7"] = sitter.c7(posed)
    out["NOSE"] = sitter.placed(posed, HEAD, sitter.markers.nose)
    return out


def in_thorax(sitter: Sitter, posed: Float, place: Float) -> Float:
    """A place (3,) in the frame of the thorax, whose axes are the world's in rest."""
    k = sitter.skeleton.at[THORAX]
    return np.asarray(posed[k, :, :3].T @ (place - posed[k, :, 3]))


def angles(sitter: Sitter, p: Posture, posed: Float, upright: Float) -> dict[str, float]:
    """Every angle and displacement of a posture; `upright` is the posed upright body, the origin of changes."""
    at, was = places_cm(sitter, posed), places_cm(sitter, upright)
    trag, trag0 = (at["TRAG_L"] + at["TRAG_R"]) / 2, (was["TRAG_L"] + was["TRAG_R"]) / 2
    c7, c70 = at["C7"], was["C7"]
    trunk = c7 - (at["HIP_L"] + at["HIP_R"]) / 2
    cva = craniovertebral_deg(c7, trag)
    incl = float(np.degrees(np.arctan2(trunk[2], trunk[1])))
    unturned = about("y", -p.trunk_yaw)
    line = at["ACR_L"] - at["ACR_R"]
    level = unturned @ line
    out = {
        "cva_deg": cva,
        "neck_flex_vertical_deg": 90.0 - cva,
        "trunk_incl_deg": incl,
        "neck_flex_rel_trunk_deg": 90.0 - cva - incl,
        "head_pitch_down_deg": p.head_pitch,
        "head_yaw_deg": p.head_yaw,
        "head_roll_deg": p.head_roll,
        "head_fwd_of_c7_cm": trag[2] - c7[2],
        "head_fwd_rel_trunk_delta_cm": (trag - c7)[2] - (trag0 - c70)[2],
        "head_fwd_delta_cm": (trag - trag0)[2],
        "head_up_delta_cm": (trag - trag0)[1],
        "c7_fwd_delta_cm": (c7 - c70)[2],
    }
    for side in SIDES:
        ahead = unturned @ (at[f"ACR_{side}"] - c7)
        moved = in_thorax(sitter, posed, at[f"ACR_{side}"]) - in_thorax(sitter, upright, was[f"ACR_{side}"])
        out[f"fsa_deg_{side}"] = float(np.degrees(np.arctan2(ahead[2], -ahead[1])))
        out[f"acr_fwd_of_c7_cm_{side}"] = ahead[2]
        out[f"protraction_delta_cm_{side}"] = moved[2]
        out[f"elevation_delta_cm_{side}"] = moved[1]
        out[f"ear_acr_vertical_cm_{side}"] = at[f"TRAG_{side}"][1] - at[f"ACR_{side}"][1]
    out["biacromial_cm"] = float(np.linalg.norm(line))
    out["trunk_yaw_deg"] = float(np.degrees(np.arctan2(-line[2], line[0])))
    out["shoulder_line_roll_deg"] = float(np.degrees(np.arctan2(level[1], level[0])))
    out["lateral_lean_deg"] = float(np.degrees(np.arctan2(trunk[0], trunk[1])))
    return {name: float(value) for name, value in out.items()}


def row_of(sitter: Sitter, p: Posture, posed: Float, upright: Float, view: View) -> dict[str, Any]:
    """The columns between `segment` and `background`."""
    values = angles(sitter, p, posed, upright)
    out: dict[str, Any] = {"posture_class": class_of(values), "person_present": 1, "n_persons": 1}
    out |= {name: round(value, 3) for name, value in values.items()}
    at = places_cm(sitter, posed)
    for name in PLACES:
        place_m = at[name] / 100.0
        u, v = view.camera.project(place_m[None])[0]
        out |= {f"px_{name}_u": round(float(u), 1), f"px_{name}_v": round(float(v), 1)}
        out |= {f"w_{name}_{axis}_m": round(float(x), 5) for axis, x in zip("xyz", place_m, strict=True)}
    return out | camera_columns(view)


def camera_columns(view: View) -> dict[str, Any]:
    """The columns that are the camera's."""
    camera = view.camera
    out: dict[str, Any] = {
        "width": camera.width,
        "height": camera.height,
        "hfov_deg": round(view.hfov_deg, 3),
        "fx": round(camera.fx, 3),
        "fy": round(camera.fy, 3),
        "cx": camera.cx,
        "cy": camera.cy,
        "cam_dist_m": round(view.dist_m, 4),
        "cam_height_rel_eye_m": round(view.height_rel_eye_m, 4),
        "cam_azimuth_deg": round(view.azimuth_deg, 2),
    }
    for i in range(3):
        out |= {f"R{i}{j}": round(float(camera.rotation[i, j]), 6) for j in range(3)}
        out[f"t{i}"] = round(float(camera.translation[i]), 5)
    return out


def class_of(values: dict[str, float]) -> str:
    """Good, mildly bad or bad by how far head and shoulders came forward."""
    round_cm = (values["protraction_delta_cm_L"] + values["protraction_delta_cm_R"]) / 2.0
    worst_cm = max(values["head_fwd_rel_trunk_delta_cm"], round_cm)
    return "bad" if worst_cm > BAD_CM else "bad_mild" if worst_cm > MILD_CM else "good"


def params_of(p: Posture) -> str:
    """The pose inputs as JSON."""
    return json.dumps({k: v if isinstance(v, str) else round(float(v), 3) for k, v in asdict(p).items()})
