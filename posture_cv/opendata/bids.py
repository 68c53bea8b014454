"""Motion-BIDS: the time series as a dataset of the Brain Imaging Data Structure, modality motion (BEP 029).

One recording is one tracking system of one subject: `sub-<participant>/motion/sub-…_task-…_tracksys-…_motion.tsv`
without a header, its columns described row by row in `_channels.tsv`, and JSON sidecars. Angles are joint-angle
channels (JNTANG), everything else, displacements and uncertainties included, is MISC: these are changes against
the person's own baseline, not positions in space. The LATENCY channel holds every frame's own time.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posture_cv._version import __version__
from posture_cv.measure.types import QUANTITIES, Measurements, View
from posture_cv.opendata.folder import Result
from posture_cv.opendata.names import distinct
from posture_cv.opendata.sidecar import frame_timing, sidecar
from posture_cv.output.tables import column_stem

BIDS_VERSION: Final = "1.10.0"
_FRAME: Final = "baseline"
_CHUNK_ROWS: Final = 20_000
_KINDS: Final = ("ACCEL", "ANGACCEL", "GYRO", "JNTANG", "LATENCY", "MAGN", "MISC", "ORNT", "POS", "VEL")
_POINTS: Final[Mapping[str, str]] = {
    "cva_change": "Neck",
    "forward_head": "Neck",
    "head_forward": "Head",
    "head_pitch": "Head",
    "head_yaw": "Head",
    "head_roll": "Head",
    "distance_ratio": "Head",
    "shoulder_elevation": "Shoulders",
    "shoulder_elevation_left": "LeftShoulder",
    "shoulder_elevation_right": "RightShoulder",
    "protraction": "Shoulders",
    "shoulder_rounding": "Shoulders",
    "trunk_incl": "Trunk",
    "trunk_yaw": "Trunk",
    "lateral_lean": "Trunk",
    "sink": "Trunk",
    "approach": "Trunk",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A row of `_channels.tsv`."""

    name: str
    kind: str
    tracked_point: str
    units: str
    description: str


def channels() -> list[Channel]:
    """The channels in the order of the columns."""
    out = [Channel("latency", "LATENCY", "n/a", "s", "time since the first frame")]
    for quantity in QUANTITIES.values():
        stem, unit = column_stem(quantity)
        units = {"1": "n/a"}.get(quantity.unit, quantity.unit)
        kind = "JNTANG" if unit == "_deg" else "MISC"
        point = _POINTS.get(stem.removesuffix("_est"), "Body")
        out.append(Channel(f"{stem}{unit}", kind, point, units, f"estimate: {quantity.meaning}"))
        about = "standard deviation of the error of the estimate"
        out.append(Channel(f"{stem}_sd{unit}", "MISC", point, units, about))
    return out


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording lies in the dataset, and its labels."""

    subject: str
    task: str
    tracksys: str
    run: int | None

    @property
    def stem(self) -> str:
        """Path without suffix and extension."""
        run = "" if self.run is None else f"_run-{self.run}"
        return f"sub-{self.subject}/motion/sub-{self.subject}_task-{self.task}_tracksys-{self.tracksys}{run}"


def label(text: str, otherwise: str) -> str:
    """A BIDS label: letters and digits only."""
    return re.sub(r"[^0-9A-Za-z]", "", text) or otherwise


def subjects(results: Sequence[Result]) -> dict[str, str]:
    """Participant (or recording, where none is given) -> label; two never share one."""
    names = list(dict.fromkeys(r.participant or r.name for r in results))
    return distinct(names, lambda name: label(name, f"{names.index(name) + 1:02d}"), "x")


def tasks(results: Sequence[Result]) -> dict[str, str]:
    """Condition -> label; two never share one, in whatever script they are written."""
    names = sorted({r.condition for r in results})
    numbered = [name for name in names if name]
    return distinct(
        names,
        lambda name: label(name, f"condition{numbered.index(name) + 1}" if name else "sitting"),
        "x",
    )


def _tracking_system(result: Result) -> str:
    """The label of the camera, or of both together."""
    if View.UNKNOWN.label in result.views:
        return "camera"
    return f"{''.join(result.views)}cam"


def places(results: Sequence[Result]) -> list[Place]:
    """A place for each recording; recordings that would share one are numbered as runs."""
    subject, task = subjects(results), tasks(results)
    keys = [
        (
            subject[r.participant or r.name],
            task[r.condition],
            _tracking_system(r),
        )
        for r in results
    ]
    often, seen = Counter(keys), Counter[tuple[str, str, str]]()
    out = []
    for key in keys:
        seen[key] += 1
        out.append(Place(*key, run=seen[key] if often[key] > 1 else None))
    return out


def bids_files(results: Sequence[Result], name: str) -> Iterable[tuple[str, str]]:
    """(path, text) of every file of the dataset."""
    where = places(results)
    yield "dataset_description.json", _json(_description(name))
    yield "README.md", _README
    yield from _participants(results, where)
    for result, place in zip(results, where, strict=True):
        yield from _recording(result, place)


def _recording(result: Result, place: Place) -> Iterable[tuple[str, str]]:
    found = channels()
    yield f"{place.stem}_motion.tsv", _motion_tsv(result)
    yield f"{place.stem}_motion.json", _json(_motion_json(result, place, found))
    yield f"{place.stem}_channels.tsv", _channels_tsv(found)
    yield f"{place.stem}_channels.json", _json(_CHANNELS_JSON)
    yield f"{place.stem}_events.tsv", _events_tsv(result)
    yield f"{place.stem}_events.json", _json(_EVENTS_JSON)


def _json(plain: Mapping[str, Any]) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def _tsv(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _cell(text: str) -> str:
    """A text as one cell: BIDS tables know no quotes, so a tab or a line's end in it would begin another cell."""
    return " ".join(text.split()) or "n/a"


def _motion_tsv(result: Result) -> str:
    """No header; n/a where a value cannot be told."""
    m = result.measured
    start_s = float(m.t_s[0]) if len(m) else 0.0
    parts = (m[k : k + _CHUNK_ROWS] for k in range(0, len(m), _CHUNK_ROWS))
    return "".join(_motion_rows(part, start_s) for part in parts)


def _motion_rows(m: Measurements, start_s: float) -> str:
    columns = [[f"{t:.3f}" for t in (m.t_s - start_s).tolist()]]
    for name, quantity in QUANTITIES.items():
        e = m.values[name]
        valid = e.valid.tolist()
        for values, decimals in ((e.value, quantity.decimals), (e.sd, quantity.decimals + 1)):
            columns.append(
                [f"{v:.{decimals}f}" if ok else "n/a" for v, ok in zip(values.tolist(), valid, strict=True)]
            )
    return _tsv(zip(*columns, strict=True))


def _channels_tsv(found: Sequence[Channel]) -> str:
    header = ("name", "component", "type", "tracked_point", "units", "reference_frame", "description")
    rows = [
        (
            c.name,
            "n/a",
            c.kind,
            c.tracked_point,
            c.units,
            "n/a" if c.kind == "LATENCY" else _FRAME,
            c.description,
        )
        for c in found
    ]
    return _tsv([header, *rows])


_CHANNELS_JSON: Final = {
    "reference_frame": {
        "Description": "What the values are counted from.",
        "Levels": {
            _FRAME: {
                "SpatialAxes": "n/a",
                "RotationOrder": "n/a",
                "RotationRule": "n/a",
                "Description": "The calibrated posture that the recording is judged by: all values are "
                "changes against it. Pitch down, turn and tilt to the person's left, forward, up and left "
                "are positive as each channel's description says.",
            }
        },
    }
}


def _motion_json(result: Result, place: Place, found: Sequence[Channel]) -> dict[str, Any]:
    about = sidecar(result)
    timing = frame_timing(result.measured.t_s, about["source"].get("frame_rate_hz"))
    counts = {kind: sum(c.kind == kind for c in found) for kind in _KINDS}
    nominal = timing["nominal_hz"] or timing["found_hz"]
    models = [m["name"] for m in (about["estimator"].get("pose"), about["estimator"].get("face")) if m]
    return {
        "TaskName": result.condition or "sitting",
        "TaskDescription": f"Sitting at a desk, seen by {'one camera' if len(result.views) == 1 else 'two cameras'}; "
        "see Baseline for the reference posture.",
        "TrackingSystemName": place.tracksys,
        "Manufacturer": "n/a",
        "ManufacturersModelName": f"markerless: {', '.join(models) or 'unknown models'}",
        "SoftwareVersions": f"posture-cv {about['program']['version']}; {about['estimator'].get('engine', '')}",
        "SamplingFrequency": nominal if nominal is not None else "n/a",
        "SamplingFrequencyEffective": timing["found_hz"] if timing["found_hz"] is not None else "n/a",
        "RecordingDuration": round(float(np.ptp(result.measured.t_s)), 3) if len(result.measured) else 0.0,
        "MotionChannelCount": len(found),
        **{f"{kind}ChannelCount": count for kind, count in counts.items()},
        "TrackedPointsCount": len({c.tracked_point for c in found} - {"n/a"}),
        "MissingValues": "n/a",
        "SubjectArtefactDescription": "n/a",
        "View": " and ".join(result.views),
        "Provenance": about,
    }


def _events_tsv(result: Result) -> str:
    start_s = float(result.measured.t_s[0]) if len(result.measured) else 0.0
    rows = [
        (e["start_s"] - start_s, e["end_s"] - e["start_s"], "posture", e["state"])
        for e in result.summary.get("episodes", [])
    ]
    rows += [(a["t_s"] - start_s, 0.0, "alert", f"{a['cue']}, {a['level']}") for a in result.alerts]
    rows.sort()
    table = [(f"{onset:.3f}", f"{length:.3f}", kind, value) for onset, length, kind, value in rows]
    return _tsv([("onset", "duration", "trial_type", "value"), *table])


_EVENTS_JSON: Final = {
    "onset": {"Description": "since the first frame", "Units": "s"},
    "duration": {"Description": "0 for alerts", "Units": "s"},
    "trial_type": {
        "Description": "what the event is",
        "Levels": {
            "posture": "a stretch of one posture",
            "alert": "a notification that would have been given",
        },
    },
    "value": {"Description": "the posture; or the posture and the level of the alert"},
}


def _description(name: str) -> dict[str, Any]:
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "License": "n/a",
        "GeneratedBy": [{"Name": "posture-cv", "Version": __version__}],
    }


def _participants(results: Sequence[Result], where: Sequence[Place]) -> Iterable[tuple[str, str]]:
    rows = dict.fromkeys(
        (f"sub-{p.subject}", _cell(r.participant)) for r, p in zip(results, where, strict=True)
    )
    yield "participants.tsv", _tsv([("participant_id", "name_in_study"), *sorted(rows)])
    about = {
        "participant_id": {"Description": "Unique participant identifier"},
        "name_in_study": {"Description": "as in the manifest of the study"},
    }
    yield "participants.json", _json(about)


_README: Final = """\
# Sitting posture, estimated from video

Written by posture-cv. Each `_motion.tsv` holds one recording: a row a frame, a column a channel, as its
`_channels.tsv` says. All angles and displacements are changes against the calibrated posture in the provenance;
every one is an estimate from a single camera and has its standard deviation beside it. `n/a`: the value could not be
told. `_motion.json` holds the whole provenance: program, models, settings, baseline, source checksum, frame rate
as found.
"""
