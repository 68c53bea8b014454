"""The page of one recording, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from posture_cv.assess.types import UNMEASURED, State
from posture_cv.exposure.catalogue import estimate_name
from posture_cv.exposure.epochs import frame_seconds
from posture_cv.exposure.groups import rows_of, unmeasured_by_reason
from posture_cv.exposure.measures import Exposure
from posture_cv.exposure.sources import SOURCES
from posture_cv.exposure.types import Row
from posture_cv.measure.types import QUANTITIES, Reason, View
from posture_cv.opendata.folder import Result
from posture_cv.report import figures
from posture_cv.report.accuracy import measured, table
from posture_cv.report.look import COLOURS, limits, title, words
from posture_cv.report.methods import accuracy_note, methods
from posture_cv.report.page import json_inside_html, markup, render
from posture_cv.report.provenance import provenance, source_names
from posture_cv.report.svg import Figure
from posture_cv.report.thumbnails import Thumbnail
from posture_cv.report.tiles import runs, tiles
from posture_cv.report.words import grouped, span

HEADLINES: Final = (
    "forward_head_deg",
    "head_pitch_deg",
    "shoulder_rounding_deg",
    "shoulder_elevation_cm",
    "trunk_incl_deg",
)
_OTHERS: Final = tuple(name for name in QUANTITIES if name not in HEADLINES)


def recording_page(result: Result, exposure: Exposure, pictures: Sequence[Thumbnail] = ()) -> str:
    """The whole page of a recording."""
    rows = rows_of(exposure)
    return render(
        "recording.html.j2",
        script=True,
        pictures=bool(pictures),
        title=_title(result),
        subtitle=_subtitle(result),
        tiles=_tiles(result, exposure),
        front="" if View.SIDE.label in result.views else result.view.label,
        warnings=[str(w) for w in result.summary.get("warnings", [])],
        legend=_legend(exposure),
        data=json_inside_html(timeline_data(result)),
        thumbnails=pictures,
        alerts=[_alert(a) for a in result.alerts],
        prompts=result.prompts,
        reasons=", ".join(f"{words(k)} {span(v)}" for k, v in unmeasured_by_reason([exposure]).items()),
        exposure=grouped(rows),
        distributions=[markup(f.text()) for f in distributions(exposure, rows).values()],
        stills=[markup(f.text()) for f in stills(result, exposure).values()],
        methods=methods([result], [exposure]),
        accuracy=table(result.views),
        accuracy_about=measured(),
        accuracy_note=accuracy_note([result]),
        provenance=provenance(result),
        sources=list(SOURCES.values()),
    )


def _title(result: Result) -> str:
    """The name of the recording in its study; of a single one that of its source, whatever the folder is called."""
    return str(result.summary.get("recording") or result.source.get("name") or result.name)


def _subtitle(result: Result) -> str:
    names = source_names(result)
    parts = [
        f"{' and '.join(result.views)} view{'s' if len(result.views) > 1 else ''}",
        f"source{'s' if len(names) > 1 else ''} {' and '.join(names)}",
        f"participant {result.participant}" if result.participant else "",
        f"condition {result.condition}" if result.condition else "",
    ]
    return " · ".join(part for part in parts if part)


def _tiles(result: Result, exposure: Exposure) -> list[tuple[str, str]]:
    epochs = exposure.epochs
    named = epochs.state_s.sum() - epochs.state_s[:, [int(s) for s in UNMEASURED]].sum()
    good = epochs.state_s[:, State.GOOD].sum()
    return [
        ("length", span(epochs.total_s)),
        ("measured", span(float(named))),
        ("not measured", span(max(epochs.total_s - float(named), 0.0))),
        ("good posture, of the measured time", f"{good / named:.0%}" if named else "none"),
        *alert_tiles([result]),
    ]


def alert_tiles(results: Sequence[Result]) -> list[tuple[str, str]]:
    """How many alerts, and apart from them, where there were any, how many prompts that are about no posture."""
    prompts = sum(result.prompts for result in results)
    alerts = sum(len(result.alerts) for result in results) - prompts
    return [("alerts", str(alerts)), *([("prompts", str(prompts))] if prompts else [])]


def _legend(exposure: Exposure) -> list[dict[str, str]]:
    seconds = exposure.epochs.state_s.sum(axis=0)
    whole = float(sum(seconds[s] for s in State if s not in UNMEASURED)) or 1.0
    return [
        {"name": words(s.label), "colour": COLOURS[s.label], "share": f"{seconds[s] / whole:.0%}"}
        for s in State
        if s not in UNMEASURED and seconds[s] > 0.0
    ]


def _alert(alert: dict[str, Any]) -> dict[str, str]:
    return {
        "time": _clock(float(alert["t_s"])),
        "cue": words(str(alert["cue"])),
        "level": str(alert["level"]),
        "lasted": span(float(alert.get("lasted_s", 0.0))),
        "seen": str(alert.get("seen", "")),
    }


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(int(t_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def timeline_data(result: Result) -> dict[str, Any]:
    """What `timeline.js` draws: tiles of every quantity that was told, stretches of states, alerts, limits."""
    names = [n for n in (*HEADLINES, *_OTHERS) if result.measured.values[n].valid.any()]
    names = names or [HEADLINES[0]]
    found, lines = tiles(result, names), limits(result.summary.get("settings", {}))
    frames = result.frames
    t_s = frames.measured.t_s
    return {
        "start_s": found.start_s,
        "end_s": found.start_s + found.bin_s * found.bins,
        "bin_s": found.bin_s,
        "bins": found.bins,
        "packed": found.packed(),
        "quantities": [
            {
                "title": title(name),
                "headline": name in HEADLINES,
                "unit": QUANTITIES[name].unit,
                "decimals": QUANTITIES[name].decimals,
                "least": {"deg": 2.0, "cm": 0.5}.get(QUANTITIES[name].unit, 0.02),
                "limits": lines.get(name, []),
            }
            for name in names
        ],
        "states": [{"name": words(s.label), "colour": COLOURS[s.label]} for s in State],
        "reasons": [words(r.label) for r in Reason],
        "unmeasured": [int(s) for s in UNMEASURED],
        "runs": runs(t_s, frame_seconds(t_s, pictures=result.pictures), frames.state, frames.reason),
        "alerts": [
            {"t_s": a["t_s"], "cue": words(a["cue"]), "level": a["level"], "seen": a.get("seen", "")}
            for a in result.alerts
        ],
    }


def distributions(exposure: Exposure, rows: Sequence[Row]) -> dict[str, Figure]:
    """File name -> distribution of each headline quantity."""
    return {
        f"distribution_{estimate_name(name)}": figures.distribution(
            exposure.epochs.quantities[name],
            name,
            [row for row in rows if row.measure == f"apdf_{estimate_name(name)}"],
        )
        for name in HEADLINES
    }


def stills(result: Result, exposure: Exposure) -> dict[str, Figure]:
    """File name -> the timeline as figures."""
    lines = limits(result.summary.get("settings", {}))
    found = {"postures": figures.state_strip(exposure.epochs, f"Postures over time, {result.name}")}
    for name in HEADLINES:
        if (exposure.epochs.quantities[name].seconds > 0.0).any():
            found[f"timeline_{estimate_name(name)}"] = figures.curve(
                exposure.epochs, name, lines.get(name, [])
            )
    return found


def recording_figures(result: Result, exposure: Exposure) -> dict[str, Figure]:
    """File name -> every figure of a recording."""
    return {**stills(result, exposure), **distributions(exposure, rows_of(exposure))}
