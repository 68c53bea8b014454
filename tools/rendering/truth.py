"""The columns of `ground_truth.csv` for a posed body, as the shared rendered set defines them."""

from __future__ import annotations

import numpy as np
from rendering.assets import Float
from rendering.posing import Posture, Sitter, about

JOINTS = {"SHJ": "upperarm01", "EYE": "eye", "ELB": "lowerarm01", "WRI": "wrist", "HIP": "upperleg01"}


def places_cm(sitter: Sitter, posed: Float) -> dict[str, Float]:
    """Markers and joints after posing, by their names in the columns."""
    out: dict[str, Float] = {}
    for side in "LR":
        out[f"TRAG_{side}"] = sitter.placed(posed, "head", sitter.markers.trag[side])
        out[f"ACR_{side}"] = sitter.placed(posed, f"shoulder01.{side}", sitter.markers.acr[side])
        for name, bone in JOINTS.items():
            out[f"{name}_{side}"] = sitter.skeleton.joint(posed, f"{bone}.{side}")
    out["C7"] = sitter.c7(posed)
    out["NOSE"] = sitter.placed(posed, "head", sitter.markers.nose)
    return out


def in_thorax(sitter: Sitter, posed: Float, place: Float) -> Float:
    """A place in the frame of the thorax, whose axes are the world's in rest."""
    k = sitter.skeleton.at["spine01"]
    return np.asarray(posed[k, :, :3].T @ (place - posed[k, :, 3]))


def angles(sitter: Sitter, p: Posture, posed: Float, upright: Float) -> dict[str, float]:
    """Every angle and displacement; `upright` is the posed upright body."""
    at, was = places_cm(sitter, posed), places_cm(sitter, upright)
    trag, trag0 = (at["TRAG_L"] + at["TRAG_R"]) / 2, (was["TRAG_L"] + was["TRAG_R"]) / 2
    c7, c70 = at["C7"], was["C7"]
    hip = (at["HIP_L"] + at["HIP_R"]) / 2
    cva = float(np.degrees(np.arctan2(trag[1] - c7[1], trag[2] - c7[2])))
    trunk = c7 - hip
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
    for side in "LR":
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
