"""From the record of an alert to plain text: which quantity, how far, how long, against which baseline."""

from __future__ import annotations

from typing import Final

from posture_cv.assess.effects import Rule
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
}


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
    lines = []
    for limit in rec.limits:
        found = rec.found(limit.name)
        if found is None or limit.name not in _WORDS:
            continue
        if limit.name not in _ONE_SIDED or found.mean >= limit.value * rec.enter_excess:
            lines.append(_compared(found, limit, rec))
    if not lines:
        return ["What was measured is not in the record."]
    beside = rec.found(_BESIDE[rec.alert.cue]) if rec.alert.cue in _BESIDE else None
    if beside is not None:
        lines.append(f"{_sentence(beside)} than in the baseline.")
    return [*lines, *_together(rec), *_bending(rec)]


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


_ONE_SIDED: Final = ("shoulder_elevation_left_cm", "shoulder_elevation_right_cm")


def _bending(rec: Record) -> list[str]:
    """A slump whose trunk alone is below the limit was named for the head that came with it."""
    trunk = rec.found("trunk_incl_deg") if rec.alert.cue == "slump" else None
    limit = next((one.value for one in rec.limits if one.name == "trunk_incl_deg"), None)
    if trunk is None or limit is None or trunk.mean >= limit * rec.enter_excess:
        return []
    return ["A head that comes forward a little while the trunk bends with it is named slumping."]


def _sentence(found: Evidence) -> str:
    words, opposite, unit = _WORDS[found.name]
    if found.mean < 0:
        words = words[: words.index("{}") + 2] + " " + opposite
    text = words.format(f"{abs(found.mean):.1f}{unit} (± {found.sd:.1f})")
    return text[0].upper() + text[1:]


def _compared(found: Evidence, limit: Limit, rec: Record) -> str:
    unit = _WORDS[found.name][2]
    entered = limit.value * rec.enter_excess
    spread = (
        "" if found.spread is None else f"; your own spread while calibrating was {found.spread:.1f}{unit}"
    )
    times = f", {found.mean / entered:.1f} times the limit of {entered:.1f}{unit}"
    return f"{_sentence(found)} than in the baseline, on average{times}{spread}."


def _time(rec: Record) -> list[str]:
    alert = rec.alert
    seen = f"{duration(rec.measured_s)} of the last {duration(alert.window_s)} could be measured"
    if rec.rule == Rule.BUDGET:
        used = alert.lasted_s / alert.window_s if alert.window_s > 0.0 else rec.spent
        bent = f"The head was bent down by 25° or more for {duration(alert.lasted_s)}"
        accepted = f"at these angles ISO 11226 accepts about {duration(alert.window_s)} without recovery"
        return [f"{bent}; {accepted}. Used up: {used:.0%} of it."]
    kind = "beyond the severe limit or the limit" if rec.rule == Rule.SEVERE else "beyond the limit"
    share = f"{alert.share:.0%} of the measured time (asked for: {rec.needed_share:.0%})"
    lasted = f"It had lasted {duration(alert.lasted_s)}, unmeasured time not counted"
    lines = [f"It was {kind} in {share}; {seen}. {lasted}."]
    others = {cue: share for cue, share in (rec.shares or {}).items() if cue != alert.cue}
    if rec.rule == Rule.MIXED and others:
        named = {alert.cue: (rec.shares or {}).get(alert.cue, 0.0), **others}
        text = ", ".join(f"{plain(cue)} {share:.0%}" for cue, share in named.items())
        lines.append(f"Several postures took turns, and it is named after the most frequent: {text}.")
    return lines


def _baseline(rec: Record) -> str:
    text = f"Judged against your own baseline of {rec.baseline_frames} frames"
    text += f", seen from the {rec.baseline_view}" if rec.baseline_view in ("front", "side") else ""
    if rec.enter_excess != 1.0:
        text += f"; the limits stood at {rec.enter_excess:.2f} times their default (sensitivity, feedback)"
    return text + "."


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
    lines = [f"You had been there for {lasted} since the last break, {full}."]
    if rec.shifts is not None:
        lines.append(f"{_shifted(rec)} in the stretch looked back upon.")
    return lines


def _shifted(rec: Record) -> str:
    return f"Your posture shifted {rec.shifts} time{'' if rec.shifts == 1 else 's'}"
