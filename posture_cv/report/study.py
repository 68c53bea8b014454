"""The page of a study: recordings, participants, conditions, and how these compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any, Final

from posture_cv.assess.types import UNMEASURED, State
from posture_cv.exposure.catalogue import MEASURES
from posture_cv.exposure.groups import rows_of_cell
from posture_cv.exposure.measures import Exposure
from posture_cv.exposure.sources import SOURCES
from posture_cv.exposure.types import Row
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import Study
from posture_cv.report import figures
from posture_cv.report.accuracy import measured, table
from posture_cv.report.look import COLOURS, words
from posture_cv.report.methods import accuracy_note, methods
from posture_cv.report.page import markup, render
from posture_cv.report.svg import Figure
from posture_cv.report.words import difference_words, grouped, span

# What is drawn for every participant and condition; the tables hold all.
DRAWN: Final = (
    ("state", "good"),
    ("state", "forward_head"),
    ("state", "rounded_shoulders"),
    ("iso_head", "25-85 deg: holding time limited"),
    ("rula_neck", "3: over 20 deg"),
    ("apdf_forward_head_est_deg", "p50"),
    ("apdf_forward_head_est_deg", "p90"),
    ("dose_forward_head", ""),
    ("dose_shoulder_rounding", ""),
    ("shifts", ""),
)
_COMPARED: Final = ("state", "apdf_forward_head_est_deg", "dose_forward_head", "shifts")


def study_page(study: Study, title: str, links: Mapping[str, str], failed: Sequence[str] = ()) -> str:
    """The whole page of a study.

    Args:
        study: its recordings and exposure.
        title: of the page.
        links: recording -> address of its page, relative to this one.
        failed: names of recordings that are not in it.
    """
    views = sorted({view for r in study.results for view in r.views})
    tables = {name: rows for name, rows in study.by_condition.items() if rows}
    return render(
        "study.html.j2",
        script=False,
        title=title,
        subtitle=_subtitle(study),
        tiles=_tiles(study),
        mixed=_mixed(views),
        legend=[{"name": words(s.label), "colour": COLOURS[s.label]} for s in State],
        recordings=[
            _recording(r, e, links.get(r.name, ""))
            for r, e in zip(study.results, study.exposures, strict=True)
        ],
        failed=", ".join(failed),
        conditions=bool(study.conditions),
        forests=[markup(f.text()) for f in forests(study).values()],
        condition_tables=[
            {"name": name, "n": sum(c == name for _, c in study.cells), "groups": grouped(rows)}
            for name, rows in tables.items()
        ],
        without_participants=", ".join(study.conditions)
        if study.conditions and not study.participants
        else "",
        compared=[difference_words(d) for d in _shown_differences(study)],
        agreements=[markup(f.text()) for f in agreements(study).values()],
        participant_tables=[
            {"name": who, "groups": grouped(rows_of_cell(cell))} for who, cell in study.people.items()
        ],
        methods=methods(study.results, study.exposures, tuple(tables), compared=bool(study.compared)),
        accuracy=table(views),
        accuracy_about=measured(),
        accuracy_note=accuracy_note(study.results),
        sources=list(SOURCES.values()),
    )


def _subtitle(study: Study) -> str:
    parts = [_counted(study.results, "recording")]
    if study.participants:
        parts.append(_counted(study.participants, "participant"))
    if study.conditions:
        parts.append(f"conditions {', '.join(study.conditions)}")
    return " · ".join(parts)


def _counted(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _mixed(views: Sequence[str]) -> str:
    others = [v for v in views if v != "side"]
    if not others:
        return ""
    seen = " and ".join(others)
    text = (
        f"Seen from {seen}: a camera there does not see the angles of neck and trunk. Every angle here is an estimate "
        "of a change against a baseline, and RULA and REBA classes are given for side views only."
    )
    if len(views) > 1:
        text += " Views are mixed in this study: compare participants and conditions only where their views agree."
    return text


def _tiles(study: Study) -> list[tuple[str, str]]:
    total = sum(e.epochs.total_s for e in study.exposures)
    gone = sum(float(e.epochs.state_s[:, [int(s) for s in UNMEASURED]].sum()) for e in study.exposures)
    covered = sum(float(e.epochs.state_s.sum()) for e in study.exposures)
    return [
        ("recordings", str(len(study.results))),
        ("participants", str(len(study.participants)) if study.participants else "not given"),
        ("conditions", str(len(study.conditions)) if study.conditions else "not given"),
        ("recorded", span(total)),
        ("not measured", span(gone + total - covered)),
        ("alerts", str(sum(len(r.alerts) for r in study.results))),
    ]


def _recording(result: Result, exposure: Exposure, link: str) -> dict[str, Any]:
    seconds = exposure.epochs.state_s.sum(axis=0)
    total = exposure.epochs.total_s or 1.0
    named = sum(float(seconds[s]) for s in State if s not in UNMEASURED)
    shares = {s.label: float(seconds[s]) / total for s in State if seconds[s] > 0.0}
    return {
        "name": result.name,
        "link": link,
        "participant": result.participant,
        "condition": result.condition,
        "view": " and ".join(result.views),
        "length": span(exposure.epochs.total_s),
        "unmeasured": span(max(exposure.epochs.total_s - named, 0.0)),
        "alerts": len(result.alerts),
        "bar": markup(figures.stacked_bar(shares, 240.0)),
    }


def forests(study: Study) -> dict[str, Figure]:
    """File name -> one measure over participants and conditions."""
    cells = study.cells or {(who, ""): cell for who, cell in study.people.items()}
    found = {}
    tables = {key: rows_of_cell(cell) for key, cell in cells.items()}
    for measure, item in DRAWN:
        lines: list[tuple[str, Row, int]] = []
        for (who, condition), rows in tables.items():
            row = next((r for r in rows if (r.measure, r.item) == (measure, item)), None)
            if row is not None:
                which = study.conditions.index(condition) if condition else 0
                lines.append((who, row, which))
        if any(row.assessable for _, row, _ in lines):
            name = f"{MEASURES[measure].title}{f': {words(item)}' if item else ''}"
            found[f"{measure}_{item}".strip("_").replace(" ", "_").replace(":", "")] = figures.forest(
                name, lines[0][1].unit, lines, study.conditions
            )
    return found


def _shown_differences(study: Study) -> list[Any]:
    """Without what is nought in both conditions for everybody."""
    return [d for d in study.compared if any(a or b for _, a, b in d.pairs)]


def agreements(study: Study) -> dict[str, Figure]:
    """File name -> the conditions against each other, for the headline measures."""
    return {
        f"agreement_{d.measure}_{d.item}_{d.first}_{d.second}".replace(" ", "_"): figures.agreement(
            d, f"{MEASURES[d.measure].title}{f', {words(d.item)}' if d.item else ''}"
        )
        for d in _shown_differences(study)
        if d.measure in _COMPARED and (d.measure, d.item) in DRAWN
    }


def study_figures(study: Study) -> dict[str, Figure]:
    """File name -> every figure of a study."""
    return {**forests(study), **agreements(study)}
