"""A methods paragraph ready to paste: what was done, with which versions and settings, and how accurate it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from posture_cv._version import __version__
from posture_cv.assess.settings import entered_at, needed_share
from posture_cv.exposure.bootstrap import LEVEL, REPLICATES
from posture_cv.exposure.measures import Exposure
from posture_cv.opendata.folder import Result
from posture_cv.opendata.sidecar import frame_timing
from posture_cv.report.accuracy import sentence
from posture_cv.report.provenance import cameras, made_elsewhere, named_model, shared_baselines

_DIFFERENCES: Final = (
    "; differences are within participants, with 95 % limits of agreement (Bland & Altman 1986) from three "
    "participants on."
)
_ELSEWHERE: Final = (
    "These figures are of landmarks that posture-cv found itself, with the outline; landmarks that were brought in "
    "lack it and err more, and what other models' points add to that has not been measured."
)
_RENDERED: Final = (
    "Rendered people are no patients: the figures say how well the geometry is recovered, not how well the method "
    "works in a clinic."
)


def methods(
    results: Sequence[Result],
    exposures: Sequence[Exposure],
    conditions: Sequence[str] = (),
    *,
    compared: bool = False,
) -> list[str]:
    """Paragraphs of the methods section.

    Args:
        results: R recordings, at least one.
        exposures: of the same.
        conditions: names of those over whose participants means were made; empty where there are none.
        compared: whether they were compared within participants.
    """
    views = sorted({view for r in results for view in r.views})
    return [
        _recording(results, views),
        _judging(results),
        _exposure(exposures, conditions, compared=compared),
        " ".join(
            [
                *(sentence(view) for view in views),
                _RENDERED,
                *filter(None, [accuracy_note(results)]),
            ]
        ),
    ]


def accuracy_note(results: Sequence[Result]) -> str:
    """For whose landmarks the measured accuracy does not hold; empty where it does for all."""
    elsewhere = any(made_elsewhere(source) for r in results for source, _ in cameras(r))
    return _ELSEWHERE if elsewhere else ""


def _several(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _recording(results: Sequence[Result], views: Sequence[str]) -> str:
    programs = sorted({str(r.summary.get("program", "")) for r in results})
    baselines = sorted({_baseline(r) for r in results})
    shared = shared_baselines(results)
    whose = "a baseline" if shared else "the same person's own baseline"
    return (
        f"{len(results)} {_kind(results)} ({_several(views)} view, {_rate(results)}) "
        f"{'were' if len(results) > 1 else 'was'} analysed with posture-cv {_several(programs)} "
        f"(report made with {__version__}). {_landmarks(results)} Every quantity is the change "
        f"against {whose} before the same camera, taken from {_several(baselines)}; it is an "
        "estimate from one camera, carries its own standard deviation, and is withheld with a reason where it cannot "
        f"be told.{_shared(shared)}{_two_cameras(results)}"
    )


def _shared(people: Sequence[tuple[str, ...]]) -> str:
    """Who was judged by the baseline of somebody else, or may have been."""
    return "".join(
        f" {_several(names)} were judged by one and the same baseline, which is at most one of these people's own."
        for names in people
    )


def _kind(results: Sequence[Result]) -> str:
    if all(r.pictures for r in results):
        return "set of pictures without times" if len(results) == 1 else "sets of pictures without times"
    elsewhere = any(made_elsewhere(source) for r in results for source, _ in cameras(r))
    name = "recording" if elsewhere or any(r.pictures for r in results) else "video recording"
    return name if len(results) == 1 else f"{name}s"


def _rate(results: Sequence[Result]) -> str:
    """How many frames a second the recordings have; pictures without times have none."""
    rates = [frame_timing(r.measured.t_s, None)["found_hz"] for r in results if not r.pictures]
    known = sorted(rate for rate in rates if rate)
    if not rates:
        return "each picture judged by itself and counted as a second"
    if not known:
        return "unknown frames a second as found"
    low, high = (f"{rate:.3g}" for rate in (known[0], known[-1]))
    if low == high:
        return f"{low} frame{'' if low == '1' else 's'} a second as found"
    return f"{low} to {high} frames a second as found"


def _landmarks(results: Sequence[Result]) -> str:
    """What found the landmarks: this program's models, or another program."""
    seen = [camera for r in results for camera in cameras(r)]
    own = [estimator for source, estimator in seen if estimator and not made_elsewhere(source)]
    others = sorted({_other_program(source) for source, _ in seen if made_elsewhere(source)})
    said = []
    if own:
        engines = sorted({str(e.get("engine", "unknown")) for e in own})
        models = sorted({named_model(e[k], digits=12) for e in own for k in ("pose", "face") if e.get(k)})
        said.append(
            "Body and face landmarks and the outline of the person were found with "
            f"{_several(engines)}, models {_several(models) if models else 'unknown'}."
        )
    if others:
        count = sum(made_elsewhere(source) for source, _ in seen)
        which = f"The landmarks of {count} recording{'s' if count > 1 else ''}" if own else "The landmarks"
        said.append(f"{which} were made elsewhere and brought in ({'; '.join(others)}).")
    return " ".join(said)


def _other_program(source: Mapping[str, Any]) -> str:
    """The format of landmarks that were brought in, and what they lack, without the consequences."""
    missing = source.get("missing")
    lacks = [str(text).partition(":")[0] for text in missing] if isinstance(missing, list) else []
    return ": ".join(part for part in (str(source.get("format") or "from Python"), ", ".join(lacks)) if part)


def _two_cameras(results: Sequence[Result]) -> str:
    """What is special about recordings of two cameras; empty where there are none."""
    pairs = [r.pair for r in results if r.pair]
    if not pairs:
        return ""
    who = "The recording was" if len(results) == 1 else f"{len(pairs)} of the recordings were each"
    found = sum(bool(one.get("offset_found")) for one in pairs)
    how = {len(pairs): "found from movements that both show", 0: "given"}.get(found, "found or given")
    return (
        f" {who} filmed by a front and a side camera at once, whose offset in time was {how}; each quantity comes from "
        "the view with the smaller stated uncertainty, and where that cannot tell, from the other, which counts for "
        "no exposure measure."
    )


def _baseline(result: Result) -> str:
    found = result.summary.get("baseline", {})
    if not result.pair:
        return _calibration(found)
    each = [
        f"{_calibration(found.get(camera) or {})} before the {camera} camera" for camera in ("front", "side")
    ]
    return _several(each)


def _calibration(found: Mapping[str, Any]) -> str:
    seconds = found.get("calibrated_s")
    if seconds and seconds[1] is not None:
        return (
            f"a calibration of {seconds[1] - seconds[0]:g} s at the seconds {seconds[0]:g} to {seconds[1]:g}"
        )
    return "a stored calibration profile" if found.get("profile") else "a calibration"


def _judging(results: Sequence[Result]) -> str:
    timed = [r for r in results if not r.pictures]
    settings = (timed or results)[0].summary.get("settings", {})
    same = all(r.summary.get("settings", {}) == settings for r in timed or results)
    th, smoothing, policy = (settings.get(k, {}) for k in ("thresholds", "smoothing", "policy"))
    return (
        f"{_smoothing(smoothing, alone=len(results) - len(timed), of=len(results))} Thresholds against the "
        f"baseline: forward head {th.get('neck_deg')} degrees of craniovertebral angle lost to the neck, "
        f"protraction {th.get('protraction_cm')} cm, shoulder elevation {th.get('elevation_cm')} cm, each at least a "
        "stated multiple of the estimate's own uncertainty; looking down "
        f"{th.get('looking_down_deg')} degrees of pitch."
        + (f" {_alerting(policy)}" if timed else "")
        + ("" if same else " The settings were not the same for all recordings; see the sidecars.")
    )


def _smoothing(settings: Mapping[str, Any], *, alone: int, of: int) -> str:
    """What postures were named from; `alone` of so many recordings are pictures without times."""
    if alone == of:
        return "Postures were named from each picture by itself."
    means = f"Postures were named from trailing means over {settings.get('window_s', 'unknown')} s"
    return f"{means}, those in pictures without times from each picture by itself." if alone else f"{means}."


def _alerting(policy: Mapping[str, Any]) -> str:
    """What an alert needed, as the sensitivity had moved it."""
    if "share" not in policy:
        return "What alerts needed is not known."
    sensitivity = policy.get("sensitivity", 1.0)
    share, entered = needed_share(policy["share"], sensitivity), entered_at(sensitivity)
    beyond = "these thresholds" if entered == 1.0 else f"{entered:.2f} times these thresholds"
    return (
        f"Alerts needed a posture beyond {beyond} in {100 * share:.0f} % of a window of {policy.get('window_s')} s "
        f"(severe: {policy.get('severe_window_s')} s), or a head bent down for longer than the holding times of "
        "ISO 11226 allow."
    )


def _exposure(exposures: Sequence[Exposure], conditions: Sequence[str], *, compared: bool) -> str:
    lengths = sorted({e.epochs.epoch_s for e in exposures})
    blocks = sorted(e.block_s for e in exposures)
    span = f"{blocks[0]:g} s" if blocks[0] == blocks[-1] else f"{blocks[0]:g} to {blocks[-1]:g} s"
    text = (
        f"Exposure was computed on epochs of {_several([f'{e:g} s' for e in lengths])}, weighted by time. Intervals "
        f"are {LEVEL:.0%} percentile intervals of {REPLICATES} replicates of a circular block bootstrap (Künsch 1989; "
        f"Politis & Romano 1992) with blocks of {span}, chosen by the rule of Politis & White (2004); the stated "
        "error of the estimates enters as an error common to a whole recording. RULA and REBA classes of neck and "
        "trunk are given for side views only; other views are reported as not assessable."
    )
    if any(e.pictures for e in exposures):
        text += " Pictures without times count as a second each; what depends on order or duration is not told of them."
    if conditions:
        text += (
            f" The conditions ({_several(list(conditions))}) are means over participants of equal weight, with a "
            "two-stage bootstrap over participants and blocks"
        )
        text += _DIFFERENCES if compared else "."
    return text
