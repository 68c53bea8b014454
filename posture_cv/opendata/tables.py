"""Tidy tables with their meaning: every column has a kind, a unit and a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State
from posture_cv.exposure.bootstrap import LEVEL
from posture_cv.exposure.catalogue import MEASURES
from posture_cv.exposure.groups import Difference
from posture_cv.exposure.types import Row
from posture_cv.measure.types import QUANTITIES, Reason, View
from posture_cv.opendata.folder import Result
from posture_cv.output.tables import column_stem

Kind = Literal["number", "integer", "string", "boolean"]
Column = Sequence[Any] | NDArray[Any]
_REASONS: Final = np.array([r.label for r in Reason], object)
_STATES: Final = np.array([s.label for s in State], object)
_VIEWS: Final = np.array([v.label for v in View], object)
_ORIGINS: Final = np.array(["", *_VIEWS[1:]], object)


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Attributes:
        name: with its unit at the end, where it has one.
        kind: of its values.
        unit: "deg", "cm", "s", "1/h" …; empty for texts and flags.
        about: what it is.
        decimals: to which numbers are rounded; -1 for none.
    """

    name: str
    kind: Kind
    unit: str = ""
    about: str = ""
    decimals: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of equal length; a missing value is None or NaN."""

    name: str
    about: str
    fields: tuple[Field, ...]
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0])


def from_rows(name: str, about: str, fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Table:
    """A table of rows, each in the order of `fields`."""
    found = list(rows)
    columns: tuple[Column, ...] = tuple(zip(*found, strict=True)) if found else tuple(() for _ in fields)
    return Table(name, about, tuple(fields), columns)


_WHO: Final = (
    Field("recording", "string", about="name of the recording"),
    Field("participant", "string", about="whom it shows; empty where not given"),
    Field("condition", "string", about="under which condition; empty where not given"),
)


def _who(result: Result) -> tuple[str, str, str]:
    return result.name, result.participant, result.condition


def series_table(result: Result) -> Table:
    """The time series: a row a frame; for each quantity value, uncertainty, validity and reason."""
    frames = result.frames
    n, m = len(frames.measured), frames.measured
    fields = [
        *_WHO,
        Field("t_s", "number", "s", "time since the start of the source", 3),
        Field("state", "string", about="posture shown (mean over 2 s)"),
        Field("reason", "string", about="why no posture could be named; empty where one was"),
        Field("severe", "boolean", about="beyond the severe threshold"),
        Field("view", "string", about="from where the camera sees the person in this frame"),
    ]
    columns: list[Column] = [
        *([text] * n for text in _who(result)),
        m.t_s,
        _STATES[frames.state],
        _REASONS[frames.reason],
        frames.severe,
        _VIEWS[m.view],
    ]
    for name, quantity in QUANTITIES.items():
        stem, unit = column_stem(quantity)
        e = m.values[name]
        about, decimals = quantity.meaning, quantity.decimals
        fields += [
            Field(f"{stem}{unit}", "number", quantity.unit, f"estimate: {about}", decimals),
            Field(
                f"{stem}_sd{unit}",
                "number",
                quantity.unit,
                "standard deviation of the error of this frame's estimate",
                decimals + 1,
            ),
            Field(f"{stem}_valid", "boolean", about="whether the value can be told"),
            Field(f"{stem}_reason", "string", about="why not; empty where it can"),
        ]
        columns += [e.value, e.sd, e.valid, _REASONS[e.reason]]
        if name in frames.origin:
            fields.append(Field(f"{stem}_view", "string", about="camera that the value comes from"))
            columns.append(_ORIGINS[frames.origin[name]])
    about = "One row a frame. A value that cannot be told is missing, with its reason beside it."
    return Table("measurements", about, tuple(fields), tuple(columns))


EPISODE_FIELDS: Final = (
    *_WHO,
    Field("state", "string", about="posture"),
    Field("start_s", "number", "s", "when it was entered", 3),
    Field("end_s", "number", "s", "when it was left", 3),
    Field("duration_s", "number", "s", "from entering to leaving", 3),
    Field("peak_excess", "number", "1", "largest multiple of the posture's threshold", 3),
    Field("reason", "string", about="why no posture could be named; empty where one was"),
)


def episodes_table(results: Sequence[Result]) -> Table:
    """Stretches of one posture, of all recordings."""
    rows = [
        (
            *_who(result),
            e["state"],
            e["start_s"],
            e["end_s"],
            e["end_s"] - e["start_s"],
            e["peak_excess"],
            e["reason"],
        )
        for result in results
        for e in result.summary.get("episodes", [])
    ]
    return from_rows("episodes", "One row a stretch of one posture.", EPISODE_FIELDS, rows)


ALERT_FIELDS: Final = (
    *_WHO,
    Field("t_s", "number", "s", "when it was given", 3),
    Field("cue", "string", about="the posture, or break, stillness, recalibrate"),
    Field("level", "string", about="notice, severe, reminder or nudge"),
    Field("lasted_s", "number", "s", "how long the posture had lasted", 3),
    Field("share", "number", "1", "share of the window's measured time beyond the threshold", 4),
    Field("window_s", "number", "s", "the window looked back upon", 3),
    Field("excess", "number", "1", "mean multiple of the threshold over the window", 3),
    Field("measured_share", "number", "1", "measured share of the window", 4),
    Field(
        "repeat", "integer", about="0 for the first, 1 for the first reminder of the same posture or break …"
    ),
)


def alerts_table(results: Sequence[Result]) -> Table:
    """Everything that would have been told, of all recordings."""
    names = [f.name for f in ALERT_FIELDS[len(_WHO) :]]
    rows = [
        (*_who(result), *(alert.get(name) for name in names)) for result in results for alert in result.alerts
    ]
    return from_rows("alerts", "One row an alert.", ALERT_FIELDS, rows)


_UNIT: Final = Field(
    "unit", "string", about="1 is a share: of the alerts for the measure recovery, else of the measured time"
)
_VIEW: Final = Field("view", "string", about="front, side, oblique; mixed where several, as with two cameras")

EXPOSURE_FIELDS: Final = (
    Field("level", "string", about="recording, participant, participant_condition or condition"),
    *_WHO,
    _VIEW,
    Field(
        "measure", "string", about="key of the measure; its definition and source stand in datapackage.json"
    ),
    Field("item", "string", about="class, percentile or posture; empty where the measure is one number"),
    Field("value", "number", about="in `unit`; missing where it cannot be told"),
    Field("ci_low", "number", about="lower end of the interval, in `unit`"),
    Field("ci_high", "number", about="upper end of the interval, in `unit`"),
    Field("ci_level", "number", "1", "level of the interval; missing without one", 3),
    _UNIT,
    Field("time_s", "number", "s", "time behind a share", 2),
    Field("measured_s", "number", "s", "time in which this measure could be told", 2),
    Field("unmeasured_s", "number", "s", "the rest of the recordings", 2),
    Field("n", "integer", about="number of recordings or participants behind the value"),
    Field("n_of", "string", about="what n counts"),
    Field("block_s", "number", "s", "block length of the bootstrap; missing without interval", 2),
    Field("assessable", "boolean", about="whether view and recording allow this measure"),
    Field("reason", "string", about="why it is not assessable, or why there is no interval"),
    Field("source", "string", about="key of the source of the measure"),
)


@dataclass(frozen=True, slots=True)
class Whose:
    """To whom rows of an exposure table belong."""

    level: str
    recording: str = ""
    participant: str = ""
    condition: str = ""
    view: str = ""


def published(unit: str, *values: float) -> tuple[float, ...]:
    """Values rounded to what was measured: shares to 0.0001, angles and lengths to their quantity's precision."""
    places = {"1": 4, "count": 0}.get(unit, 1)
    return tuple(round(value, places) + 0.0 for value in values)


def exposure_rows(whose: Whose, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """Rows as plain values, in the order of `EXPOSURE_FIELDS`."""
    return [
        (
            whose.level,
            whose.recording,
            whose.participant,
            whose.condition,
            whose.view,
            row.measure,
            row.item,
            *published(row.unit, row.figure.value, row.figure.low, row.figure.high),
            LEVEL if row.figure.has_interval else None,
            row.unit,
            row.seconds,
            row.measured_s,
            row.unmeasured_s,
            row.n,
            row.of,
            row.block_s,
            row.assessable,
            row.reason,
            MEASURES[row.measure].source,
        )
        for row in rows
    ]


def exposure_table(rows: Iterable[Sequence[Any]]) -> Table:
    """The exposure of recordings, participants and conditions, one number a row."""
    about = "One number a row, with its interval and the time that could not be measured."
    return from_rows("exposure", about, EXPOSURE_FIELDS, rows)


def known(value: Any) -> bool:  # noqa: ANN401 - a cell of any kind
    """Whether a cell holds a value."""
    return value is not None and not (isinstance(value, float) and not isfinite(value))


DIFFERENCE_FIELDS: Final = (
    Field("measure", "string", about="key of the measure"),
    Field("item", "string", about="class, percentile or posture"),
    Field("first", "string", about="condition"),
    Field("second", "string", about="condition; the difference is second minus first"),
    Field("difference", "number", about="mean over the participants who have both, in `unit`"),
    Field("ci_low", "number", about="lower end of its interval"),
    Field("ci_high", "number", about="upper end of its interval"),
    Field("agreement_low", "number", about="lower 95 % limit of agreement (3 participants or more)"),
    Field("agreement_high", "number", about="upper 95 % limit of agreement"),
    _UNIT,
    Field("n", "integer", about="participants who have both"),
    _VIEW,
    Field("reason", "string", about="why there is no interval, or that it is of one participant only"),
)


def differences_table(found: Iterable[Difference]) -> Table:
    """Conditions against each other, in pairs of the same participant."""
    rows = [
        (
            *(d.measure, d.item, d.first, d.second),
            *published(d.unit, d.mean.value, d.mean.low, d.mean.high, *d.agreement),
            *(d.unit, len(d.pairs), d.view, d.reason),
        )
        for d in found
    ]
    about = "One row a number that participants have in two conditions."
    return from_rows("differences", about, DIFFERENCE_FIELDS, rows)
