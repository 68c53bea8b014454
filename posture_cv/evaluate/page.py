"""The result as one HTML file that opens offline: tables, agreement and Bland-Altman plots, confusion of names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from posture_cv.assess.types import State
from posture_cv.evaluate import svg
from posture_cv.evaluate.grouping import Frames
from posture_cv.evaluate.quantities import COMPARED
from posture_cv.evaluate.rivals import RIVALS
from posture_cv.evaluate.run import Evaluation
from posture_cv.evaluate.schema import ViewResult
from posture_cv.evaluate.segments import HARMLESS
from posture_cv.evaluate.tables import (
    NARROW_RIVALS,
    budget_note,
    counted,
    fit_notes,
    number,
    on_the_way_note,
    percent,
)
from posture_cv.evaluate.videos import Course
from posture_cv.truth_classes import BAD_CLASSES


@dataclass(frozen=True, slots=True)
class Plots:
    """The two plots of one quantity."""

    name: str
    agreement: str
    bland_altman: str


def render_page(evaluation: Evaluation) -> str:
    """The whole page; no part of it is loaded from elsewhere."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(
        number=number, percent=percent, counted=counted, signed=lambda v, d=2: number(v, d, signed=True)
    )
    template = environment.from_string(files(__package__).joinpath("page.html.j2").read_text("utf-8"))
    result = evaluation.result
    return template.render(
        result=result,
        videos=[_video(course) for course in evaluation.courses],
        views=[_view(name, view, evaluation) for name, view in result.views.items()],
        compared=COMPARED,
        rivals=RIVALS,
        harmless=HARMLESS,
    )


def _view(name: str, view: ViewResult, evaluation: Evaluation) -> dict[str, Any]:
    frames = evaluation.frames[name]
    states = [s.label for s in State if any(seg.named[s.label] for seg in view.segments.values())]
    return {
        "name": name,
        "result": view,
        "notes": [text for _, text in fit_notes(view)],
        "budget_note": budget_note(view.quantities),
        "on_the_way_note": on_the_way_note(name, evaluation.result),
        "plots": [_plots(frames, view, quantity) for quantity in COMPARED if view.quantities[quantity].n > 1],
        "states": states,
        "bars": _bars(name, view, evaluation),
        "rivals": {key: views[name] for key, views in evaluation.result.baselines.items()},
    }


def _video(course: Course) -> dict[str, Any]:
    frames, t_s = course.frames, course.frames.measurements.t_s
    plots = []
    for quantity, about in COMPARED.items():
        curves = [
            svg.Dots("truth", t_s, frames.truth[quantity]),
            svg.Dots("estimate", t_s, frames.measurements.value(quantity)),
        ]
        if course.result.mean.quantities[quantity].n > 1:
            plots.append(svg.time_plot(about.title, about.unit, t_s, curves))
    return {"result": course.result, "plots": plots}


def _plots(frames: Frames, view: ViewResult, quantity: str) -> Plots:
    bad = np.isin(frames.posture_class, BAD_CLASSES)
    truth, estimate = frames.truth[quantity], frames.measurements.value(quantity)
    both = np.isfinite(truth) & np.isfinite(estimate)
    dots = [
        svg.Dots(kind, truth[both & mask], estimate[both & mask])
        for kind, mask in (("harmless", ~bad), ("bad", bad))
    ]
    about, figures = COMPARED[quantity], view.quantities[quantity]
    limits = None
    if figures.loa_low is not None and figures.loa_high is not None and figures.bias is not None:
        limits = (figures.loa_low, figures.bias, figures.loa_high)
    return Plots(
        quantity,
        svg.agreement_plot(about.title, about.unit, dots),
        svg.bland_altman_plot("differences", about.unit, dots, limits),
    )


def _bars(name: str, view: ViewResult, evaluation: Evaluation) -> list[dict[str, Any]]:
    """For each segment the share flagged, ours and the three single cues."""
    rows = []
    for segment, said in view.segments.items():
        others = [evaluation.result.baselines[key][name].segments[segment].flagged for key in NARROW_RIVALS]
        rows.append(
            {
                "segment": segment,
                "harmless": segment in HARMLESS,
                "n": said.n,
                "ours": svg.share_bar(said.flagged, "alarm" if segment in HARMLESS else "hit"),
                "others": [svg.share_bar(share, "other") for share in others],
            }
        )
    return rows
