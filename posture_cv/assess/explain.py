"""From the record of an alert to plain text: which quantity, how far, how long, against which baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.effects import Rule
from posture_cv.assess.naming import taken_down_cm
from posture_cv.assess.records import Evidence, Limit, Record
from posture_cv.assess.wording import plain

_PROMPTS: Final = {
    "break": "time for a break",
    "stillness": "sitting still",
    "recalibrate": "the camera was moved",
}
# Quantity -> what its positive and negative changes are called, and the unit as printed.
_WORDS: Final = {
    "neck_deg": ("the head was carried {} further forward on the neck", "further back", "°"),
    "head_pitch_deg": ("the head was bent {} further down", "further up", "°"),
    "head_forward_cm": ("the head was {} further forward of the trunk", "further back", " cm"),
    "protraction_cm": ("the shoulders were {} further forward", "further back", " cm"),
    "shoulder_elevation_cm": ("both shoulders together were {} higher", "lower", " cm"),
    "shoulder_elevation_left_cm": ("the left shoulder was {} higher", "lower", " cm"),
    "shoulder_elevation_right_cm": ("the right shoulder was {} higher", "lower", " cm"),
    "trunk_incl_deg": ("the trunk was inclined {} further forward", "further back", "°"),
    "sink_cm": ("beyond what the bent trunk makes of it the shoulders were {} lower", "higher", " cm"),
}


_TOLD_SHARE: Final = 0.005  # what would be printed as 0 % took no turn


def duration(seconds: float) -> str:
    """Seconds as people say them: "45 s", "2 min", "1 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if rest else ""]
    return " ".join(part for part in parts[: 2 if hours else 3] if part)


def explain(rec: Record) -> str:
    """Why the alert came, as a few plain sentences, one a line."""
    name = _PROMPTS.get(rec.alert.cue) or plain(rec.alert.cue)
    head = (
        f"{name[0].upper()}{name[1:]} ({_level(rec)}), at {duration(rec.alert.t_s)} ({rec.alert.t_s:.1f} s)."
    )
    lines = _nudge(rec) if not rec.rule else [*_measured(rec), *_time(rec), _baseline(rec)]
    return "\n".join([head, *lines])


def _level(rec: Record) -> str:
    if rec.alert.repeat:
        return f"reminder {rec.alert.repeat} while it lasts"
    return rec.alert.level


def _measured(rec: Record) -> list[str]:
    """A sentence a quantity that decides the cue, then what is told beside it."""
    if rec.rule == Rule.BUDGET:
        return _lately(rec)
    compared = _deciding(rec)
    if not compared:
        return ["What was measured is not in the record."]
    lines = [_compared(found, limit, rec) for found, limit in compared]
    beside = rec.found(_BESIDE[rec.alert.cue]) if rec.alert.cue in _BESIDE else None
    if beside is not None:
        lines.append(f"{_sentence(beside)} than in the baseline.")
    together = _together(rec)
    return [*lines, *together, *(_bending(rec, compared) or _diluted(rec, compared))]


_Compared = tuple[Evidence, Limit]
# What is enough by itself: of each of these only that which was beyond its limit is told.
_ENOUGH: Final = {
    "shrug": ("shoulder_elevation_left_cm", "shoulder_elevation_right_cm"),
    "slump": ("protraction_cm", "sink_cm"),
}


def _deciding(rec: Record) -> list[_Compared]:
    """What decides the cue, as measured, and its limit."""
    found = [(_judged(rec, limit.name), limit) for limit in rec.limits if limit.name in _WORDS]
    enough = _ENOUGH.get(rec.alert.cue, ())
    return [
        (evidence, limit)
        for evidence, limit in found
        if evidence is not None
        and (limit.name not in enough or _times(evidence, limit, rec) >= _own_share(rec))
    ]


def _judged(rec: Record, name: str) -> Evidence | None:
    """The quantity as the naming takes it: of sinking, what is beyond the trunk's bend."""
    found, trunk = rec.found(name), rec.found("trunk_incl_deg")
    if name != "sink_cm" or found is None or trunk is None:
        return found
    return replace(found, mean=found.mean - taken_down_cm(trunk.mean, NUMBERS))


def _times(found: Evidence, limit: Limit, rec: Record) -> float:
    return found.mean / (limit.value * rec.enter_excess)


def _own_share(rec: Record) -> float:
    """The share of the averaged time that showed the posture, which alone lifts the mean."""
    return (rec.shares or {}).get(rec.alert.cue, 1.0)


def _lately(rec: Record) -> list[str]:
    """How the head was held, of which the time decided and no limit; upright moments are in the mean."""
    pitch = rec.found("head_pitch_deg")
    if pitch is None:
        return []
    over = f"on average over the last {duration(rec.measured_s)} that could be measured"
    return [f"{_sentence(pitch)} than in the baseline, {over}."]


# Told beside what decides the cue: it belongs to the picture, and no limit of the cue is set by it.
_BESIDE: Final = {"forward_head": "head_forward_cm", "slump": "neck_deg"}


def _together(rec: Record) -> list[str]:
    """Text neck is judged by the mean of two shares, so that one of them may be below its own limit."""
    found = [(rec.found(limit.name), limit.value * rec.enter_excess) for limit in rec.limits]
    shares = [evidence.mean / entered for evidence, entered in found if evidence is not None]
    if rec.alert.cue != "text_neck" or len(shares) < 2:
        return []
    together = sum(shares) / len(shares)
    return [f"The two are judged together, by their mean: {together:.1f} times the limit."]


def _bending(rec: Record, compared: list[_Compared]) -> list[str]:
    """A slump for which the trunk or the shoulders alone would not do was named for the head that came with it."""
    if rec.alert.cue != "slump":
        return []
    beyond = [limit.name for found, limit in compared if _times(found, limit, rec) >= _own_share(rec)]
    if "trunk_incl_deg" in beyond and len(beyond) > 1:
        return []
    return ["A head that comes forward a little while the trunk bends with it is named slumping."]


def _diluted(rec: Record, compared: list[_Compared]) -> list[str]:
    """Why a mean may be below the limit, or what is severe, that most of the time was beyond."""
    times = [_times(found, limit, rec) for found, limit in compared]
    highest = sum(times) / len(times) if rec.alert.cue == "text_neck" else max(times)
    lowest = min(times) if rec.alert.cue == "slump" else highest
    if round(lowest, 1) >= 1.0 and compared[0][0].mean >= rec.severe_from:  # as printed
        return []
    own = f"{_own_share(rec):.0%} of it showed {plain(rec.alert.cue)}"
    return [f"Averages are over all of the measured time; {own}."]


def _sentence(found: Evidence) -> str:
    words, opposite, unit = _WORDS[found.name]
    if found.mean < 0:
        words = words[: words.index("{}") + 2] + " " + opposite
    text = words.format(f"{abs(found.mean):.1f}{unit} (± {found.sd:.1f})")
    return text[0].upper() + text[1:]


def _compared(found: Evidence, limit: Limit, rec: Record) -> str:
    unit = _WORDS[found.name][2]
    spread = (
        "" if found.spread is None else f"; your own spread while calibrating was {found.spread:.1f}{unit}"
    )
    entered = limit.value * rec.enter_excess
    times = f", {_times(found, limit, rec):.1f} times the limit of {entered:.1f}{unit}"
    return f"{_sentence(found)} than in the baseline, on average{times}{spread}."


def _time(rec: Record) -> list[str]:
    alert = rec.alert
    seen = f"{duration(rec.measured_s)} of the last {duration(alert.window_s)} could be measured"
    if rec.rule == Rule.BUDGET:
        used = alert.lasted_s / alert.window_s if alert.window_s > 0.0 else rec.spent
        bent = f"The head was bent down by 25° or more for {duration(alert.lasted_s)}"
        accepted = f"at these angles ISO 11226 accepts about {duration(alert.window_s)} without recovery"
        return [f"{bent}; {accepted}. Used up: {used:.0%} of it."]
    share = f"{alert.share:.0%} of the measured time (asked for: {rec.needed_share:.0%})"
    lasted = f"It had lasted {duration(alert.lasted_s)}, unmeasured time not counted"
    lines = [f"It was beyond the limit in {share}; {seen}. {lasted}."]
    if rec.rule == Rule.SEVERE:
        lines.append(_severely(rec))
    others = {cue: n for cue, n in (rec.shares or {}).items() if cue != alert.cue and n >= _TOLD_SHARE}
    if rec.rule == Rule.MIXED and others:
        named = {alert.cue: (rec.shares or {}).get(alert.cue, 0.0), **others}
        text = ", ".join(f"{plain(cue)} {share:.0%}" for cue, share in named.items())
        lines.append(f"Several postures took turns, and it is named after the most frequent: {text}.")
    return lines


def _severely(rec: Record) -> str:
    """Why it came so soon."""
    unit = _WORDS[rec.limits[0].name][2] if rec.limits and rec.limits[0].name in _WORDS else ""
    begin = f", from {rec.severe_from:.1f}{unit} on" if rec.severe_from > 0.0 else ""
    return f"In {rec.needed_share:.0%} of it at least it was severe{begin}: that is told sooner."


def _baseline(rec: Record) -> str:
    text = f"Judged against your own baseline of {rec.baseline_frames} frames"
    text += f" (profile {rec.baseline_name})" if rec.baseline_name else ""
    text += f", seen from the {rec.baseline_view}" if rec.baseline_view in ("front", "side") else ""
    if rec.enter_excess != 1.0:
        text += f"; the limits stood at {rec.enter_excess:.2f} times their default (sensitivity, feedback)"
    return f"{text}. Behind ± stands one standard deviation of a single look's error."


def _nudge(rec: Record) -> list[str]:
    alert = rec.alert
    lasted = duration(alert.lasted_s)
    if alert.cue == "stillness":
        found = f"{_shifted(rec)} in {lasted} of presence, as far as it was seen, however good it was"
        return [
            f"{found}; in a study 30 shifts an hour did better than 10 at neck and shoulder, 20 to 30 at the back."
        ]
    if alert.cue != "break":
        return [f"The background had been shifted or turned for {lasted}: the camera moved, not you."]
    full = f"{duration(rec.sitting_s)} since the last full break"
    full += ", so that a long one was asked for" if rec.long else ""
    lines = [f"You had been there for {lasted} since the last break, {full}."]
    if rec.shifts is not None:
        lines.append(f"{_shifted(rec)} in the stretch looked back upon.")
    return lines


def _shifted(rec: Record) -> str:
    return f"Your posture shifted {rec.shifts} time{'' if rec.shifts == 1 else 's'}"
