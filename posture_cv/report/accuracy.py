"""The accuracy that was measured on ground truth, shipped as data and quoted in every report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from posture_cv.measure.types import QUANTITIES
from posture_cv.report.look import title


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One quantity in one view, single frames against the truth.

    Attributes:
        view, title, unit: what it is.
        mae, r, low, high, coverage: mean absolute error, correlation, 95 % limits of agreement, share of the
            truths inside the stated 90 % interval.
        n: frames compared.
    """

    view: str
    title: str
    unit: str
    mae: float
    r: float
    low: float
    high: float
    coverage: float
    n: int


@cache
def measured() -> dict[str, Any]:
    """The content of `accuracy.json`, made by `tools/make_accuracy.py` from `posture-cv evaluate`."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("accuracy.json").read_text("utf-8"))
    return found


def table(views: Sequence[str]) -> list[Accuracy]:
    """What was measured in these views; a view that was not evaluated has no rows."""
    return [
        Accuracy(
            view=view,
            title=title(name),
            unit=QUANTITIES[name].unit,
            mae=q["mae"],
            r=q["r"],
            low=q["loa_low"],
            high=q["loa_high"],
            coverage=q["coverage_90"],
            n=q["n"],
        )
        for view in views
        for name, q in measured()["views"].get(view, {}).get("quantities", {}).items()
    ]


def sentence(view: str) -> str:
    """What was measured in a view, in a sentence for the methods section; says so where nothing was."""
    found = measured()["views"].get(view)
    if found is None:
        return f"The accuracy of the {view} view has not been measured on people whom its estimator was not fitted on."
    cva, pitch = (found["quantities"].get(name) for name in ("cva_change_deg", "head_pitch_deg"))
    figures = []
    if cva:
        figures.append(
            "the change of the craniovertebral angle, where it was told, has a mean absolute error of "
            f"{cva['mae']:.1f} degrees (n = {cva['n']}, r = {cva['r']:.2f}, 95 % limits of agreement "
            f"{cva['loa_low']:+.1f} to {cva['loa_high']:+.1f})"
        )
    if pitch:
        figures.append(f"head pitch one of {pitch['mae']:.1f} degrees (n = {pitch['n']})")
    return (
        f"On rendered people with known angles ({found['people']} people, {found['frames']} single frames, {view} "
        f"view, each of them judged by a fit without that person) {' and '.join(figures)}."
    )
